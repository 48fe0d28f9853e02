package proc

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// sysAttr: a session of its own, so that a tool which opens /dev/tty fails at
// once rather than stops; and death with the thread that started it, so that
// a killed runner leaves no leader behind.
func sysAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// strays finds the processes that carry the cookie, in whatever session they
// are now. Another user's environment cannot be read: such a process is only
// found through its group. Zombies have no environment and do not show.
func strays(cookie string, since uint64) []int {
	var pids []int
	eachProcess(func(pid int, name string, buf []byte) []byte {
		env, buf := environ(name, buf)
		if carries(env, cookie, since) {
			pids = append(pids, pid)
		}
		return buf
	})
	return pids
}

// eachProcess calls look for every process of the machine but this one, with
// its number as it is written and a buffer to read into; look returns what
// grew of that.
func eachProcess(look func(pid int, name string, buf []byte) []byte) {
	dir, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read before an error counts
	buf := make([]byte, 16<<10)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid != os.Getpid() {
			buf = look(pid, name, buf)
		}
	}
}

// execRounds bounds the wait, a millisecond each, for a process in the middle
// of exec. One that really has no environment costs as much; there are few.
const execRounds = 5

// environ reads the environment of a process. In the middle of exec the kernel
// shows none: a daemon that is just being born would be missed, so an empty
// one is read again. Kernel threads and zombies, which have no program, are
// believed at once.
func environ(pid string, buf []byte) (env, grown []byte) {
	for range execRounds {
		if env, buf = readProc("/proc/"+pid+"/environ", buf); len(env) > 0 {
			return env, buf
		}
		if _, err := os.Readlink("/proc/" + pid + "/exe"); err != nil {
			return nil, buf
		}
		time.Sleep(time.Millisecond)
	}
	return nil, buf
}

// carries reports whether the cookie is in an environment.
func carries(env []byte, cookie string, since uint64) bool {
	prefix := []byte(CookieName + "=")
	for kv := range bytes.SplitSeq(env, []byte{0}) {
		if v, ok := bytes.CutPrefix(kv, prefix); ok && belongs(string(v), cookie, since) {
			return true
		}
	}
	return false
}

// readProc reads a file of the kernel's, empty when it may not, into buf or
// what grew of it. os.ReadFile asks for size, seeks and polls first, which for
// hundreds of processes is most of the time.
func readProc(name string, buf []byte) (data, grown []byte) {
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, buf
	}
	defer syscall.Close(fd)
	n := 0
	for {
		if n == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		got, err := syscall.Read(fd, buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || got <= 0 {
			return buf[:n], buf
		}
		n += got
	}
}
