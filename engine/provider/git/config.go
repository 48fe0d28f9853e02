package git

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Types of credentials.
const (
	CredentialPAT   = "pat"
	CredentialBasic = "basic"
	CredentialSSH   = "ssh"
)

// patUser is the user of a token that has none of its own.
const patUser = "x-access-token"

// Config is the configuration of a source.
type Config struct {
	verification.Config
	provider.Limits

	Preset string `json:"preset"`
	// GitURLTemplate is where repositories are, with {owner} and {name}.
	GitURLTemplate string `json:"gitUrlTemplate"`

	CredentialType string `json:"credentialType"` // empty: the repositories are public
	CredentialUser string `json:"credentialUser"`
	// Credential is the token, password or private key; CredentialRef is its key
	// among the secrets of the source, which is asked at every use.
	Credential    provider.Secret `json:"credential"`
	CredentialRef string          `json:"credentialRef"`

	SSHHostKeyPolicy string `json:"sshHostKeyPolicy"`
	SSHKnownHosts    string `json:"sshKnownHostsPem"`

	// The rest is needed for custom, and may correct a preset.
	EventTypeHeader string       `json:"eventTypeHeader"`
	EventTypePath   string       `json:"eventTypePath"`
	PayloadPaths    PayloadPaths `json:"payloadPaths"`
	EventMapping    EventMapping `json:"eventMapping"`
}

// PayloadPaths are JSONPaths of what a payload must tell.
type PayloadPaths struct {
	Repo          string   `json:"repoIdentifier"` // "owner/name"
	DefaultBranch string   `json:"defaultBranch"`
	Ref           string   `json:"ref"`
	SHA           string   `json:"sha"`
	Before        string   `json:"before"`
	Files         []string `json:"changedFiles"`
}

// EventMapping says which of the sender's event names are pushes and which
// pull requests.
type EventMapping struct {
	Push        []string `json:"push"`
	PullRequest []string `json:"pullRequest"`
}

// ParseConfig reads and checks a configuration; its error is a
// *[provider.ConfigError].
func ParseConfig(data []byte) (*Config, error) {
	c := &Config{}
	problems := provider.Decode(data, c)
	problems = append(problems, c.Config.Check()...)
	problems = append(problems, c.Limits.Check()...)
	problems = append(problems, c.check()...)
	if err := provider.Config(problems); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) check() []provider.Problem {
	var out []provider.Problem
	add := func(path, message string) { out = append(out, provider.Problem{Path: path, Message: message}) }
	switch {
	case c.Preset == "":
		add("preset", "is needed: "+strings.Join(Presets(), ", "))
	case !slices.Contains(Presets(), c.Preset):
		add("preset", fmt.Sprintf("%q is none; there are %s", c.Preset, strings.Join(Presets(), ", ")))
	case c.Preset == Custom:
		if c.PayloadPaths.Repo == "" {
			add("payloadPaths.repoIdentifier", "is needed for custom: where a payload names its repository")
		}
		if len(c.EventMapping.Push)+len(c.EventMapping.PullRequest) == 0 {
			add("eventMapping", "is needed for custom: which event names are pushes and which pull requests")
		}
	}
	out = append(out, c.checkPaths()...)
	return append(out, c.checkAccess()...)
}

func (c *Config) checkPaths() []provider.Problem {
	var out []provider.Problem
	check := func(path, text string) {
		if text == "" {
			return
		}
		if _, err := pattern.CompilePath(text); err != nil {
			out = append(out, provider.Problem{Path: path, Message: "is no JSONPath: " + err.Error()})
		}
	}
	check("eventTypePath", c.EventTypePath)
	p := c.PayloadPaths
	for _, f := range [][2]string{{"repoIdentifier", p.Repo}, {"defaultBranch", p.DefaultBranch}, {"ref", p.Ref}, {"sha", p.SHA}, {"before", p.Before}} {
		check("payloadPaths."+f[0], f[1])
	}
	for i, text := range p.Files {
		check(fmt.Sprintf("payloadPaths.changedFiles[%d]", i), text)
	}
	return out
}

