package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/executor/proc/proctest"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/author"
)

// build makes the binaries that the tests of this package run, once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kici-services-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), ".", "../kici", "../kici-agent", "../kici-admin", "../kici-relay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // static, as releases are: an agent copies itself into containers
	out, err := cmd.CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if err := closeLab(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if dir, err := build(); dir != "" {
		_ = err
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func binary(t *testing.T, name string) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// patience is what anything here may take on a loaded machine.
const patience = 90 * time.Second

// process is one of ours. Its log is kept line by line.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	over chan struct{}
	code int

	mu    sync.Mutex // guards what follows
	lines []string
	more  chan struct{} // closed with every line
}

// start starts a binary with a small environment and these variables.
func start(t *testing.T, name string, vars ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, over: make(chan struct{}), more: make(chan struct{})}
	p.cmd = exec.Command(binary(t, name))
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.cmd.Dir, "KICI_LOG_FORMAT=json", "KICI_HOST=127.0.0.1"}, vars...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := proctest.Start(p.cmd); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.over)
		p.read(bufio.NewScanner(stderr))
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.over
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.said())
		}
	})
	return p
}

func (p *process) read(s *bufio.Scanner) {
	for s.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, s.Text())
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// said is the log so far.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// line waits for a line of the log that holds a text.
func (p *process) line(text string) string {
	p.t.Helper()
	limit := time.After(patience)
	for n := 0; ; {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; n < len(lines); n++ {
			if strings.Contains(lines[n], text) {
				return lines[n]
			}
		}
		select {
		case <-more:
		case <-p.over:
			p.mu.Lock()
			done := n == len(p.lines)
			p.mu.Unlock()
			if done {
				p.t.Fatalf("%s ended with %d and did not say %q", p.name, p.code, text)
			}
		case <-limit:
			p.t.Fatalf("%s did not say %q", p.name, text)
		}
	}
}

// field is a text of a JSON line.
func field(t *testing.T, line, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(line), &all); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	text, _ := all[name].(string)
	return text
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the exit code.
func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.over:
		return p.code
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
		return 0
	}
}

func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.end()
}

// world is an orchestrator with its operator.
type world struct {
	t     *testing.T
	vars  []string
	orch  *process
	port  string
	url   string
	admin *adminclient.Client
}

const adminToken = "an-admin-token-of-tests"

func newWorld(t *testing.T, vars ...string) *world {
	t.Helper()
	w := &world{t: t, port: "0"}
	w.vars = append([]string{"KICI_DATA_DIR=" + t.TempDir(), "KICI_BOOTSTRAP_ADMIN_TOKEN=" + adminToken}, vars...)
	w.boot()
	return w
}

// boot starts the orchestrator, the second time at the port of the first.
func (w *world) boot() {
	w.t.Helper()
	w.orch = start(w.t, "kici-orchestrator", append(w.vars, "KICI_PORT="+w.port)...)
	at := field(w.t, w.orch.line(`"listening"`), "address")
	w.port, w.url = at[strings.LastIndex(at, ":")+1:], "http://"+at
	w.orch.line(`"ready"`)
	w.admin = adminclient.New(w.url, adminToken)
}

// kiciAdmin runs a command of the operator and decodes what it prints.
func (w *world) kiciAdmin(into any, args ...string) {
	w.t.Helper()
	cmd := exec.Command(binary(w.t, "kici-admin"), append(args, "--json")...)
	cmd.Env = []string{"KICI_ADMIN_URL=" + w.url, "KICI_ADMIN_TOKEN=" + adminToken}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		w.t.Fatalf("kici-admin %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		w.t.Fatalf("kici-admin %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// agent starts one with a token of its own.
func (w *world) agent(id string, vars ...string) (*process, adminclient.AgentToken) {
	w.t.Helper()
	var token adminclient.AgentToken
	w.kiciAdmin(&token, "agent", "register", "--name", id)
	p := w.agentWith(token.Token, append([]string{"KICI_AGENT_ID=" + id}, vars...)...)
	p.line(`"ready"`)
	return p, token
}

func (w *world) agentWith(token string, vars ...string) *process {
	w.t.Helper()
	return start(w.t, "kici-agent", append([]string{
		"KICI_ORCHESTRATOR_URL=ws://127.0.0.1:" + w.port, "KICI_AGENT_TOKEN=" + token, "KICI_PORT=0", "KICI_DATA_DIR=" + w.t.TempDir(),
	}, vars...)...)
}

// files are a repository with one workflow and its lock file.
func files(t *testing.T, workflow string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(workflow), 0o644)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
		t.Fatal(res, err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, ".kici", "kici.lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{".kici/workflows/ci.ts": workflow, ".kici/kici.lock.json": string(lock)}
}

// local makes a bare repository with a workflow and its source, "here".
func (w *world) local(workflow string, args ...string) *forgetest.Repo {
	w.t.Helper()
	repo := forgetest.NewRepo(w.t)
	repo.Commit(w.t, forgetest.Change{Files: files(w.t, workflow)})
	w.kiciAdmin(nil, append([]string{"source", "add", "local", "--name", "here", "--path", repo.Dir}, args...)...)
	return repo
}

// trigger makes a push of the local source and gives the run that it started.
func (w *world) trigger() string {
	w.t.Helper()
	var done adminclient.Triggered
	w.kiciAdmin(&done, "source", "trigger-local", "here")
	return w.started(done.DeliveryID)[0].ID
}

// started waits until a delivery has been worked through.
func (w *world) started(delivery string) []adminclient.Run {
	w.t.Helper()
	var d adminclient.Delivery
	w.until("the delivery is worked through", func() bool {
		var err error
		if d, err = w.admin.Delivery(w.t.Context(), delivery, false); err != nil {
			w.t.Fatal(err)
		}
		return d.Status != "received"
	})
	if len(d.Runs) == 0 {
		w.t.Fatalf("the delivery started nothing: %+v", d)
	}
	return d.Runs
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	limit := time.After(patience)
	for !ok() {
		select {
		case <-look.C:
		case <-limit:
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// finished follows a run to its end.
func (w *world) finished(run string) (adminclient.Run, []string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	var lines []string
	for l, err := range w.admin.Logs(ctx, run, adminclient.LogFilter{Follow: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, l.Text)
	}
	r, err := w.admin.Run(ctx, run)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, lines
}

// says follows a run's log until a line comes.
func (w *world) says(run, text string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for l, err := range w.admin.Logs(ctx, run, adminclient.LogFilter{Follow: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if l.Text == text {
			return
		}
	}
	w.t.Fatalf("the run ended without saying %q", text)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(res.Body).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b.String()
}
