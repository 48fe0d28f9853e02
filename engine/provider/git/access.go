package git

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
)

// access is how git gets in. It is made for one call and closed after it.
type access struct {
	environ []string
	setting []repository.Setting
	secret  string // to be hidden in what git says
	dir     string // of key files; empty if there are none
}

func (a *access) close() {
	if a.dir != "" {
		_ = os.RemoveAll(a.dir) // the system's temporary folder; nothing can be done here
	}
}

// hide takes the secret out of an error's text. Git prints none that we know of.
func (a *access) hide(err error) error {
	var g *repository.Error
	if a.secret != "" && errors.As(err, &g) {
		g.Stderr = strings.ReplaceAll(g.Stderr, a.secret, "***")
	}
	return err
}

// auth is the source's credential as it is now: a secret that was replaced is
// used at the next call.
func (p *Provider) auth(ctx context.Context, s *engine.Source, c *Config) (provider.Auth, error) {
	if c.CredentialType == "" {
		return provider.Auth{}, nil
	}
	a := provider.Auth{Kind: provider.AuthBasic, User: c.CredentialUser, Secret: c.Credential}
	if a.Secret == "" {
		if p.secrets == nil {
			return provider.Auth{}, fmt.Errorf("%w: credentialRef %q, and there are no secrets to look in", provider.ErrMisconfigured, c.CredentialRef)
		}
		var err error
		if a.Secret, err = p.secrets(ctx, s, c.CredentialRef); err != nil {
			return provider.Auth{}, fmt.Errorf("provider: credential %q: %w", c.CredentialRef, err)
		}
		if a.Secret == "" {
			return provider.Auth{}, fmt.Errorf("%w: the secret %q is empty", provider.ErrMisconfigured, c.CredentialRef)
		}
	}
	if c.CredentialType == CredentialSSH {
		a.Kind, a.HostKeyPolicy, a.KnownHosts = provider.AuthSSH, c.SSHHostKeyPolicy, c.SSHKnownHosts
		if a.HostKeyPolicy == "" {
			a.HostKeyPolicy = provider.AcceptNew
		}
		return a, nil
	}
	if a.User == "" {
		a.User = patUser
	}
	return a, nil
}

// open prepares git for the source's credential.
func (p *Provider) open(ctx context.Context, s *engine.Source, c *Config, at place) (*access, error) {
	auth, err := p.auth(ctx, s, c)
	if err != nil {
		return nil, err
	}
	a := &access{environ: []string{"GIT_ALLOW_PROTOCOL=" + at.scheme}, secret: string(auth.Secret)}
	switch auth.Kind {
	case provider.AuthBasic:
		pair := base64.StdEncoding.EncodeToString([]byte(auth.User + ":" + string(auth.Secret)))
		// Sent unasked, which saves a round trip, and so never to where a redirect
		// may lead: the address comes from the newest payload anyway.
		a.setting = []repository.Setting{{Key: "http." + at.base + ".extraHeader", Value: "Authorization: Basic " + pair}, {Key: "http.followRedirects", Value: "false"}}
	case provider.AuthSSH:
		if err := p.openSSH(a, s, auth); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
}

func (p *Provider) openSSH(a *access, s *engine.Source, auth provider.Auth) (err error) {
	if a.dir, err = os.MkdirTemp("", "kici-ssh-"); err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	key := strings.TrimSpace(strings.ReplaceAll(string(auth.Secret), "\r\n", "\n")) + "\n" // OpenSSH refuses a key without its last line end
	file, known := filepath.Join(a.dir, "key"), filepath.Join(a.dir, "known_hosts")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	checking := "yes"
	if auth.HostKeyPolicy == provider.Pinned {
		if err := os.WriteFile(known, []byte(strings.TrimSpace(auth.KnownHosts)+"\n"), 0o600); err != nil {
			return fmt.Errorf("provider: %w", err)
		}
	} else {
		// What was accepted once must be remembered, or every visit were the first.
		checking = provider.AcceptNew
		if known, err = p.mirrors.knownHosts(s.ID); err != nil {
			return err
		}
		if _, err := os.Stat(known); err != nil {
			p.log.Warn("the SSH host's key will be believed at this first visit; pin it to be safe from the start", "source", s.Name)
		}
	}
	words := []string{"ssh", "-F", repository.Nowhere, "-i", file}
	for _, option := range []string{"IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "ConnectTimeout=15", "ForwardAgent=no", "ClearAllForwardings=yes",
		"StrictHostKeyChecking=" + checking, "UserKnownHostsFile=" + quoteOption(known), "GlobalKnownHostsFile=" + repository.Nowhere} {
		words = append(words, "-o", option)
	}
	for i, w := range words {
		words[i] = quote(w)
	}
	a.environ = append(a.environ, "GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND="+strings.Join(words, " "))
	return nil
}

// quote is for the shell that git starts ssh with.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// quoteOption is for ssh, which takes a list of files.
func quoteOption(path string) string { return `"` + path + `"` }

// knownHosts is the file of a source's accepted hosts.
func (m *mirrors) knownHosts(id engine.SourceID) (string, error) {
	dir := filepath.Join(m.dir, "known_hosts")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("provider: %w", err)
	}
	return filepath.Join(dir, digest(string(id))), nil
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
