package author

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// manager is a package manager; Berry tells yarn 2 and later from classic.
type manager struct {
	Name  string
	Berry bool
}

func managers() []string { return []string{"npm", "pnpm", "yarn"} }

// install is its command for a fresh project.
func (m manager) install() []string {
	if m.Name == "pnpm" {
		// An unreviewed build script of a dependency would otherwise end the
		// install with an error on newer versions.
		return []string{"install", "--config.strict-dep-builds=false"}
	}
	return []string{"install"}
}

// packageManager takes the user's word, then the nearest package.json's
// packageManager field, then a lock file, then who called us, then npm.
func (a *app) packageManager(forced string) (manager, error) {
	if forced != "" && !slices.Contains(managers(), forced) {
		return manager{}, &cli.UsageError{
			Message: fmt.Sprintf("unknown package manager %q", forced),
			Hint:    cli.DidYouMean(forced, "package managers", managers()),
		}
	}
	field, version := a.packageManagerField()
	name := firstOf(forced, field, a.lockedManager(), callingManager(a.Env["npm_config_user_agent"]), "npm")
	return manager{Name: name, Berry: name == "yarn" && a.isBerry(field, version)}, nil
}

func (a *app) packageManagerField() (name, version string) {
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		text, found, _ := a.Disk.Read(filepath.Join(dir, "package.json"))
		if found {
			var manifest struct{ PackageManager string }
			if json.Unmarshal([]byte(text), &manifest) != nil {
				return "", ""
			}
			name, version, _ = strings.Cut(manifest.PackageManager, "@")
			if !slices.Contains(managers(), name) {
				return "", ""
			}
			return name, version
		}
		if dir == filepath.Dir(dir) {
			return "", ""
		}
	}
}

func (a *app) lockedManager() string {
	for _, l := range [...][2]string{{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"package-lock.json", "npm"}} {
		if a.Disk.Has(l[0]) {
			return l[1]
		}
	}
	return ""
}

// callingManager reads npm_config_user_agent: "pnpm/9.1.0 npm/? node/v24…".
func callingManager(agent string) string {
	name, _, _ := strings.Cut(agent, "/")
	if slices.Contains(managers(), name) {
		return name
	}
	return ""
}

func (a *app) isBerry(field, version string) bool {
	if major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0]); field == "yarn" && err == nil {
		return major >= 2
	}
	if a.Disk.Has(".yarnrc.yml") {
		return true
	}
	lock, _, _ := a.Disk.Read("yarn.lock")
	return slices.ContainsFunc(strings.Split(lock[:min(len(lock), 512)], "\n"), func(line string) bool {
		return strings.HasPrefix(line, "__metadata:")
	})
}
