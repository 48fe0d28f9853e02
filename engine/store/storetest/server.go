//go:build linux

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// ErrNoPostgres says that the machine has no PostgreSQL to start.
var ErrNoPostgres = errors.New("storetest: no PostgreSQL programs on this machine (apt-get install postgresql)")

// Server is a private PostgreSQL, reached by a socket in its own directory.
type Server struct {
	URL     string
	dir     string
	program string
	args    []string
	as      *syscall.Credential
	process *exec.Cmd
	exited  chan struct{}
	output  bytes.Buffer
}

// Postgres starts a server; durable says whether it syncs to disk, which tests
// do not need and benchmarks do. settings are further ones of the server, as
// "name=value". It dies with this process, however that ends.
func Postgres(ctx context.Context, durable bool, settings ...string) (_ *Server, err error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return nil, ErrNoPostgres
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "kici-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, URL: "host=" + dir + " user=ci dbname=postgres", program: filepath.Join(bin, "postgres")}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if s.as, err = identity(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	init := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "ci", "--no-sync", "--no-instructions", "--locale=C", "-E", "UTF8")
	init.Dir, init.SysProcAttr = dir, &syscall.SysProcAttr{Credential: s.as}
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("storetest: initdb: %w: %s", err, out)
	}
	s.args = []string{"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=200"}
	if !durable {
		s.args = append(s.args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	}
	for _, setting := range settings {
		s.args = append(s.args, "-c", setting)
	}
	return s, s.start(ctx)
}

// start runs the server on its data.
func (s *Server) start(ctx context.Context) error {
	s.process, s.exited = exec.Command(s.program, s.args...), make(chan struct{})
	s.output.Reset()
	s.process.Dir, s.process.Stdout, s.process.Stderr = s.dir, &s.output, &s.output
	s.process.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGQUIT}
	started := make(chan error, 1)
	go s.own(started)
	if err := <-started; err != nil {
		s.process = nil
		return err
	}
	return s.accepting(ctx)
}

// Socket is where the server listens, for who puts a proxy before it.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Pid is that of the postmaster; its children are below it.
func (s *Server) Pid() int { return s.process.Process.Pid }

// Crash kills the server with signal 9. What serves connections notices that and
// ends a moment later.
func (s *Server) Crash() {
	_ = s.process.Process.Kill() // it may have ended by itself
	<-s.exited
}

// Restart starts a server that has ended. After a crash it takes as long as the
// rest of the old one needs to go.
func (s *Server) Restart(ctx context.Context) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.start(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-again.C:
		}
	}
}

// own starts the server and waits for it on one thread: the signal of a parent's
// death is sent when the thread ends that started the child.
func (s *Server) own(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.exited)
	err := s.process.Start()
	started <- err
	if err == nil {
		_ = s.process.Wait()
	}
}

// identity is the user postgres when we are root, which the server refuses to be.
func identity(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2, os.Chown(dir, uid, gid))
}

// accepting waits for the pid file to say "ready", as pg_ctl does. A file of a
// server that crashed says so too, of another process.
func (s *Server) accepting(ctx context.Context) error {
	own := []byte(strconv.Itoa(s.process.Process.Pid) + "\n")
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		b, _ := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
		if bytes.HasPrefix(b, own) && bytes.Contains(b, []byte("\nready")) {
			return nil
		}
		select {
		case <-look.C:
		case <-s.exited:
			return fmt.Errorf("storetest: postgres did not start: %s", s.output.String())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Stop ends the server at once and removes its directory.
func (s *Server) Stop() error {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT) // it may have ended by itself
		<-s.exited
	}
	return os.RemoveAll(s.dir)
}
