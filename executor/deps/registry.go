package deps

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Registry is a private npm registry of a workflow, with its token.
type Registry struct {
	URL        string
	Scope      string // "@acme"; empty for the default registry
	Token      string
	AlwaysAuth bool
}

// checkURL: tokens travel over TLS, or not at all; the own machine is exempt.
func checkURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("deps: registry %q: not an absolute URL", raw)
	}
	if u.Scheme == "https" {
		return u, nil
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	if u.Scheme == "http" && (host == "localhost" || strings.HasSuffix(host, ".local") || ip != nil && ip.IsLoopback()) {
		return u, nil
	}
	return nil, fmt.Errorf("deps: registry %q: must be https, its token would be readable on the way", raw)
}

// npmrc gives the lines for the registries and the variables they refer to.
func npmrc(registries []Registry, nonce string) (lines string, env map[string]string, err error) {
	env = map[string]string{}
	var b strings.Builder
	for i, r := range registries {
		u, err := checkURL(r.URL)
		if err != nil {
			return "", nil, err
		}
		at := u.Host + u.EscapedPath()
		if !strings.HasSuffix(at, "/") {
			at += "/"
		}
		full := u.Scheme + "://" + at
		if r.Scope == "" {
			fmt.Fprintf(&b, "registry=%s\n", full)
		} else {
			fmt.Fprintf(&b, "%s:registry=%s\n", r.Scope, full)
		}
		name := fmt.Sprintf("KICI_NPM_TOKEN_%s_%d", nonce, i)
		env[name] = r.Token
		fmt.Fprintf(&b, "//%s:_authToken=${%s}\n", at, name)
		if r.AlwaysAuth {
			fmt.Fprintf(&b, "//%s:always-auth=true\n", at)
		}
	}
	return b.String(), env, nil
}

// lend appends lines to a file until the returned function is called.
func lend(dir, lines string) (restore func() error, err error) {
	if lines == "" {
		return func() error { return nil }, nil
	}
	file := filepath.Join(dir, ".npmrc")
	before, err := os.ReadFile(file)
	absent := errors.Is(err, fs.ErrNotExist)
	if err != nil && !absent {
		return nil, fmt.Errorf("deps: %w", err)
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	text := string(before)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := os.WriteFile(file, []byte(text+lines), mode); err != nil {
		return nil, fmt.Errorf("deps: %w", err)
	}
	return func() error {
		if absent {
			return os.Remove(file)
		}
		return os.WriteFile(file, before, mode)
	}, nil
}
