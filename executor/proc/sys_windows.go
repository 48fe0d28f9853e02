package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	slashes     = `/\:`
	defaultPath = ""
)

var (
	errNotDir  error = syscall.ENOTDIR
	errNotOurs error = windows.ERROR_ACCESS_DENIED
)

// group is a job object: it holds the leader and all it starts. Between the
// leader's start and its assignment a very quick grandchild may slip out;
// closing that gap needs a suspended start, which package os does not offer.
type group struct{ job windows.Handle }

func openGroup(p *os.Process) group {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return group{}
	}
	err = errors.New("no handle")
	_ = p.WithHandle(func(h uintptr) { err = windows.AssignProcessToJobObject(job, windows.Handle(h)) })
	if err != nil {
		windows.CloseHandle(job)
		return group{}
	}
	return group{job}
}

func (g group) close() {
	if g.job != 0 {
		windows.CloseHandle(g.job)
	}
}

// signal: Windows knows no signals, every one of them ends the whole job.
func (g group) signal(s Signal) error {
	if !strings.HasPrefix(string(s), "SIG") {
		return fmt.Errorf("%w: %s", ErrSignal, s)
	}
	if g.job == 0 {
		return ErrFinished
	}
	return windows.TerminateJobObject(g.job, 1)
}

func (g group) alive() bool {
	if g.job == 0 {
		return false
	}
	var info struct {
		userTime, kernelTime, periodUser, periodKernel int64
		faults, total, active, terminated              uint32
	}
	const basicAccounting = 1
	err := windows.QueryInformationJobObject(g.job, basicAccounting, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil)
	return err == nil && info.active > 0
}

func signalOne(int, Signal) error { return ErrFinished }

func sysAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func strays(string, uint64) []int { return nil }

func exitOf(state *os.ProcessState, err error) Exit {
	if err != nil || state == nil {
		return Exit{Code: -1}
	}
	return Exit{Code: state.ExitCode()}
}

func executable(file string, env []string) (string, bool) {
	if filepath.Ext(file) != "" {
		st, err := os.Stat(file)
		return file, err == nil && !st.IsDir()
	}
	exts := ".COM;.EXE;.BAT;.CMD"
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && sameName(k, "PATHEXT") {
			exts = v
		}
	}
	for ext := range strings.SplitSeq(exts, ";") {
		if st, err := os.Stat(file + ext); err == nil && !st.IsDir() {
			return file + ext, true
		}
	}
	return file, false
}

func sameName(a, b string) bool { return strings.EqualFold(a, b) }
