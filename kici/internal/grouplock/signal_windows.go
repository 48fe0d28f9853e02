package grouplock

import "os"

// Windows has no request to end: the process is ended at once.
func terminate(pid int) { kill(pid) }

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}
