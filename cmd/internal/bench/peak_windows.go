package main

import "os"

// peak is not known here: Windows reports it per process handle only.
func peak(*os.ProcessState) int64 { return 0 }
