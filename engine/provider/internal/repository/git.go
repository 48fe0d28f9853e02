package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/provider"
)

// Git starts git.
type Git struct {
	environ []string
	limit   time.Duration
}

// inherited are the variables of the machine that git and ssh cannot do
// without, or that say how to reach the network from here.
var inherited = []string{"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_EXEC_PATH"}

// New takes from environ what git needs. limit bounds one process; zero is a
// minute.
func New(environ []string, limit time.Duration) *Git {
	g := &Git{limit: limit, environ: []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + Nowhere, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS=true",
		"GIT_OPTIONAL_LOCKS=0", "LC_ALL=C", "GIT_NO_REPLACE_OBJECTS=1",
	}}
	if limit <= 0 {
		g.limit = time.Minute
	}
	path := false
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(inherited, strings.ToUpper(name)) {
			g.environ = append(g.environ, pair)
			path = path || strings.EqualFold(name, "PATH")
		}
	}
	if !path {
		g.environ = append(g.environ, "PATH="+usualPath)
	}
	return g
}

// Call is one process.
type Call struct {
	Dir     string
	Args    []string
	Environ []string  // besides the common one
	Setting []Setting // configuration; it travels in the environment, where no other user sees it
	Stdin   string
	Limit   int // of the output in bytes; zero is a mebibyte
}

// Setting is a line of git's configuration.
type Setting struct{ Key, Value string }

// Error is a git that failed.
type Error struct {
	Command string // its first argument
	Stderr  string // what it said, shortened
	Err     error
}

func (e *Error) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %v: %s", e.Command, e.Err, e.Stderr)
}

// Unwrap gives what ended it.
func (e *Error) Unwrap() error { return e.Err }

// Run starts git and gives what it printed. Errors of git are *[Error]; running
// out of time is [provider.ErrUnavailable], too much output [provider.ErrTooLarge].
func (g *Git) Run(ctx context.Context, c Call) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	cmd := exec.CommandContext(limited, "git", c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = slices.Concat(g.environ, c.Environ, settings(c.Setting))
	if c.Dir != "" { // a folder that is no repository is not the one around it
		cmd.Env = append(cmd.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(c.Dir))
	}
	cmd.Stdin = strings.NewReader(c.Stdin)
	out, errs := &capped{limit: c.Limit}, &capped{limit: 4 << 10, quiet: true}
	if out.limit == 0 {
		out.limit = 1 << 20
	}
	cmd.Stdout, cmd.Stderr = out, errs
	group(cmd)
	cmd.WaitDelay = 2 * time.Second // a grandchild that kept a pipe does not keep us
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case out.over:
		return nil, fmt.Errorf("%w: git %s printed more than %d bytes", provider.ErrTooLarge, c.Args[0], out.limit)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		return nil, fmt.Errorf("%w: git %s took longer than %v", provider.ErrUnavailable, c.Args[0], g.limit)
	}
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", provider.ErrNoRepository, err)
	}
	return nil, &Error{c.Args[0], strings.TrimSpace(errs.String()), err}
}

// settings writes configuration as variables.
func settings(list []Setting) []string {
	// A repository on disk may belong to somebody else: that its path was
	// configured is the consent git asks for.
	list = append(list, Setting{"safe.directory", "*"}, Setting{"core.fsmonitor", "false"}, Setting{"core.hooksPath", Nowhere},
		Setting{"gc.auto", "0"}, Setting{"maintenance.auto", "false"}, Setting{"advice.detachedHead", "false"})
	out := []string{fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(list))}
	for i, s := range list {
		out = append(out, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s.Key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s.Value))
	}
	return out
}

var errOver = errors.New("output limit")

// capped keeps output up to a limit; what comes after is an error, or passed
// over in silence.
type capped struct {
	bytes.Buffer
	limit int
	quiet bool
	over  bool
}

// ReadFrom hides the buffer's, which knows no limit.
func (c *capped) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.limit - c.Len()
	if len(p) <= room {
		return c.Buffer.Write(p)
	}
	if room > 0 {
		c.Buffer.Write(p[:room])
	}
	c.over = true
	if c.quiet {
		return len(p), nil
	}
	return max(room, 0), errOver
}
