package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/kici/adminclient"
)

const adminToken = "benchscale-benchscale-benchscale"

// orchestrator is the binary at work.
type orchestrator struct {
	b       *bench
	address string // host:port
	dir     string
	url     string // of its database; empty is SQLite
	log     *os.File
	cmd     *exec.Cmd
	admin   *adminclient.Client
}

// orchestrate starts one and waits until it is ready.
func (b *bench) orchestrate(ctx context.Context, url string) (*orchestrator, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &orchestrator{b: b, address: l.Addr().String(), url: url}
	if err := l.Close(); err != nil { // free for the child
		return nil, err
	}
	if o.dir, err = os.MkdirTemp(b.dir, "data-"); err != nil {
		return nil, err
	}
	if o.log, err = os.Create(filepath.Join(o.dir, "log")); err != nil {
		return nil, err
	}
	o.admin = adminclient.New("http://"+o.address, adminToken)
	return o, o.start(ctx)
}

func (o *orchestrator) start(ctx context.Context) error {
	host, port, _ := net.SplitHostPort(o.address)
	o.cmd = exec.Command(o.b.binary)
	o.cmd.Dir, o.cmd.Stdout, o.cmd.Stderr = o.dir, o.log, o.log
	o.cmd.Env = append(os.Environ(), "KICI_HOST="+host, "KICI_PORT="+port, "KICI_DATA_DIR="+o.dir, "KICI_DATABASE_URL="+o.url,
		"KICI_AGENT_AUTH=none", "KICI_BOOTSTRAP_ADMIN_TOKEN="+adminToken, "KICI_LOG_FORMAT=json")
	if err := o.cmd.Start(); err != nil {
		return err
	}
	return o.ready(ctx)
}

func (o *orchestrator) ready(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.address+"/ready", nil)
		if err != nil {
			return err
		}
		if r, err := http.DefaultClient.Do(q); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(o.log.Name())
			return fmt.Errorf("the orchestrator is not ready: %s", log[max(0, len(log)-2000):])
		}
	}
}

// kill ends it as a power cut would.
func (o *orchestrator) kill() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait() // killed on purpose
}

// stop ends it and forgets what it kept.
func (o *orchestrator) stop() {
	o.kill()
	_ = o.log.Close()
	_ = os.RemoveAll(o.dir)
}

// source adds a source whose deliveries are signed and not limited.
func (o *orchestrator) source(ctx context.Context, kind string, more map[string]any) error {
	config := map[string]any{"verificationMethod": "hmac_sha256", "verificationConfig": map[string]any{"secret": secret}, "rateLimitRpm": 0}
	for k, v := range more {
		config[k] = v
	}
	_, err := o.admin.AddSource(ctx, adminclient.SourceInput{Name: "bench", Kind: kind, Config: config})
	return err
}

// pushed adds the source of the repository.
func (o *orchestrator) pushed(ctx context.Context) error {
	return o.source(ctx, "github-repo", map[string]any{"gitUrlTemplate": "file://" + filepath.Join(o.b.dir, "repos") + "/{owner}/{name}.git"})
}

// resident is what the process holds in memory, in bytes: now, or at most so far.
func resident(pid int, peak bool) int64 {
	field := "VmRSS:"
	if peak {
		field = "VmHWM:"
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// spent is the processor time of a process and of the children it has waited for.
func spent(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 15 {
		return 0
	}
	var ticks int64
	for _, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		n, _ := strconv.ParseInt(f[at], 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// family is spent of a process and of those it has started.
func family(pid int) time.Duration {
	sum := spent(pid)
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(text)) {
		n, _ := strconv.Atoi(child)
		sum += spent(n)
	}
	return sum
}
