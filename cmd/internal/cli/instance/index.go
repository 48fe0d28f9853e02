package instance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Target names an instance; the zero value is the only one there is.
type Target struct {
	Name, Dir string
	System    bool // of the machine; root means that without saying
}

func (h *Host) system(asked bool) bool { return asked || h.User == 0 }

// index is the file that lists the instances of a machine or user.
func (h *Host) index(system bool) string {
	if root := h.Env["KICI_CONFIG_ROOT"]; root != "" {
		return path.Join(root, "instances.json")
	}
	if system {
		return "/etc/kici/instances.json"
	}
	return path.Join(h.Env["HOME"], ".config", "kici", "instances.json")
}

// Instances lists what is installed. One whose manifest has gone is not.
func (h *Host) Instances(system bool) ([]Instance, error) {
	text, found, err := h.Disk.Read(h.index(system))
	if err != nil || !found {
		return nil, err
	}
	var dirs []struct{ Program, Dir string }
	if err := json.Unmarshal([]byte(text), &dirs); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", h.index(system), err)
	}
	var out []Instance
	for _, d := range dirs {
		i, err := h.read(Programs()[d.Program], d.Dir)
		if err != nil {
			return nil, err
		}
		if i != nil {
			out = append(out, *i)
		}
	}
	return out, nil
}

// read is the manifest in a folder; nil when there is none.
func (h *Host) read(p Program, dir string) (*Instance, error) {
	at := path.Join(dir, p.manifest())
	text, found, err := h.Disk.Read(at)
	if err != nil || !found {
		return nil, err
	}
	var i Instance
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", at, err)
	}
	if i.Program != p.Name {
		return nil, fmt.Errorf("%s is of another program, %q", at, i.Program)
	}
	return &i, nil
}

// write keeps a manifest and enters it in the index.
func (h *Host) write(i *Instance) error {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	if err := h.Disk.Write(path.Join(i.Dir, i.program().manifest()), string(text)+"\n", 0o644); err != nil {
		return err
	}
	all, err := h.Instances(i.System)
	if err != nil {
		return err
	}
	type entry struct {
		Program string `json:"program"`
		Dir     string `json:"dir"`
	}
	rows := []entry{{i.Program, i.Dir}}
	for _, old := range all {
		if old.Dir != i.Dir || old.Program != i.Program {
			rows = append(rows, entry{old.Program, old.Dir})
		}
	}
	slices.SortFunc(rows, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Program, b.Program), cmp.Compare(a.Dir, b.Dir)) })
	list, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return h.Disk.Write(h.index(i.System), string(list)+"\n", 0o644)
}

// Find finds an instance: by its folder, its name, the working directory, or as
// the only one of its program. Otherwise the error lists the candidates.
func (h *Host) Find(p Program, t Target) (*Instance, error) {
	if t.Dir != "" {
		i, err := h.read(p, h.Path(t.Dir))
		if err == nil && i == nil {
			err = fmt.Errorf("no %s is installed in %s", p.Name, t.Dir)
		}
		return i, err
	}
	if t.Name == "" {
		if i, err := h.read(p, h.Dir); err != nil || i != nil {
			return i, err
		}
	}
	all, err := h.Instances(h.system(t.System))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(i Instance) bool { return i.Program != p.Name })
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	k := slices.Index(names, t.Name)
	switch {
	case t.Name == "" && len(all) == 1:
		return &all[0], nil
	case k >= 0:
		return &all[k], nil
	case len(all) == 0:
		return nil, &cli.HintedError{Err: fmt.Errorf("no %s is installed here", p.Name), Hint: fmt.Sprintf("'kici-admin %s install' does", p.Name)}
	}
	what := "there are several"
	if t.Name != "" {
		what = fmt.Sprintf("no %s is named %s", p.Name, t.Name)
	}
	return nil, &cli.UsageError{Message: what, Hint: "say which with --name: " + strings.Join(names, ", ")}
}
