//go:build unix

package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/sandbox/container/containertest"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	sum := sha256.Sum256([]byte("work"))
	write(t, filepath.Join(home, ".docker/config.json"), `{"currentContext":"work"}`)
	write(t, filepath.Join(home, ".docker/contexts/meta", hex.EncodeToString(sum[:]), "meta.json"), `{"Name":"work","Endpoints":{"docker":{"Host":"unix:///work.sock"}}}`)
	plainHome := t.TempDir()
	user := []string{"unix:///var/run/docker.sock", "unix:///run/podman/podman.sock", "unix:///run/user/7/podman/podman.sock", "unix:///run/user/7/docker.sock"}
	for name, c := range map[string]struct {
		host    string
		environ []string
		want    []string // the first addresses
		only    bool     // and no more
	}{
		"configured":       {"tcp://h:1", []string{"DOCKER_HOST=unix:///x"}, []string{"tcp://h:1"}, true},
		"DOCKER_HOST":      {"", []string{"HOME=" + home, "DOCKER_HOST=unix:///x"}, []string{"unix:///x"}, true},
		"context":          {"", []string{"HOME=" + home}, []string{"unix:///work.sock", "unix:///var/run/docker.sock"}, false},
		"chosen context":   {"", []string{"HOME=" + home, "DOCKER_CONTEXT=work"}, []string{"unix:///work.sock"}, true},
		"lost context":     {"", []string{"HOME=" + home, "DOCKER_CONTEXT=lost"}, []string{""}, true},
		"default context":  {"", []string{"HOME=" + home, "DOCKER_CONTEXT=default", "XDG_RUNTIME_DIR=/run/user/7"}, user, false},
		"usual":            {"", []string{"HOME=" + plainHome, "XDG_RUNTIME_DIR=/run/user/7"}, user, false},
		"podman's":         {"", []string{"HOME=" + plainHome, "CONTAINER_HOST=unix:///p"}, []string{"unix:///p", "unix:///var/run/docker.sock"}, false},
		"nothing is known": {"", nil, user[:2], true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range places(c.host, c.environ) {
				got = append(got, p.address)
			}
			if len(got) < len(c.want) || c.only && runtime.GOOS == "linux" && len(got) != len(c.want) {
				t.Fatalf("got %q", got)
			}
			if diff := cmp.Diff(c.want, got[:len(c.want)]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Engines of a user's own are found where they listen.
func TestRootless(t *testing.T) {
	t.Parallel()
	listening := strings.TrimPrefix(fake(t, map[string]string{"/_ping": "OK", "/info": `{"OSType":"linux","SecurityOptions":["name=rootless"]}`}), "unix://")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "podman"), 0o755); err != nil {
		t.Fatal(err)
	}
	for by, path := range map[string]string{"rootless Podman": "podman/podman.sock", "rootless Docker": "docker.sock"} {
		if err := os.Symlink(listening, filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
		environ := []string{"XDG_RUNTIME_DIR=" + dir}
		all := places("", environ)
		i := slices.IndexFunc(all, func(p place) bool { return p.by == by })
		if i < 0 {
			t.Fatalf("%s is not looked for", by)
		}
		e, err := open(t.Context(), all[i], environ)
		if err != nil {
			t.Fatal(by, err)
		}
		if e.where != by || !e.option["rootless"] {
			t.Errorf("%+v", e)
		}
		e.api.Close()
	}
}

func TestNoEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := New(Config{Environ: []string{"HOME=" + dir, "DOCKER_HOST=unix://" + dir + "/no.sock"}})
	res := r.Run(t.Context(), executor.Task{
		Job: &executor.Job{Name: "j", Dir: dir}, Host: &recorder{}, Container: &executor.Container{Image: "x"},
	})
	want := "container: no container engine answers; start Docker or Podman, or set DOCKER_HOST. Tried:\n  DOCKER_HOST unix://" + dir + "/no.sock: no such file or directory"
	if res.Status != executor.Failed || res.Reason != want {
		t.Errorf("got  %s\nwant %s", res.Reason, want)
	}
	_, err := find(t.Context(), "unix://"+dir+"/no.sock", nil)
	var none *NoEngineError
	if !errors.As(err, &none) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for host, want := range map[string]string{
		"ssh://me@there": "mount the job's folder", "nonsense": "unable to parse", "tcp://127.0.0.1:9": "127.0.0.1:9",
	} {
		if _, err := find(t.Context(), host, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Every place is named, also a context that is not there.
	none = &NoEngineError{Attempts: []Attempt{{"docker context work", "", errors.New("it names no engine")}, {"Podman", "unix:///p", fs.ErrPermission}}}
	if got := none.Error(); !strings.HasSuffix(got, "Tried:\n  docker context work: it names no engine\n  Podman unix:///p: permission denied") {
		t.Error(got)
	}
}

func TestTasksWithoutContainer(t *testing.T) {
	t.Parallel()
	next := &counting{}
	tk := executor.Task{Job: &executor.Job{Kind: executor.KindPrepare}}
	if New(Config{Next: next, Image: "x"}).Run(t.Context(), tk); next.n != 1 {
		t.Error("work around jobs is the next runner's")
	}
	tk.Job.Kind = executor.KindJob
	if New(Config{Next: next}).Run(t.Context(), tk); next.n != 2 {
		t.Error("a job without an image is the next runner's")
	}
	if res := New(Config{}).Run(t.Context(), tk); res.Status != executor.Failed {
		t.Errorf("%+v", res)
	}
}

type counting struct{ n int }

func (c *counting) Run(context.Context, executor.Task) *executor.Result {
	c.n++
	return &executor.Result{}
}

// fake is an engine that says what it is told to.
func fake(t *testing.T, answers map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kici") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		for path, body := range answers {
			if strings.HasSuffix(r.URL.Path, path) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, body)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"no such thing"}`)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-done })
	return "unix://" + filepath.Join(dir, "s")
}

func TestWindowsEngine(t *testing.T) {
	t.Parallel()
	_, err := find(t.Context(), fake(t, map[string]string{"/_ping": "OK", "/info": `{"OSType":"windows"}`}), nil)
	if err == nil || !strings.Contains(err.Error(), "it runs windows containers") {
		t.Error(err)
	}
}

func TestPull(t *testing.T) {
	t.Parallel()
	open := func(stream string) (*engine, func()) {
		e, err := find(t.Context(), fake(t, map[string]string{
			"/_ping": "OK", "/images/create": stream,
			"/info": `{"OSType":"linux","Architecture":"aarch64","NCPU":4,"SecurityOptions":["name=seccomp,profile=default","name=rootless"]}`,
		}), nil)
		if err != nil {
			t.Fatal(err)
		}
		return e, func() { e.api.Close() }
	}
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }

	e, end := open(`{"status":"Pulling from library/x","id":"latest"}
{"status":"Already exists","id":"aaa"}
{"status":"Downloading","progressDetail":{"current":1000000,"total":4000000},"id":"bbb"}
{"status":"Pull complete","id":"bbb"}
`)
	defer end()
	if e.arch != "arm64" || e.cpus != 4 || !e.option["rootless"] || e.user() != (user{}) {
		t.Errorf("%+v", e)
	}
	if err := e.pull(t.Context(), "x", say); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "\n")
	wantText(t, got, "pulling image x\n  layer aaa: already here\n  layer bbb: ready\nimage x is here after ")

	e, end = open(`{"status":"Pulling"}` + "\n" + `{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}`)
	defer end()
	if err := e.pull(t.Context(), "x", say); err == nil || !strings.Contains(err.Error(), `image "x" is not on this machine and cannot be pulled: manifest unknown`) {
		t.Error(err)
	}
	e, end = open("this is no JSON")
	defer end()
	if err := e.pull(t.Context(), "x", say); err == nil {
		t.Error("nonsense was taken for an image")
	}
}

func TestRunnerBinary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "script")
	write(t, text, "#!/bin/sh\n")
	for path, want := range map[string]string{
		text:                            "is none (not a Linux program",
		filepath.Join(dir, "absent"):    "is none (no such file",
		filepath.Join(dir):              "is none (",
		os.Getenv("SHELL") + "/nowhere": "set RunnerBinary to one, built with CGO_ENABLED=0 GOOS=linux GOARCH=arm64",
	} {
		if _, err := New(Config{RunnerBinary: path}).runnerFor("arm64"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if bash, err := containertest.Program("bash"); err == nil && runtime.GOOS == "linux" {
		if _, err := New(Config{RunnerBinary: bash}).runnerFor(runtime.GOARCH); err == nil || !strings.Contains(err.Error(), "dynamically linked") {
			t.Errorf("bash: %v", err)
		}
	}
	good := New(Config{RunnerBinary: runnerBinary(t)})
	if _, err := good.runnerFor(runtime.GOARCH); err != nil {
		t.Error(err)
	}
	if _, err := good.runnerFor("s390x"); err == nil || !strings.Contains(err.Error(), "the image is for linux/s390x") {
		t.Error(err)
	}
}

func TestResources(t *testing.T) {
	t.Parallel()
	e := &engine{cpus: 2}
	const m = 1 << 20
	got := e.resources(&executor.Resources{Requests: executor.Amount{Memory: 64 * m, CPUs: 0.5}, Limits: executor.Amount{Memory: 128 * m, CPUs: 1.5}})
	if got.Memory != 128*m || got.MemorySwap != 128*m || got.MemoryReservation != 64*m || got.NanoCPUs != 1.5e9 || got.CPUShares != 512 {
		t.Errorf("%+v", got)
	}
	got = e.resources(&executor.Resources{Requests: executor.Amount{Memory: m}, Limits: executor.Amount{Memory: m, CPUs: 64}})
	if got.NanoCPUs != 0 || got.MemoryReservation != 0 {
		t.Errorf("more than there is: %+v", got)
	}
	if got := e.resources(nil); got.Memory != 0 || got.NanoCPUs != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOrphan(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("owners are known on Linux only")
	}
	us := owner(os.Getpid())
	for label, want := range map[string]ownership{
		us: ownerAlive, us + "1": ownerDead, "": ownerUnknown, "a/b/1/2": ownerUnknown,
		strings.Replace(us, fmt.Sprint("/", os.Getpid(), "/"), "/x/", 1): ownerUnknown,
	} {
		if got := ownerState(label); got != want {
			t.Errorf("%s: %d, want %d", label, got, want)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	job := &executor.Job{Dir: "/tmp/copy", Source: "/tmp/copy/sub", System: []string{"TOKEN=x"}, Variables: map[string]string{"A": "org"}}
	got := translate(executor.Task{Job: job, Container: &executor.Container{Env: map[string]string{"A": "c", "B": "c"}}},
		&image{env: []string{"PATH=/image", "B=image", "C=image", "KICI_RUN_ID=forged", "=x"}}, user{7, 7}).Job
	if got.Dir != "/workspace" || got.Source != "/workspace/sub" || got.System != nil {
		t.Errorf("%+v", got)
	}
	want := map[string]string{"PATH": "/image", "HOME": "/opt/kici/home", "A": "org", "B": "c", "C": "image"}
	if diff := cmp.Diff(want, got.Variables); diff != "" {
		t.Error(diff)
	}
	if len(job.Variables) != 1 || job.Dir != "/tmp/copy" {
		t.Error("the caller's job was changed")
	}
	job.Source = "/elsewhere"
	if got := translate(executor.Task{Job: job, Container: &executor.Container{}}, &image{}, user{}).Job; got.Source != "/workspace" || got.Variables["HOME"] != "/root" {
		t.Errorf("%+v", got)
	}
}

func TestSafeName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"build (os: linux/é)": "build--os--linux---", strings.Repeat("x", 99): strings.Repeat("x", 64)} {
		if got := safeName(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
