package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Private makes a command run in namespaces of its own, for mounts and for the
// network, and die with us. What it mounts and what rules it makes go with its last
// process, so that nothing can be left of them. It needs root.
func Private(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
}

// EnterPrivate prepares the namespaces that Private made: loopback is up, and no
// mount is seen outside.
func EnterPrivate(ctx context.Context) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("chaos: make mounts private: %w", err)
	}
	return command(ctx, "ip", "link", "set", "lo", "up")
}

func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("chaos: %s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// CanBePrivate tells whether this machine lets us.
func CanBePrivate() bool {
	for _, program := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(program); err != nil {
			return false
		}
	}
	return os.Getuid() == 0
}

// smallDisk is the size of a node's disk where disks can be filled.
const smallDisk = 192 << 20

// mount gives a folder a small disk of its own.
func mount(dir string) error {
	if err := syscall.Mount("chaos", dir, "tmpfs", syscall.MS_NOSUID, fmt.Sprintf("size=%d,mode=0700", smallDisk)); err != nil {
		return fmt.Errorf("chaos: mount a disk at %s: %w", dir, err)
	}
	return nil
}

// ballast is the file that fills a disk.
const ballast = "ballast"

// fill leaves no byte free on the disk of a folder.
func fill(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, ballast), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		if err != nil || n < size {
			size /= 2
		}
	}
	return f.Close()
}

func empty(dir string) error { return os.Remove(filepath.Join(dir, ballast)) }

// drop makes the kernel throw away what goes to and from a link's port, as a
// pulled cable does: whoever sends hears nothing, not even that nobody is there.
func (l *link) drop(ctx context.Context, on bool) error {
	_, port, err := net.SplitHostPort(l.Addr())
	if err != nil {
		return err
	}
	verb := "-I"
	if !on {
		verb = "-D"
	}
	var errs []error
	for _, flag := range []string{"--dport", "--sport"} {
		errs = append(errs, command(ctx, "iptables", "-w", verb, "INPUT", "-i", "lo", "-p", "tcp", flag, port, "-j", "DROP"))
	}
	return errors.Join(errs...)
}

// Remove removes what a run has made, its disks first.
func Remove(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		_ = syscall.Unmount(filepath.Join(dir, e.Name()), syscall.MNT_DETACH) // most are none
	}
	return os.RemoveAll(dir)
}
