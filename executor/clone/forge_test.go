package clone

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// part is a program that a test needs. Where it is missing the test is
// skipped, loudly, and fails on a machine whose job is testing.
func part(t *testing.T, name string, places ...string) string {
	t.Helper()
	for _, place := range append([]string{name}, places...) {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed: not tested", name)
	return ""
}

// origin is a repository to clone from.
type origin struct {
	t   *testing.T
	dir string
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	part(t, "git")
	o := &origin{t: t, dir: filepath.Join(t.TempDir(), "origin")}
	o.git("init", "-q", "-b", "main", o.dir)
	return o
}

func environ() []string {
	return append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost")
}

func (o *origin) git(args ...string) string {
	o.t.Helper()
	cmd := exec.Command("git", args...)
	if args[0] != "init" {
		cmd.Dir = o.dir
	}
	cmd.Env = environ()
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes a file and commits it.
func (o *origin) commit(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		o.t.Fatal(err)
	}
	o.git("add", ".")
	o.git("commit", "-q", "-m", "write "+name)
	return o.git("rev-parse", "HEAD")
}

// forge serves repositories over http with a password, as forges do.
type forge struct {
	*httptest.Server
	user, password string
	protocol       string // GIT_PROTOCOL is passed on unless this says no
	requests       chan *http.Request
}

func (o *origin) serve(config ...string) *forge {
	t := o.t
	t.Helper()
	backend := filepath.Join(o.git("--exec-path"), "git-http-backend")
	part(t, backend)
	f := &forge{user: "bot", password: "pass-" + fmt.Sprint(time.Now().UnixNano()), requests: make(chan *http.Request, 1000)}
	for _, kv := range append([]string{"http.receivepack=false"}, config...) {
		k, v, _ := strings.Cut(kv, "=")
		o.git("config", k, v)
	}
	h := &cgi.Handler{Path: backend, Root: "/", Stderr: io.Discard, Env: []string{
		"GIT_PROJECT_ROOT=" + filepath.Dir(o.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
	}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests <- r
		if u, p, ok := r.BasicAuth(); !ok || u != f.user || p != f.password {
			w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		handler := *h
		if p := r.Header.Get("Git-Protocol"); p != "" && f.protocol == "" {
			handler.Env = append(append([]string(nil), h.Env...), "GIT_PROTOCOL="+p)
		}
		r.Header.Del("Authorization")
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *forge) source(o *origin, sha string) Source {
	return Source{URL: f.URL + "/" + filepath.Base(o.dir), Ref: "refs/heads/main", SHA: sha, Auth: &Auth{Kind: AuthBasic, User: f.user, Secret: f.password}}
}

// sshd is a real SSH server that lets one key in.
type sshd struct {
	port      int
	key       string // private, PEM
	knownLine string
}

func startSSH(t *testing.T) *sshd {
	t.Helper()
	daemon := part(t, "sshd", "/usr/sbin/sshd")
	keygen := part(t, "ssh-keygen")
	part(t, "ssh")
	dir, err := os.MkdirTemp("", "kici-sshd-") // below /tmp, whose mode sshd accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"host", "client"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshd{port: l.Addr().(*net.TCPAddr).Port, key: read("client")}
	l.Close()
	s.knownLine = fmt.Sprintf("[127.0.0.1]:%d %s", s.port, read("host.pub"))
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/client.pub\nPasswordAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\nPermitRootLogin yes\n", s.port, dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // where its children are confined to; absent without an init
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, daemon, "-D", "-e", "-f", filepath.Join(dir, "config"))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	if err := proctest.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		log.Close()
	})
	s.await(t, filepath.Join(dir, "log"))
	return s
}

func (s *sshd) await(t *testing.T, log string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 250 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err == nil {
			c.Close()
			return
		}
		<-tick.C
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("sshd does not answer\n%s", text)
}

func (s *sshd) source(t *testing.T, o *origin, sha string) Source {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return Source{
		URL: fmt.Sprintf("ssh://%s@127.0.0.1:%d%s", me.Username, s.port, o.dir), Ref: "refs/heads/main", SHA: sha,
		Auth: &Auth{Kind: AuthSSH, Secret: s.key},
	}
}
