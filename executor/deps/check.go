package deps

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// RuleError is a dependency that cannot be resolved from the repository alone.
type RuleError struct {
	Name, Spec string // as in package.json
	Problem    string
	Hint       string
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("deps: %q: %q in .kici/package.json %s; %s", e.Name, e.Spec, e.Problem, e.Hint)
}

// Check refuses what no package manager could resolve from a fresh clone.
func Check(root, kici string, manager Manager) error {
	m, _ := readManifest(kici)
	for _, group := range []map[string]string{m.Dependencies, m.OptionalDependencies, m.DevDependencies, m.PeerDependencies} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			if err := checkOne(root, kici, manager, name, group[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkOne(root, kici string, manager Manager, name, spec string) error {
	if strings.HasPrefix(spec, "workspace:") {
		if manager != NPM {
			return nil
		}
		return &RuleError{name, spec, "uses the workspace protocol, which npm does not have", "pin a published version, or switch the repository to pnpm"}
	}
	path := ""
	for _, scheme := range []string{"file:", "link:", "portal:"} {
		if rest, ok := strings.CutPrefix(spec, scheme); ok {
			path = rest
		}
	}
	if path == "" {
		return nil
	}
	path = strings.TrimPrefix(path, "//")
	if !filepath.IsAbs(path) {
		path = filepath.Join(kici, filepath.FromSlash(path))
	}
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
		return nil
	}
	return &RuleError{name, spec, "points outside of the repository, and only the repository is cloned", "move the package into the repository, or depend on a published version"}
}

// provided are the packages that this binary brings: they are not loaded from
// node_modules, so they alone are no reason to install anything.
func provided(name string) bool { return name == "@kici-dev/sdk" || name == "zod" }

// wanted lists the packages that must be installed for workflows to run.
func (m manifest) wanted() []string {
	var names []string
	for name := range m.Dependencies {
		if !provided(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
