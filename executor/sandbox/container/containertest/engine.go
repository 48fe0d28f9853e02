//go:build unix

package containertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/client"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// Program finds the first of some programs; Debian keeps daemons out of a user's
// PATH.
func Program(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", strings.Join(names, " or "))
}

func docker(dir string) (string, *exec.Cmd, error) {
	daemon, err := Program("dockerd", "/usr/sbin/dockerd")
	if err != nil {
		return "", nil, err
	}
	if os.Getuid() != 0 {
		return "", nil, errRights
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

func podman(dir string, environ []string) (string, *exec.Cmd, error) {
	program, err := Program("podman")
	if err != nil {
		return "", nil, err
	}
	if os.Getuid() != 0 {
		return "", nil, errRights
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	conf := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(conf, []byte(podmanConf), 0o644); err != nil {
		return "", nil, err
	}
	socket := "unix://" + filepath.Join(dir, "podman.sock")
	cmd := exec.Command(program, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--tmpdir", filepath.Join(dir, "tmp"),
		"system", "service", "--time=0", socket)
	cmd.Env = append(slices.Clone(environ), "CONTAINERS_CONF="+conf)
	return boot(cmd, dir, socket)
}

// boot starts an engine and waits until it answers. An engine that is told to
// terminate ends its containers, which one that is killed does not.
func boot(cmd *exec.Cmd, dir, socket string) (string, *exec.Cmd, error) {
	cmd.Dir = dir // engines leave files where they are started
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := proctest.Start(cmd, syscall.SIGTERM); err != nil {
		return "", nil, err
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	for {
		if err = ping(ctx, socket); err == nil {
			return socket, cmd, nil
		}
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			text, _ := os.ReadFile(log.Name())
			return "", nil, fmt.Errorf("%v\n%s", err, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func ping(ctx context.Context, address string) error {
	api, err := client.New(client.WithHost(address))
	if err != nil {
		return err
	}
	defer api.Close()
	_, err = api.Ping(ctx, client.PingOptions{})
	return err
}