// checkAccess looks at the address and what opens it, which must fit together.
func (c *Config) checkAccess() []provider.Problem {
	var out []provider.Problem
	add := func(path, message string) { out = append(out, provider.Problem{Path: path, Message: message}) }
	scheme := ""
	if c.template() == "" {
		if c.Preset != "" {
			add("gitUrlTemplate", "is needed: https://HOST/{owner}/{name}.git, or ssh://git@HOST/{owner}/{name}.git")
		}
	} else if place, err := c.place("owner/name"); err != nil {
		add("gitUrlTemplate", err.Error())
	} else {
		scheme = place.scheme
	}
	web := scheme == "http" || scheme == "https"
	switch c.CredentialType {
	case "":
		if c.Credential != "" || c.CredentialRef != "" {
			add("credentialType", "is needed beside a credential: pat, basic or ssh")
		}
	case CredentialPAT, CredentialBasic:
		if scheme != "" && !web {
			add("credentialType", c.CredentialType+" needs an http or https address")
		}
		if c.CredentialType == CredentialBasic && c.CredentialUser == "" {
			add("credentialUser", "is needed for basic")
		}
		if strings.ContainsAny(c.CredentialUser, ":\r\n") {
			add("credentialUser", "must not hold a colon or a line end")
		}
	case CredentialSSH:
		if scheme != "" && scheme != "ssh" {
			add("credentialType", "ssh needs an ssh address")
		}
	default:
		add("credentialType", fmt.Sprintf("%q is none; there are pat, basic and ssh", c.CredentialType))
	}
	if c.CredentialType != "" && c.Credential == "" && c.CredentialRef == "" {
		add("credentialRef", "is needed: the key of the secret")
	}
	switch c.SSHHostKeyPolicy {
	case "", provider.AcceptNew:
	case provider.Pinned:
		if strings.TrimSpace(c.SSHKnownHosts) == "" {
			add("sshKnownHostsPem", "is needed when hosts are pinned: what ssh-keyscan prints")
		}
	default:
		add("sshHostKeyPolicy", fmt.Sprintf("%q is none; there are accept-new and pinned", c.SSHHostKeyPolicy))
	}
	return out
}

func (c *Config) template() string {
	if c.GitURLTemplate != "" {
		return c.GitURLTemplate
	}
	return presetOf(c.Preset).url
}

// place is the address of a repository.
type place struct {
	url, scheme string
	base        string // scheme and host, for settings that are only for it
}

var (
	segment = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)
	scpLike = regexp.MustCompile(`^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:[^/]`)
)

// validRepo tells whether a name may become part of an address. It comes out of
// a payload.
func validRepo(repo string) bool {
	parts := strings.Split(repo, "/")
	return len(repo) <= 512 && len(parts) >= 2 && !slices.ContainsFunc(parts, func(s string) bool {
		return s == "." || s == ".." || !segment.MatchString(s)
	})
}

// place fills the template in.
func (c *Config) place(repo string) (place, error) {
	if !validRepo(repo) {
		return place{}, fmt.Errorf("%w: %q is no owner/name", provider.ErrNoRepository, repo)
	}
	i := strings.LastIndex(repo, "/")
	text := strings.NewReplacer("{owner}", repo[:i], "{name}", repo[i+1:]).Replace(c.template())
	if scpLike.MatchString(text) {
		return place{url: text, scheme: "ssh"}, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsAny(text, "{} \t\r\n"):
		return place{}, fmt.Errorf("is no address that {owner} and {name} complete")
	case !slices.Contains([]string{"https", "http", "ssh", "file"}, u.Scheme):
		return place{}, fmt.Errorf("must start with https://, http:// or ssh://")
	case u.Host == "" && u.Scheme != "file" || strings.HasPrefix(u.Host, "-"):
		return place{}, fmt.Errorf("names no host")
	}
	if _, secret := u.User.Password(); secret || u.User != nil && u.Scheme != "ssh" {
		return place{}, fmt.Errorf("must not hold credentials: URLs are shown; credentialType and credentialRef say them")
	}
	return place{text, u.Scheme, u.Scheme + "://" + u.Host + "/"}, nil
}

// Validate names everything that is wrong with a configuration.
func (*Provider) Validate(config []byte) error {
	_, err := ParseConfig(config)
	return err
}

// Settings are the limits a source sets for its deliveries.
func (p *Provider) Settings(s *engine.Source) (provider.Settings, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil {
		return provider.Settings{}, err
	}
	return c.Limits.Settings(), nil
}
