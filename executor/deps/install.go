package deps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

// command is how a manager installs exactly what its lock file says. Scripts of
// packages do not run while a token is in their environment.
func (p Project) command(secret bool) []string {
	var argv []string
	switch {
	case p.Manager == PNPM:
		argv = []string{"pnpm", "install", "--config.strict-dep-builds=false"}
		if p.Lock != "" {
			argv = append(argv, "--frozen-lockfile")
		}
	case p.Manager == Yarn && p.Berry:
		argv = []string{"yarn", "install"}
		if p.Lock != "" {
			argv = append(argv, "--immutable")
		}
		if secret {
			argv = append(argv, "--mode=skip-build")
		}
		return argv
	case p.Manager == Yarn:
		argv = []string{"yarn", "install", "--non-interactive"}
		if p.Lock != "" {
			argv = append(argv, "--frozen-lockfile")
		}
	case p.Lock != "":
		argv = []string{"npm", "ci", "--no-audit", "--no-fund"}
	default:
		argv = []string{"npm", "install", "--no-audit", "--no-fund"}
	}
	if secret {
		argv = append(argv, "--ignore-scripts")
	}
	return argv
}

// Error is an install that failed, with the end of what the manager said.
type Error struct {
	Command string
	Dir     string
	Reason  string
	Output  string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("deps: %s in %s %s", e.Command, e.Dir, e.Reason)
	if e.Output != "" {
		text += "\n" + e.Output
	}
	return text
}

// run runs a manager in .kici, with the registries lent to it.
func (o Options) run(ctx context.Context, p Project, argv []string) (err error) {
	if len(o.Registries) > 0 && p.Berry {
		return errors.New("deps: registries: yarn 2 and later do not read .npmrc: configure the registry in .yarnrc.yml, with installEnv for its token")
	}
	lines, env, err := npmrc(o.Registries, nonce())
	if err != nil {
		return err
	}
	for name, value := range o.Secrets {
		env[name] = value
	}
	restore, err := lend(o.KiciDir, lines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	return o.exec(ctx, argv, env)
}

// build makes the packages of the repository that .kici depends on: they are
// links to sources, which have to be built before they can be imported. It runs
// after the install's tokens are gone.
func (o Options) build(ctx context.Context, p Project) error {
	if p.Manager != PNPM || !p.Workspace {
		return nil
	}
	m, _ := readManifest(o.KiciDir)
	for _, spec := range m.Dependencies {
		if strings.HasPrefix(spec, "workspace:") {
			return o.exec(ctx, []string{"pnpm", "--filter", ".^...", "run", "--if-present", "build"}, nil)
		}
	}
	return nil
}

func (o Options) exec(ctx context.Context, argv []string, env map[string]string) error {
	limit := o.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %s and was ended", limit))
	defer cancel()
	environ := append([]string(nil), o.Environ...)
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	failed := &Error{Command: strings.Join(argv, " "), Dir: o.name()}
	out := &proc.Tail{Limit: mostOutput}
	exit, err := proc.Run(ctx, "deps", grace, proc.Command{Args: argv, Dir: o.KiciDir, Env: environ, Stdout: out, Stderr: out})
	if err != nil {
		failed.Reason = "could not be started: " + err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			failed.Reason = "could not be started: " + argv[0] + " is not in the PATH; install it, or use another package manager"
		}
		return failed
	}
	switch {
	case ctx.Err() != nil:
		failed.Reason = context.Cause(ctx).Error()
	case exit.Signal != "":
		failed.Reason = "was ended by " + string(exit.Signal)
	case exit.Code != 0:
		failed.Reason = fmt.Sprintf("failed with exit code %d", exit.Code)
	default:
		return nil
	}
	failed.Output = lastLines(string(out.Bytes()), env)
	return failed
}

// Of what a manager says the end is kept, and it has a moment to clean up.
const (
	mostOutput = 16 << 10
	grace      = 2 * time.Second
)

// lastLines are the last 20 lines of a text, without the secrets.
func lastLines(text string, secrets map[string]string) string {
	for _, value := range secrets {
		if len(value) >= 3 {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// lock keeps two processes from installing into one folder.
func (o Options) lock(ctx context.Context) (unlock func(), err error) {
	// Outside of the author's tree, and never removed: a file that others wait
	// for must stay the same file.
	dir := o.CacheDir
	if dir == "" {
		dir = os.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("deps: %w", err)
	}
	sum := sha256.Sum256([]byte(o.KiciDir))
	file, err := os.OpenFile(filepath.Join(dir, "deps-"+hex.EncodeToString(sum[:8])+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("deps: %w", err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for waited := false; ; waited = true {
		got, err := tryLock(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("deps: %w", err), file.Close())
		}
		if got {
			return func() { _ = file.Close() }, nil
		}
		if !waited {
			o.say("waiting for another kici that installs the dependencies of %s …", o.name())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), file.Close())
		case <-tick.C:
		}
	}
}
