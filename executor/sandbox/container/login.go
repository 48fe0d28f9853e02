package container

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"

	"github.com/kici-dev/kici-go/executor/proc"
)

// login is what `docker login` and `podman login` keep for the registry of an
// image, as the engine wants it in a request; empty when there is none. An
// engine pulls with the rights of who asks, and asks nobody by itself.
func login(ctx context.Context, image string, environ []string) (string, error) {
	name, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", nil // the engine says what is wrong with it
	}
	for _, file := range loginFiles(environ) {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // most people have one of them, or none
		}
		var kept logins
		if err := json.Unmarshal(data, &kept); err != nil {
			return "", fmt.Errorf("container: logins in %s: %w", file, err)
		}
		auth, err := kept.find(ctx, name, environ)
		if err != nil {
			return "", err
		}
		if auth != nil {
			return authconfig.Encode(*auth)
		}
	}
	return "", nil
}

// loginFiles lists where logins are kept, best first.
func loginFiles(environ []string) (files []string) {
	add := func(dir string, path ...string) {
		if dir != "" {
			files = append(files, filepath.Join(append([]string{dir}, path...)...))
		}
	}
	home := lookup(environ, "HOME")
	add(lookup(environ, "REGISTRY_AUTH_FILE"))
	if dir := lookup(environ, "DOCKER_CONFIG"); dir != "" {
		add(dir, "config.json")
	} else {
		add(home, ".docker", "config.json")
	}
	add(lookup(environ, "XDG_RUNTIME_DIR"), "containers", "auth.json")
	if dir := lookup(environ, "XDG_CONFIG_HOME"); dir != "" {
		add(dir, "containers", "auth.json")
	} else {
		add(home, ".config", "containers", "auth.json")
	}
	return files
}

// logins is the part of Docker's config.json, and Podman's auth.json, that is
// about registries.
type logins struct {
	Auths   map[string]kept   `json:"auths"`
	Store   string            `json:"credsStore"`
	Helpers map[string]string `json:"credHelpers"` // by registry
}

type kept struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
}

// hub is the name under which logins of Docker's own registry are kept.
const hub = "https://index.docker.io/v1/"

func (l logins) find(ctx context.Context, image reference.Named, environ []string) (*registry.AuthConfig, error) {
	domain, server := reference.Domain(image), reference.Domain(image)
	if domain == "docker.io" {
		server = hub
	}
	helper := l.Helpers[domain]
	if helper == "" {
		helper = l.Helpers[server]
	}
	if helper == "" {
		helper = l.Store
	}
	if helper != "" {
		auth, err := askHelper(ctx, helper, server, environ)
		if auth != nil || err != nil {
			return auth, err
		}
	}
	return l.written(image, server)
}

// written looks into the file itself. Podman keeps logins of parts of a
// registry as well: the longest name that fits counts.
func (l logins) written(image reference.Named, server string) (*registry.AuthConfig, error) {
	best, found := "", kept{}
	for key, k := range l.Auths {
		name := registryName(key)
		fits := name == reference.Domain(image) || strings.HasPrefix(image.Name()+"/", name+"/")
		if fits && len(name) > len(best) {
			best, found = name, k
		}
	}
	if best == "" || found == (kept{}) {
		return nil, nil
	}
	auth := &registry.AuthConfig{Username: found.Username, Password: found.Password, IdentityToken: found.IdentityToken, ServerAddress: server}
	if found.Auth == "" {
		return auth, nil
	}
	plain, err := base64.StdEncoding.DecodeString(found.Auth)
	user, password, ok := strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
	if err != nil || !ok {
		return nil, fmt.Errorf("container: the login kept for %s cannot be read: log in again", best)
	}
	auth.Username, auth.Password = user, password
	return auth, nil
}

// registryName is a key of the file without what old versions wrote around it.
func registryName(key string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	name = strings.TrimSuffix(name, "/")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "/v1"), "/v2")
	if name == "index.docker.io" || name == "registry-1.docker.io" {
		return "docker.io"
	}
	return name
}

// helperLimit is how long a credential helper may take; some ask a cloud.
const helperLimit = 30 * time.Second

// askHelper gets a login from a credential helper, a program of the user's own; nil
// when it has none.
func askHelper(ctx context.Context, helper, server string, environ []string) (*registry.AuthConfig, error) {
	ctx, stop := context.WithTimeoutCause(ctx, helperLimit, errors.New("it does not answer"))
	defer stop()
	program := "docker-credential-" + helper
	host := proc.Open("login" + rand.Text())
	defer host.Close()
	var out, errs bytes.Buffer
	p, err := host.Start(ctx, proc.Command{Args: []string{program, "get"}, Env: environ, Stdin: true, Stdout: &out, Stderr: &errs})
	if err != nil {
		return nil, fmt.Errorf("container: the login for %s: %w", server, err)
	}
	undo := context.AfterFunc(ctx, func() { _ = host.Terminate(context.Background(), 0, 0) })
	_, _ = p.Stdin().Write([]byte(server)) // one that does not read says why in its answer
	p.Stdin().Close()
	exit := p.Wait()
	undo()
	if err := host.Close(); err != nil { // and nobody writes to out any more
		return nil, fmt.Errorf("container: the login for %s: %w", server, err)
	}
	text := strings.TrimSpace(out.String())
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("container: the login for %s: %s: %w", server, program, context.Cause(ctx))
	case exit.Code != 0 && strings.Contains(text, "credentials not found"):
		return nil, nil
	case exit.Code != 0:
		return nil, fmt.Errorf("container: the login for %s: %s failed with exit code %d: %s", server, program, exit.Code, strings.TrimSpace(text+" "+errs.String()))
	}
	var got struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return nil, fmt.Errorf("container: the login for %s: %s gave no login", server, program)
	}
	if got.Username == "<token>" {
		return &registry.AuthConfig{IdentityToken: got.Secret, ServerAddress: server}, nil
	}
	return &registry.AuthConfig{Username: got.Username, Password: got.Secret, ServerAddress: server}, nil
}
