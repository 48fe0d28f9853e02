package node

import (
	"fmt"
	"strings"
	"sync"

	"github.com/kici-dev/kici-go/executor/proc"
)

// Death is how a process ended that should have gone on.
type Death struct {
	Exit   proc.Exit
	Killed bool   // by us, because it did not react
	Stderr string // the end of what it printed past JavaScript
}

// Error names the most likely reason in the author's terms.
func (d *Death) Error() string {
	switch {
	case d.Killed:
		return "the Node process was killed: its code did not give way"
	case strings.Contains(d.Stderr, "heap out of memory") || strings.Contains(d.Stderr, "Reached heap limit"):
		return "the Node process ran out of memory (JavaScript heap); keep less in memory, or raise the limit with NODE_OPTIONS=--max-old-space-size in the job's machine environment"
	case d.Exit.Signal == proc.KILL:
		return "the Node process was killed (SIGKILL): most likely the machine, or the job's limit, ran out of memory"
	case d.Exit.Signal != "":
		return fmt.Sprintf("the Node process crashed (%s)", d.Exit.Signal)
	}
	return fmt.Sprintf("the Node process ended by itself with exit code %d", d.Exit.Code)
}

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

const tailSize = 8 << 10

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
