package cli

import "golang.org/x/sys/unix"

// private keeps other processes of the same user, such as the jobs that an agent
// runs, from reading this one's environment and memory: both hold tokens.
// Programs that it starts are as readable as ever.
func private() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) } // it never fails for 0
