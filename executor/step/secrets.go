package step

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/executor"
)

// Limits of setSecretOutput.
const (
	maxPublished      = 20
	maxPublishedBytes = 64 << 10
)

// secretStore holds the job's secrets. The engine's mu guards it.
type secretStore struct {
	values    map[string]executor.Secret
	order     []string // as given, for messages
	access    map[string]bool
	published []executor.Secret
	mounts    string // this step's folder, when there is one
	mounted   int
}

func newSecretStore(list []executor.Secret) *secretStore {
	s := &secretStore{values: map[string]executor.Secret{}, access: map[string]bool{}}
	for _, secret := range list {
		if _, again := s.values[secret.Key]; !again {
			s.order = append(s.order, secret.Key)
		}
		s.values[secret.Key] = secret
	}
	return s
}

// guarded reports whether a variable of that name belongs to the operator.
func (s *secretStore) guarded(key string) bool {
	v, ok := s.values[key]
	return ok && !v.Quiet
}

func (s *secretStore) read() []string {
	out := make([]string, 0, len(s.access))
	for k := range s.access {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// find marks a secret as read. The error has the shape the SDK makes its
// SecretNotFoundError from.
func (s *secretStore) find(key string) (executor.Secret, error) {
	v, ok := s.values[key]
	if !ok {
		known := "(none)"
		if len(s.order) > 0 {
			known = strings.Join(s.order, ", ")
		}
		return v, fmt.Errorf("secret %q not found; available: %s", key, known)
	}
	s.access[key] = true
	return v, nil
}

// secretInfo is what the guest may know of a secret without reading it.
type secretInfo struct {
	Key string `json:"key"`
}

func (s *secretStore) list() []secretInfo {
	out := make([]secretInfo, 0, len(s.order))
	for _, k := range s.order {
		out = append(out, secretInfo{k})
	}
	return out
}

// mountOptions are those of mountFile and exposeFile.
type mountOptions struct {
	Sources []string `json:"sources"`
	Divider string   `json:"divider"`
	Mode    uint32   `json:"mode"`
	Name    string   `json:"name"`
}

// mount writes secrets into a file that lives as long as the step.
func (e *Engine) mount(o mountOptions) (string, error) {
	if len(o.Sources) == 0 {
		return "", errors.New("mountFile: sources must be a list of at least one secret")
	}
	home, err := e.home()
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var parts []string
	for _, key := range o.Sources {
		v, err := e.secrets.find(key)
		if err != nil {
			return "", err
		}
		parts = append(parts, v.Value)
	}
	content := strings.Join(parts, o.Divider)
	// The joined text is a secret of its own: neither part would mask it.
	e.host.Reveal([]string{content})
	e.secrets.mounted++
	name := fileName(o.Name, e.secrets.mounted)
	if e.secrets.mounts == "" {
		dir, err := os.MkdirTemp(home, "kici-secret-files-")
		if err != nil {
			return "", err
		}
		e.secrets.mounts = dir
	}
	path := filepath.Join(e.secrets.mounts, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", err
	}
	mode := fs.FileMode(o.Mode) & fs.ModePerm
	if mode == 0 {
		mode = 0o600
	}
	return path, os.Chmod(path, mode) // WriteFile's mode passes through the umask
}

// fileName keeps a wanted name inside the step's folder: only what follows the
// last slash of either kind counts.
func fileName(wanted string, n int) string {
	name := wanted[strings.LastIndexAny(wanted, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || strings.ContainsRune(`:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(name, ".") == "" {
		return fmt.Sprintf("secret-%d", n)
	}
	return name
}

// unmount removes what the step mounted.
func (e *Engine) unmount() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	dir := e.secrets.mounts
	e.secrets.mounts = ""
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// expose sets a variable until the end of the step.
func (e *Engine) expose(key, value string) {
	e.mu.Lock()
	old, had := e.env.Get(key)
	e.exposed = append(e.exposed, undo{key, old, had})
	e.mu.Unlock()
	e.env.Set(key, value)
}

// publish keeps a secret output for the jobs that need this one.
func (e *Engine) publish(key, value string) error {
	if key == "" {
		return errors.New("setSecretOutput: the key is empty")
	}
	if len(value) > maxPublishedBytes {
		return fmt.Errorf("setSecretOutput: %q has %d bytes; at most %d are allowed", key, len(value), maxPublishedBytes)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.secrets.published
	i := slices.IndexFunc(list, func(s executor.Secret) bool { return s.Key == key })
	if i < 0 && len(list) >= maxPublished {
		return fmt.Errorf("setSecretOutput: a job may publish at most %d secrets", maxPublished)
	}
	e.host.Reveal([]string{value})
	if i >= 0 {
		list[i].Value = value
		return nil
	}
	e.secrets.published = append(list, executor.Secret{Key: key, Value: value})
	return nil
}
