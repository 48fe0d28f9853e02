package forgetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ErrNoSSH: sshd or ssh-keygen are not installed. A test skips, unless all that
// it needs is promised to be there.
var ErrNoSSH = errors.New("forgetest: no sshd")

// SSH is the forge's door for deploy keys.
type SSH struct {
	Template   string // of addresses
	Key        string // the private key that opens, PEM
	Wrong      string // one that does not
	KnownHosts string // the host's keys, as ssh-keyscan prints them
	Other      string // those of another host at the same address
}

// SSH starts an sshd that serves the repositories to one deploy key.
func (f *Forge) SSH(t testing.TB) (*SSH, error) {
	t.Helper()
	sshd := find("sshd")
	keygen, err := exec.LookPath("ssh-keygen")
	if sshd == "" || err != nil {
		return nil, ErrNoSSH
	}
	me, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("forgetest: %w", err)
	}
	if me.Uid == "0" { // for its separated child; packages make it at boot
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, fmt.Errorf("forgetest: %w", err)
		}
	}
	dir := t.TempDir()
	keys := map[string][2]string{}
	for _, name := range []string{"host", "other", "key", "wrong"} {
		file := filepath.Join(dir, name)
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("forgetest: ssh-keygen: %w: %s", err, out)
		}
		keys[name] = [2]string{read(t, file), strings.TrimSpace(read(t, file+".pub"))}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("forgetest: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nAcceptEnv GIT_PROTOCOL\nUseDNS no\nKexAlgorithms curve25519-sha256\nLogLevel ERROR\n", port, dir, dir)
	shell := `restrict,command="git-shell -c \"$SSH_ORIGINAL_COMMAND\"" `
	write(t, filepath.Join(dir, "sshd_config"), config)
	write(t, filepath.Join(dir, "authorized"), shell+keys["key"][1]+"\n")
	if err := serve(t, sshd, filepath.Join(dir, "sshd_config"), port); err != nil {
		return nil, err
	}
	host := fmt.Sprintf("[127.0.0.1]:%d ", port)
	return &SSH{Template: fmt.Sprintf("ssh://%s@127.0.0.1:%d%s/{owner}/{name}.git", me.Username, port, f.Root),
		Key: keys["key"][0], Wrong: keys["wrong"][0], KnownHosts: host + keys["host"][1], Other: host + keys["other"][1]}, nil
}

// serve runs sshd until the test ends, and waits until it answers.
func serve(t testing.TB, sshd, config string, port int) error {
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, sshd, "-D", "-e", "-f", config)
	var errs strings.Builder
	cmd.Stderr = &errs
	tie(cmd)
	if err := cmd.Start(); err != nil {
		cancel()
		return fmt.Errorf("forgetest: sshd: %w", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	dialer := net.Dialer{}
	for {
		c, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("forgetest: sshd ended: %s", errs.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path // sshd insists on an absolute one, which this is
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
