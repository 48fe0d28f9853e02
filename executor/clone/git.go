package clone

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/executor/proc"
)

// git runs git in one directory, for one source.
type git struct {
	store *Store
	dir   string
	url   string
	auth  *Auth
	env   []string
}

// kept is what stays of a caller's GIT_* variables: how to reach servers on
// this machine. The rest would lead git elsewhere, or write secrets to traces.
func kept(name string) bool {
	switch name {
	case "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY", "GIT_EXEC_PATH", "GIT_PROXY_SSL_CAINFO":
		return true
	}
	return !strings.HasPrefix(name, "GIT_") && name != "SSH_ASKPASS" && name != "LC_ALL" && name != "LANGUAGE"
}

func (s *Store) git(dir string, src Source) *git {
	g := &git{store: s, dir: dir, url: src.URL, auth: src.Auth}
	for _, kv := range s.config.Environ {
		if name, _, _ := strings.Cut(kv, "="); kept(name) {
			g.env = append(g.env, kv)
		}
	}
	// An empty GIT_ASKPASS outranks what is configured: nobody is there to ask.
	g.env = append(g.env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_ALLOW_PROTOCOL=http:https:ssh:file")
	return g
}

// configure sets git configuration for these processes alone, through the
// environment: arguments can be read by every user of the machine.
func (g *git) configure(pairs ...[2]string) {
	g.env = append(g.env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(pairs)))
	for i, p := range pairs {
		n := strconv.Itoa(i)
		g.env = append(g.env, "GIT_CONFIG_KEY_"+n+"="+p[0], "GIT_CONFIG_VALUE_"+n+"="+p[1])
	}
}

// mostOutput of each stream of git is kept.
const mostOutput = 8 << 10

// run runs one git command. Everything it started is gone when run returns.
func (g *git) run(ctx context.Context, args ...string) ([]byte, error) {
	out, errs := &proc.Tail{Limit: mostOutput}, &proc.Tail{Limit: mostOutput}
	exit, err := proc.Run(ctx, "git", 0, proc.Command{Args: append([]string{"git"}, args...), Dir: g.dir, Env: g.env, Stdout: out, Stderr: errs})
	switch {
	case err == nil && exit.Code == 0 && exit.Signal == "":
		g.remark(errs.Bytes())
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{Kind: ErrNoGit, Hint: hint(ErrNoGit, nil)}
	case err != nil:
		return nil, fault(err)
	}
	text := g.masked(string(bytes.TrimSpace(errs.Bytes())))
	kind := classify(text)
	return nil, &Error{Kind: kind, URL: g.url, Detail: "git " + args[0], Hint: hint(kind, g.auth), Output: text}
}

// remark logs what a success has to say: ssh met a host for the first time.
func (g *git) remark(said []byte) {
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, "Permanently added") {
			g.store.config.Log.Warn("clone: a host key was trusted on first sight; pin it to be sure", "url", g.url, "ssh", strings.TrimSpace(line))
		}
	}
}

func (g *git) masked(text string) string {
	if g.auth == nil || g.auth.Kind != AuthBasic {
		return text
	}
	return strings.ReplaceAll(text, g.auth.Secret, "***")
}
