package git

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
)

func TestSSH(t *testing.T) {
	t.Parallel()
	forge := forgetest.Start(t, forgetest.Options{})
	ssh, err := forge.SSH(t)
	switch {
	case errors.Is(err, forgetest.ErrNoSSH) && os.Getenv("CI") != "true":
		t.Skip("sshd is not installed")
	case err != nil:
		t.Fatal(err)
	}
	repo := forge.CreateRepo("acme/web")
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	two := repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "1"}})
	ctx, tmp := context.Background(), t.TempDir()
	key := func(value string, more fields) fields {
		f := fields{"credentialType": "ssh", "credential": value}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	pinned := func(hosts string) fields {
		return fields{"sshHostKeyPolicy": "pinned", "sshKnownHostsPem": hosts}
	}
	for name, c := range map[string]struct {
		more fields
		want error
	}{
		"pinned":          {key(ssh.Key, pinned(ssh.KnownHosts)), nil},
		"with CRLF":       {key(strings.ReplaceAll(ssh.Key, "\n", "\r\n"), pinned(ssh.KnownHosts)), nil},
		"without its end": {key(strings.TrimSpace(ssh.Key), pinned(ssh.KnownHosts)), nil},
		"another host":    {key(ssh.Key, pinned(ssh.Other)), provider.ErrDenied},
		"wrong key":       {key(ssh.Wrong, pinned(ssh.KnownHosts)), provider.ErrDenied},
		"no key at all":   {key("not a key", pinned(ssh.KnownHosts)), provider.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := New(Options{CacheDir: t.TempDir(), Environ: []string{"TMPDIR=" + tmp}}), source(t, "gitea", ssh.Template, c.more)
			lock, err := p.Lockfile(ctx, s, ref(one))
			if !errors.Is(err, c.want) || c.want == nil && (err != nil || string(lock) != "1") {
				t.Errorf("got %q, %v, want %v", lock, err, c.want)
			}
			if found, err := p.Resolve(ctx, s, engine.Ref{Repo: "acme/web"}); !errors.Is(err, c.want) || c.want == nil && found.SHA != two {
				t.Errorf("got %v, %v, want %v", found, err, c.want)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", ssh.Template, key(ssh.Key, pinned(ssh.KnownHosts)))
		if _, err := p.Lockfile(ctx, s, engine.Ref{Repo: "acme/none", SHA: one}); !errors.Is(err, provider.ErrNoRepository) {
			t.Errorf("got %v, want ErrNoRepository", err)
		}
	})
	t.Run("accept-new", func(t *testing.T) {
		var logged bytes.Buffer
		p := New(Options{CacheDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		s := source(t, "gitea", ssh.Template, key(ssh.Key, nil))
		for _, sha := range []string{one, two} {
			if _, err := p.Lockfile(ctx, s, ref(sha)); err != nil {
				t.Error(err)
			}
		}
		if n := strings.Count(logged.String(), "first visit"); n != 1 {
			t.Errorf("warned %d times, want once", n)
		}
		// The host is another now: somebody sits between.
		known, err := p.mirrors.knownHosts(s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(known, []byte(ssh.Other+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Resolve(ctx, s, engine.Ref{Repo: "acme/web"}); !errors.Is(err, provider.ErrDenied) {
			t.Errorf("got %v, want ErrDenied", err)
		}
	})
	t.Run("key files", func(t *testing.T) {
		p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", ssh.Template, key(ssh.Key, nil))
		c, err := ParseConfig(s.Config)
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.open(ctx, s, c, place{scheme: "ssh"})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(a.dir, "key")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if strings.Contains(strings.Join(a.environ, " "), "PRIVATE KEY") {
			t.Error("the key is in the environment")
		}
		a.close()
		if _, err := os.Stat(a.dir); !os.IsNotExist(err) {
			t.Errorf("the key stays: %v", err)
		}
	})
}
