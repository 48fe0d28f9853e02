package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// engine is a container engine that has answered.
type engine struct {
	api     *client.Client
	environ []string // where logins are looked for
	where   string   // what it was found by
	arch    string   // of Go's names
	cpus    int
	option  map[string]bool // its security options: rootless, userns, selinux
}

// place is where an engine may be.
type place struct {
	by      string // "DOCKER_HOST", "socket of rootless Podman"
	address string
	// chosen places were named by somebody: when they do not answer, falling
	// back to another engine would be a surprise.
	chosen bool
	err    error // the place itself is broken: a context that does not exist
}

// Attempt is a place where no engine answered.
type Attempt struct {
	By, Address string
	Err         error
}

// NoEngineError: no container engine answered. Attempts are all the places
// that were tried.
type NoEngineError struct{ Attempts []Attempt }

func (e *NoEngineError) Error() string {
	var b strings.Builder
	b.WriteString("container: no container engine answers; start Docker or Podman, or set DOCKER_HOST. Tried:")
	for _, a := range e.Attempts {
		b.WriteString("\n  " + a.By)
		if a.Address != "" {
			b.WriteString(" " + a.Address)
		}
		fmt.Fprintf(&b, ": %v", a.Err)
	}
	return b.String()
}

// Unwrap gives the reasons.
func (e *NoEngineError) Unwrap() []error {
	var out []error
	for _, a := range e.Attempts {
		out = append(out, a.Err)
	}
	return out
}

// How long an engine has to answer. A socket on which nobody accepts must not hang
// a run. Where somebody said which engine it is there is nobody else to ask, and a
// busy machine gets the time that it needs.
const (
	answer       = 3 * time.Second
	answerChosen = 15 * time.Second
)

// find connects to the first engine that answers.
func find(ctx context.Context, host string, environ []string) (*engine, error) {
	none := &NoEngineError{}
	for _, p := range places(host, environ) {
		e, err := open(ctx, p, environ)
		if err == nil {
			return e, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		none.Attempts = append(none.Attempts, Attempt{p.by, p.address, err})
		if p.chosen {
			break
		}
	}
	return nil, none
}

func open(ctx context.Context, p place, environ []string) (*engine, error) {
	if p.err != nil {
		return nil, p.err
	}
	if path, ok := strings.CutPrefix(p.address, "unix://"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, plain(err)
		}
	}
	if strings.HasPrefix(p.address, "ssh://") {
		return nil, errors.New("an engine behind ssh cannot mount the job's folder")
	}
	options := []client.Opt{client.WithHost(p.address)}
	if dir := lookup(environ, "DOCKER_CERT_PATH"); dir != "" && lookup(environ, "DOCKER_TLS_VERIFY") != "" && strings.HasPrefix(p.address, "tcp://") {
		options = append(options, client.WithTLSClientConfig(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	}
	api, err := client.New(options...)
	if err != nil {
		return nil, err
	}
	e := &engine{api: api, environ: environ, where: p.by, option: map[string]bool{}}
	limit := answer
	if p.chosen {
		limit = answerChosen
	}
	ctx, stop := context.WithTimeoutCause(ctx, limit, errors.New("it does not answer"))
	defer stop()
	if err := e.ask(ctx); err != nil {
		api.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, plain(err)
	}
	return e, nil
}

// ask learns what differs between engines.
func (e *engine) ask(ctx context.Context) error {
	if _, err := e.api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return err
	}
	got, err := e.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return err
	}
	if got.Info.OSType != "" && got.Info.OSType != "linux" {
		return fmt.Errorf("it runs %s containers, jobs need Linux ones", got.Info.OSType)
	}
	e.arch, e.cpus = goarch(got.Info.Architecture), got.Info.NCPU
	for _, o := range got.Info.SecurityOptions {
		for field := range strings.SplitSeq(o, ",") {
			if name, ok := strings.CutPrefix(field, "name="); ok {
				e.option[name] = true
			}
		}
	}
	return nil
}

// plain takes the operation and the path off what the system says: both
// already stand in front of it.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// goarch translates what the kernel calls a machine.
func goarch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "i386", "i686":
		return "386"
	case "armv7l", "armv6l":
		return "arm"
	}
	return machine
}

// places lists where to look, best first.
func places(host string, environ []string) []place {
	if host != "" {
		return []place{{by: "the configured engine", address: host, chosen: true}}
	}
	if host = lookup(environ, "DOCKER_HOST"); host != "" {
		return []place{{by: "DOCKER_HOST", address: host, chosen: true}}
	}
	var out []place
	if p, ok := dockerContext(environ); ok {
		out = append(out, p)
		if p.chosen {
			return out
		}
	}
	if host = lookup(environ, "CONTAINER_HOST"); host != "" {
		out = append(out, place{by: "CONTAINER_HOST", address: host})
	}
	if runtime.GOOS == "windows" {
		return append(out, place{by: "Docker", address: "npipe:////./pipe/docker_engine"})
	}
	add := func(by, dir string, path ...string) {
		if dir != "" {
			out = append(out, place{by: by, address: "unix://" + filepath.Join(append([]string{dir}, path...)...)})
		}
	}
	add("Docker", "/var/run/docker.sock")
	add("Podman", "/run/podman/podman.sock")
	user, home := lookup(environ, "XDG_RUNTIME_DIR"), lookup(environ, "HOME")
	add("rootless Podman", user, "podman", "podman.sock")
	add("rootless Docker", user, "docker.sock")
	add("Docker Desktop", home, ".docker", "run", "docker.sock")
	if runtime.GOOS == "darwin" {
		add("Podman machine", home, ".local", "share", "containers", "podman", "machine", "podman.sock")
		add("Colima", home, ".colima", "default", "docker.sock")
	}
	return out
}

// dockerContext reads which engine the docker command would use. A context
// that the environment names is a choice; the current one is a hint.
func dockerContext(environ []string) (place, bool) {
	dir := lookup(environ, "DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(lookup(environ, "HOME"), ".docker")
	}
	name := lookup(environ, "DOCKER_CONTEXT")
	p := place{by: "DOCKER_CONTEXT", chosen: name != ""}
	if name == "" {
		var config struct {
			CurrentContext string `json:"currentContext"`
		}
		if data, err := os.ReadFile(filepath.Join(dir, "config.json")); err != nil || json.Unmarshal(data, &config) != nil {
			return place{}, false
		}
		name, p.by = config.CurrentContext, "docker context"
	}
	if name == "" || name == "default" {
		return place{}, false
	}
	p.by += " " + name
	sum := sha256.Sum256([]byte(name))
	data, err := os.ReadFile(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"))
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err == nil {
		err = json.Unmarshal(data, &meta)
	}
	if p.address = meta.Endpoints["docker"].Host; err == nil && p.address == "" {
		err = errors.New("it names no engine")
	}
	p.err = plain(err)
	return p, true
}
