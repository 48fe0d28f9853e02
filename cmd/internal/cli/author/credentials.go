package author

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// credentials are the user's file of settings, KEY=VALUE lines as shell scripts
// read them. Keys that are not ours stay as they are.
type credentials struct {
	path   string
	values map[string]string
}

// Keys of the file. A key of an orchestrator and a token of a person are told
// apart, since they belong to different servers.
const (
	keyAPIKey   = "token"        // kici_sk_…
	keyPAT      = "pat"          // kici_pat_…
	keyExpiry   = "patExpiresAt" // of either, RFC 3339
	keyOrg      = "activeOrgId"
	keyEndpoint = "endpoint"
	keyPlatform = "platformEndpoint"
	keyRouting  = "routingKey"
	keyMode     = "connectionMode" // direct or platform
)

// configDir is the user's folder.
func (a *app) configDir() string {
	if dir := a.Env["KICI_CONFIG_DIR"]; dir != "" {
		return dir
	}
	home := a.Env["HOME"]
	if home == "" {
		home = a.Env["USERPROFILE"]
	}
	return path.Join(home, ".kici")
}

// credentials reads the file; none is empty. JSON, which other releases wrote, is
// understood as well.
func (a *app) credentials() (*credentials, error) {
	c := &credentials{path: path.Join(a.configDir(), "config"), values: map[string]string{}}
	text, found, err := a.Disk.Read(c.path)
	if err != nil || !found {
		return c, err
	}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var all map[string]any
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return c, fmt.Errorf("%s cannot be read: %w", c.path, err)
		}
		for k, v := range all {
			if s, ok := v.(string); ok {
				c.values[k] = s
			}
		}
		return c, nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			c.values[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return c, nil
}

// set changes a value; empty takes it away.
func (c *credentials) set(name, value string) {
	if value == "" {
		delete(c.values, name)
		return
	}
	c.values[name] = value
}

// save writes the file for its owner only.
func (a *app) save(c *credentials) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		fmt.Fprintf(&b, "%s=%s\n", name, c.values[name])
	}
	return a.Disk.Write(c.path, b.String(), 0o600)
}

// secret is what opens the server, and whether there is anything.
func (c *credentials) secret() (string, bool) {
	for _, name := range []string{keyAPIKey, keyPAT} {
		if v := c.values[name]; v != "" {
			return v, true
		}
	}
	return "", false
}

// expiry is when the secret ends; zero when it does not, or nobody said.
func (c *credentials) expiry() time.Time {
	t, err := time.Parse(time.RFC3339, c.values[keyExpiry])
	if err != nil {
		return time.Time{}
	}
	return t
}

// server is the orchestrator that the user has logged in to.
func (c *credentials) server() (*adminclient.Author, error) {
	secret, ok := c.secret()
	switch {
	case !ok:
		return nil, &cli.HintedError{Err: errNotLoggedIn, Hint: "'kici login --token KEY --endpoint URL' does; an operator makes the key with 'kici-admin api-key create'"}
	case c.values[keyEndpoint] == "":
		return nil, &cli.HintedError{Err: errNoEndpoint, Hint: "'kici login --token KEY --endpoint URL' says where it is"}
	}
	if end := c.expiry(); !end.IsZero() && !end.After(time.Now()) {
		return nil, &cli.HintedError{Err: fmt.Errorf("the key has expired on %s", end.Local().Format(time.DateOnly)), Hint: "ask for a new one and say 'kici login --token KEY'"}
	}
	return adminclient.NewAuthor(c.values[keyEndpoint], secret), nil
}
