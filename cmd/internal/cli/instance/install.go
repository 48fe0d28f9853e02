package instance

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Install says what is wanted.
type Install struct {
	Target
	Platform, Binary, RunAs string
	EnvFile                 string // settings to begin with
	Force                   bool   // over an installation that is there
	Settings                map[string]string
}

// Installed is what came of it.
type Installed struct {
	Instance
	Token string `json:"token,omitempty"` // made up now, and shown once
}

// Install lays out the files, writes the unit and starts it. Nothing is changed
// before all is known to be there.
func (h *Host) Install(p Program, q Install) (*Installed, error) {
	i, err := h.place(p, q.Name, h.platform(q.Platform), h.system(q.System))
	if err != nil {
		return nil, err
	}
	if q.Dir != "" {
		i.Dir = h.Path(q.Dir)
		i.EnvFile = path.Join(i.Dir, i.Name+".env")
	}
	i.RunAs = q.RunAs
	if err := h.checkInstall(p, i, &q); err != nil {
		return nil, err
	}
	if i.Version, err = h.versionOf(q.Binary); err != nil {
		return nil, err
	}
	out := &Installed{Instance: *i}
	settings, err := h.settings(p, out, &q)
	if err != nil {
		return nil, err
	}
	if err := h.layOut(i, q.Binary, settings); err != nil {
		return nil, err
	}
	return out, h.enable(i)
}

func (h *Host) checkInstall(p Program, i *Instance, q *Install) error {
	old, err := h.read(p, i.Dir)
	switch {
	case err != nil:
		return err
	case old != nil && !q.Force:
		return &cli.UsageError{Message: fmt.Sprintf("%s is installed in %s", old.Name, old.Dir), Hint: fmt.Sprintf("'kici-admin %s upgrade' changes its version; --force installs over it, settings and data stay", p.Name)}
	case q.RunAs != "" && !i.System:
		return &cli.UsageError{Message: "--run-as is for services of the system", Hint: "a service of yours runs as you"}
	case p.Jobs && i.System && q.RunAs == "":
		return &cli.UsageError{Message: "an agent of the system has to be told as whom its jobs run", Hint: "--run-as USER, who needs git and whatever the jobs use; jobs can do what that user can"}
	case !i.System && h.Env["HOME"] == "":
		return &cli.UsageError{Message: "HOME is not set", Hint: "a service of a user lies below it; --system installs one of the machine"}
	case i.System && h.User != 0:
		return &cli.UsageError{Message: "a service of the system is installed by root", Hint: "say sudo, or leave --system out"}
	}
	if q.Binary == "" {
		q.Binary = h.look(p.Binary)
	}
	if q.Binary == "" || !h.Disk.Has(q.Binary) {
		return &cli.UsageError{Message: fmt.Sprintf("%s was not found", first(q.Binary, p.Binary)), Hint: "--binary says where it is"}
	}
	return nil
}

// look finds a program in PATH.
func (h *Host) look(name string) string {
	for _, dir := range strings.Split(h.Env["PATH"], ":") {
		if at := path.Join(dir, name); dir != "" && h.Disk.Has(at) && !h.Disk.IsDir(at) {
			return at
		}
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// versionOf asks a program.
func (h *Host) versionOf(binary string) (string, error) {
	var out, said strings.Builder
	if err := h.Exec(h.Dir, h.Environ(), &out, &said, h.Path(binary), "--version"); err != nil {
		return "", fmt.Errorf("%s does not run here: %w %s", binary, err, strings.TrimSpace(said.String()))
	}
	v := strings.TrimPrefix(strings.TrimSpace(out.String()), "v")
	if v == "" || strings.ContainsAny(v, "/ \n") || strings.HasPrefix(v, ".") {
		return "", fmt.Errorf("%s says that its version is %q, which is none", binary, v)
	}
	return v, nil
}

// settings is the file of variables. One that is there stays.
func (h *Host) settings(p Program, i *Installed, q *Install) (string, error) {
	old, found, err := h.Disk.Read(i.EnvFile)
	if err != nil {
		return "", err
	}
	if found && q.EnvFile == "" && len(q.Settings) == 0 {
		return old, nil
	}
	given := map[string]string{"KICI_DATA_DIR": i.DataDir}
	for _, at := range []string{i.EnvFile, q.EnvFile} {
		if at == "" {
			continue
		}
		text, found, err := h.Disk.Read(at)
		if err == nil && !found && at == q.EnvFile {
			err = &cli.UsageError{Message: "there is no file " + at}
		}
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(text) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if ok && !strings.HasPrefix(name, "#") {
				given[name] = unquote(value)
			}
		}
	}
	maps.Copy(given, q.Settings)
	if p.Token != "" && given[p.Token] == "" {
		var random [32]byte
		_, _ = rand.Read(random[:]) // it never fails
		i.Token = hex.EncodeToString(random[:])
		given[p.Token] = i.Token
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Settings of %s; '%s --help' lists them all.\n", i.Name, p.Binary)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if strings.ContainsAny(given[name], "\n\r") {
			return "", &cli.UsageError{Message: name + " has more than one line", Hint: "put it into a file, and the file's name into " + name + "_FILE"}
		}
		fmt.Fprintf(&b, "%s=%s\n", name, quote(given[name]))
	}
	return b.String(), nil
}

// quote writes a value as both systemd and a shell read it.
func quote(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\"'\\$`;&|<>()*?[]#~!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return strings.ReplaceAll(s, `'"'"'`, "'")
}

// layOut writes everything but the state of the init system.
func (h *Host) layOut(i *Instance, binary, settings string) error {
	if err := h.put(i, binary, i.Version); err != nil {
		return err
	}
	dirs := []error{h.Disk.MakeDir(i.Dir)}
	if !i.System || i.Platform == Launchd { // systemd makes the data folder of its own
		dirs = append(dirs, h.Disk.MakeDir(i.DataDir), h.Disk.MakeDir(i.LogDir))
	}
	return errors.Join(append(dirs, h.Disk.Link(path.Join("versions", i.Version), path.Join(i.Base, "current")),
		h.Disk.Write(i.EnvFile, settings, 0o600), h.Disk.Write(i.Unit, i.unit(h.release(i)), 0o644), h.write(i))...)
}

// put stores a version of the program.
func (h *Host) put(i *Instance, binary, version string) error {
	return h.Disk.Copy(binary, path.Join(i.version(version), i.program().Binary), 0o755)
}
