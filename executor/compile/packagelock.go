package compile

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// Package managers, as the packageManager field names them.
const (
	npm  = "npm"
	pnpm = "pnpm"
	yarn = "yarn"
)

// manifest is the part of package.json that says who manages a directory.
type manifest struct {
	PackageManager string `json:"packageManager"`
}

// PackageLockHash is the lock file's lockfileHash: the dependency lock of the
// manager in charge, or "" without one. userAgent is npm_config_user_agent
// ("pnpm/9.1.0 npm/? …"), the weakest hint there is.
//
// The candidates are fixed: `.kici` here is the one at the git root, whatever
// --kici-dir says, and a package-lock.json at the root never counts, because
// with npm the workflows have a package of their own.
func PackageLockHash(root, userAgent string) string {
	kici := filepath.Join(root, DefaultKiciDir)
	manager := detectManager(root, userAgent)
	if manager == npm {
		manager = detectManager(kici, userAgent)
	}
	switch manager {
	case pnpm:
		return firstHash(lockfile.ManagerPNPM, filepath.Join(root, "pnpm-lock.yaml"), filepath.Join(kici, "pnpm-lock.yaml"))
	case yarn:
		return firstHash(yarnFlavour(root, kici), filepath.Join(root, "yarn.lock"), filepath.Join(kici, "yarn.lock"))
	default:
		return firstHash(lockfile.ManagerNPM, filepath.Join(kici, "package-lock.json"))
	}
}

func firstHash(prefix string, candidates ...string) string {
	for _, path := range candidates {
		if text, err := os.ReadFile(path); err == nil {
			return lockfile.PackageLockHash(prefix, text)
		}
	}
	return ""
}

// detectManager asks the packageManager field, then the lock files, then the
// manager that started us; npm is what remains.
func detectManager(dir, userAgent string) string {
	name, _, _ := strings.Cut(readManifest(dir).PackageManager, "@")
	if known(name) {
		return name
	}
	for _, l := range []struct{ file, manager string }{
		{"pnpm-lock.yaml", pnpm}, {"yarn.lock", yarn}, {"package-lock.json", npm},
	} {
		if info, err := os.Stat(filepath.Join(dir, l.file)); err == nil && info.Mode().IsRegular() {
			return l.manager
		}
	}
	if name, _, _ := strings.Cut(userAgent, "/"); known(name) {
		return name
	}
	return npm
}

func known(manager string) bool { return manager == npm || manager == pnpm || manager == yarn }

func readManifest(dir string) manifest {
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil || json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &m) != nil {
		return manifest{}
	}
	return m
}

// yarnFlavour tells yarn 1 from its successors, whose lock is another format:
// the first directory that knows decides.
func yarnFlavour(dirs ...string) string {
	for _, dir := range dirs {
		if name, version, ok := strings.Cut(readManifest(dir).PackageManager, "@"); ok && name == yarn {
			if major, _, _ := strings.Cut(version, "."); major != "0" && major != "1" {
				return lockfile.ManagerYarnBerry
			}
			return lockfile.ManagerYarnClassic
		}
		if _, err := os.Stat(filepath.Join(dir, ".yarnrc.yml")); err == nil {
			return lockfile.ManagerYarnBerry
		}
		text, err := os.ReadFile(filepath.Join(dir, "yarn.lock"))
		if err != nil {
			continue
		}
		if strings.Contains("\n"+string(text[:min(len(text), 512)]), "\n__metadata:") {
			return lockfile.ManagerYarnBerry
		}
		return lockfile.ManagerYarnClassic
	}
	return lockfile.ManagerYarnClassic
}
