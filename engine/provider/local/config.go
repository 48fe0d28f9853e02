package local

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
)

// Config is the configuration of a source.
type Config struct {
	// Path of the repository: its work tree, or a bare one.
	Path string `json:"path"`
	// Project is the folder in the repository whose .kici counts, with slashes:
	// "apps/shop". Empty is the repository's root.
	Project string `json:"project"`
	// RepoFullName is how events call it, "owner/name"; by default "local/" and
	// the folder's name.
	RepoFullName string `json:"repoFullName"`
	// CloneURLBase is put before the name for agents that do not see Path.
	CloneURLBase string `json:"cloneUrlBase"`
	// DefaultBranch is where the repository does not say it itself.
	DefaultBranch string `json:"defaultBranch"`

	verification.Config
	provider.Limits
}

// ParseConfig reads and checks a configuration; its error is a
// *[provider.ConfigError].
func ParseConfig(data []byte) (*Config, error) {
	c := &Config{}
	problems := provider.Decode(data, c)
	add := func(path, message string) {
		problems = append(problems, provider.Problem{Path: path, Message: message})
	}
	switch {
	case c.Path == "":
		add("path", "is needed: where the repository is")
	case !filepath.IsAbs(c.Path):
		add("path", "must be absolute: a service has no folder of its own to start from")
	}
	if c.Project != "" && (!filepath.IsLocal(filepath.FromSlash(c.Project)) || path.Clean(c.Project) != c.Project || strings.ContainsAny(c.Project, "\n\x00")) {
		add("project", "must be a folder in the repository, such as apps/shop")
	}
	if c.RepoFullName == "" {
		c.RepoFullName = "local/" + strings.TrimSuffix(filepath.Base(filepath.Clean(c.Path)), ".git")
	}
	if owner, name := path.Split(c.RepoFullName); owner == "" || name == "" {
		add("repoFullName", "must be owner/name")
	}
	if u, err := url.Parse(c.CloneURLBase); err != nil || c.CloneURLBase != "" && u.Scheme == "" {
		add("cloneUrlBase", "must be a URL")
	} else if u.User != nil {
		if _, secret := u.User.Password(); secret {
			add("cloneUrlBase", "must not hold a password: URLs are shown")
		}
	}
	if c.verified() {
		problems = append(problems, c.Config.Check()...)
	}
	problems = append(problems, c.Limits.Check()...)
	if err := provider.Config(problems); err != nil {
		return nil, err
	}
	return c, nil
}

// verified tells whether the source says how deliveries are verified.
func (c *Config) verified() bool { return c.Method != "" || c.Detail.Secret != "" }

// Validate names everything that is wrong with a configuration.
func (*Provider) Validate(config []byte) error {
	_, err := ParseConfig(config)
	return err
}

// Settings are the limits a source sets for its deliveries.
func (*Provider) Settings(s *engine.Source) (provider.Settings, error) {
	c, err := ParseConfig(s.Config)
	if err != nil {
		return provider.Settings{}, err
	}
	return c.Limits.Settings(), nil
}

// Clone is the path as a URL, or the name below the configured base.
func (p *Provider) Clone(_ context.Context, s *engine.Source, _ engine.Ref) (provider.Clone, error) {
	c, err := ParseConfig(s.Config)
	if err != nil {
		return provider.Clone{}, err
	}
	if c.CloneURLBase != "" {
		return provider.Clone{URL: strings.TrimSuffix(c.CloneURLBase, "/") + "/" + c.RepoFullName + ".git"}, nil
	}
	slashed := filepath.ToSlash(filepath.Clean(c.Path))
	if !strings.HasPrefix(slashed, "/") { // C:/repo
		slashed = "/" + slashed
	}
	return provider.Clone{URL: (&url.URL{Scheme: "file", Path: slashed}).String()}, nil
}
