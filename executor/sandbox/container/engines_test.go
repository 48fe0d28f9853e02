//go:build unix

package container

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/runner"
)

// The engines of the tests are real ones, started here and ended here, with
// everything they keep in a folder of the test. Several may run beside others
// of the machine. Images are made from the machine's own programs, so that no
// registry is needed.

const (
	imageThin = "localhost/kici-thin:1"   // the machine's /usr below links; mounted, so it costs nothing
	imageBare = "localhost/kici-nobash:1" // busybox and nothing else
)

func TestMain(m *testing.M) {
	if runner.IsChild(os.Args) {
		os.Exit(3) // the test binary is not what runs in containers
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := lab.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}

// laboratory starts what tests need, each thing at most once.
type laboratory struct {
	mu      sync.Mutex // guards what follows; held while something starts
	dir     string
	binary  string
	engines map[string]*lively
}

type lively struct {
	address string
	cmd     *exec.Cmd
	err     error
}

var lab = &laboratory{engines: map[string]*lively{}}

// kinds are the engines that the suite runs on.
var kinds = map[string]func(l *laboratory, dir string) (*lively, error){
	"docker": (*laboratory).docker,
	"podman": (*laboratory).podman,
}

func (l *laboratory) folder() (string, error) {
	if l.dir == "" {
		dir, err := os.MkdirTemp("", "kici-engines-")
		if err != nil {
			return "", err
		}
		l.dir = dir
	}
	return l.dir, nil
}

// need returns the address of an engine. Without one the test is skipped, and
// fails where the machine is meant to have it.
func need(t testing.TB, kind string) string {
	t.Helper()
	lab.mu.Lock()
	defer lab.mu.Unlock()
	e := lab.engines[kind]
	if e == nil {
		e = &lively{}
		dir, err := lab.folder()
		if err == nil {
			if e, err = kinds[kind](lab, filepath.Join(dir, kind)); err == nil {
				err = provision(e.address)
			}
		}
		if e == nil {
			e = &lively{}
		}
		e.err = err
		lab.engines[kind] = e
	}
	if e.err == nil {
		return e.address
	}
	// Rights are not a part that somebody forgot to install.
	if os.Getenv("CI") == "true" && !errors.Is(e.err, errRights) {
		t.Fatalf("%s: %v", kind, e.err)
	}
	t.Skipf("NOT TESTED on %s: %v", kind, e.err)
	return ""
}

// runnerBinary builds the static kici that runs in containers.
func runnerBinary(t testing.TB) string {
	t.Helper()
	lab.mu.Lock()
	defer lab.mu.Unlock()
	if lab.binary != "" {
		return lab.binary
	}
	dir, err := lab.folder()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "kici")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, "./testdata/child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the runner: %v\n%s", err, out)
	}
	lab.binary = file
	return file
}

// program finds a program; Debian keeps daemons out of a user's PATH.
func programNamed(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", strings.Join(names, " or "))
}

var errRights = errors.New("the tests' own engines want root")

func (l *laboratory) docker(dir string) (*lively, error) {
	daemon, err := programNamed("dockerd", "/usr/sbin/dockerd")
	if err != nil {
		return nil, err
	}
	if os.Getuid() != 0 {
		return nil, errRights
	}
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	cmd := exec.Command(daemon, "--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(dir, "run"),
		"--pidfile", filepath.Join(dir, "pid"), "-H", socket, "--storage-driver=vfs", "--iptables=false", "--bridge=none")
	return boot(cmd, dir, socket)
}

// podmanConf makes Podman work where the hard limits cannot be raised and
// where cgroups are of both versions.
const podmanConf = `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
`

func (l *laboratory) podman(dir string) (*lively, error) {
	podman, err := programNamed("podman")
	if err != nil {
		return nil, err
	}
	if os.Getuid() != 0 {
		return nil, errRights
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(conf, []byte(podmanConf), 0o644); err != nil {
		return nil, err
	}
	socket := "unix://" + filepath.Join(dir, "podman.sock")
	cmd := exec.Command(podman, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--tmpdir", filepath.Join(dir, "tmp"),
		"system", "service", "--time=0", socket)
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+conf)
	return boot(cmd, dir, socket)
}

// boot starts an engine and waits until it answers.
func boot(cmd *exec.Cmd, dir, socket string) (*lively, error) {
	cmd.Dir = dir // engines leave files where they are started
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	for {
		e, err := find(ctx, socket, nil)
		if err == nil {
			return &lively{address: socket, cmd: cmd}, e.api.Close()
		}
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("%v\n%s", err, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// provision makes the images.
func provision(address string) error {
	e, err := find(context.Background(), address, nil)
	if err != nil {
		return err
	}
	defer e.api.Close()
	busybox, err := programNamed("busybox")
	if err != nil {
		return err
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	links := map[string]string{"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64"}
	for name, body := range map[string][]byte{
		imageThin: rootfs([]string{"usr/", "tmp/", "etc/", "root/", "proc/", "sys/", "dev/", "sbin/"}, links, map[string][]byte{"etc/passwd": []byte("root:x:0:0:root:/root:/bin/bash\n")}),
		imageBare: rootfs([]string{"bin/", "tmp/", "etc/"}, map[string]string{"bin/sh": "busybox"}, map[string][]byte{"bin/busybox": program}),
	} {
		ref, tag, _ := strings.Cut(name, ":")
		got, err := e.api.ImageImport(context.Background(), client.ImageImportSource{Source: bytes.NewReader(body), SourceName: "-"}, ref,
			client.ImageImportOptions{Tag: tag, Changes: []string{"ENV FROM_IMAGE=yes", "ENV KICI_RUN_ID=forged"}})
		if err != nil {
			return err
		}
		text, err := io.ReadAll(got)
		got.Close()
		if err != nil || bytes.Contains(text, []byte("errorDetail")) {
			return fmt.Errorf("import %s: %v\n%s", name, err, text)
		}
		// Podman does not listen to the name that it is given.
		id := regexp.MustCompile(`[0-9a-f]{64}`).Find(text)
		if _, err := e.api.ImageTag(context.Background(), client.ImageTagOptions{Source: string(id), Target: name}); err != nil {
			return fmt.Errorf("name the imported image %q: %w", text, err)
		}
	}
	return nil
}

func rootfs(dirs []string, links map[string]string, files map[string][]byte) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, d := range dirs {
		mode := int64(0o755)
		if d == "tmp/" {
			mode = 0o1777
		}
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d, Mode: mode})
	}
	for name, to := range links {
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777})
	}
	for name, body := range files {
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(body))})
		_, _ = w.Write(body)
	}
	_ = w.Close()
	return buf.Bytes()
}

// close ends the engines and removes what they kept. It fails when a container
// of ours is left, which no test may do.
func (l *laboratory) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for kind, e := range l.engines {
		if e.cmd == nil {
			continue
		}
		_ = e.cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(10*time.Second, func() { _ = e.cmd.Process.Kill() })
		_ = e.cmd.Wait()
		if !timer.Stop() {
			errs = append(errs, fmt.Errorf("%s did not end", kind))
		}
	}
	if l.dir == "" {
		return errors.Join(errs...)
	}
	// Mounts that an engine leaves would keep the folder.
	if mounts, err := os.ReadFile("/proc/self/mounts"); err == nil {
		for line := range strings.Lines(string(mounts)) {
			if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], l.dir+"/") {
				_ = exec.Command("umount", "-l", f[1]).Run()
			}
		}
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
