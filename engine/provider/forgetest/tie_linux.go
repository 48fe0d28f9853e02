package forgetest

import (
	"os/exec"
	"syscall"
)

// tie ends a daemon when the test binary is killed and runs no Cleanup. The signal
// comes when the starting thread ends, which Go does only to threads that somebody
// has locked; executor/proc/proctest is careful about those too, but a kit of the
// engine's may not import it.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
