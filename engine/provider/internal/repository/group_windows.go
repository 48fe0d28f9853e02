package repository

import "os/exec"

const (
	// Nowhere is the file that is always empty.
	Nowhere   = "NUL"
	usualPath = `C:\Program Files\Git\cmd;C:\Windows\System32`
)

// group: on Windows the end of the context kills git alone; its helpers end
// when their pipes do.
func group(*exec.Cmd) {}
