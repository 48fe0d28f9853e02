//go:build unix

package node

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// raw reads what Node prints past JavaScript: crash messages, native addons,
// children that inherited its output. It can be read empty at any moment, so
// that such output is in the log before the step that caused it ends.
type raw struct {
	from *os.File
	take func([]byte)
	done chan struct{}

	mu  sync.Mutex // held from reading bytes to delivering them
	buf []byte
}

func newRaw(from *os.File, take func([]byte)) *raw {
	r := &raw{from: from, take: take, done: make(chan struct{}), buf: make([]byte, 16<<10)}
	go func() {
		defer close(r.done)
		defer from.Close()
		c, err := from.SyscallConn()
		if err != nil {
			return
		}
		_ = c.Read(r.empty)
	}()
	return r
}

// empty delivers what is there; true at the end of the stream.
func (r *raw) empty(fd uintptr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		n, err := unix.Read(int(fd), r.buf)
		switch {
		case n > 0:
			r.take(r.buf[:n])
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return false
		default:
			return true
		}
	}
}

func (r *raw) drain() {
	if c, err := r.from.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { r.empty(fd) })
	}
}

// close ends the reading although somebody may still hold the other end.
func (r *raw) close() {
	r.drain()
	_ = r.from.Close()
	<-r.done
}

// blocking makes Node's end of a pipe wait, as its synchronous calls expect;
// it is the end's own setting and not that of ours.
func blocking(f *os.File) error { return unix.SetNonblock(int(f.Fd()), false) }

const supported = true
