package deps

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// Manager is a package manager, as the packageManager field names it.
type Manager string

// The package managers.
const (
	NPM  Manager = "npm"
	PNPM Manager = "pnpm"
	Yarn Manager = "yarn"
)

// Project is who manages the dependencies of a .kici directory.
type Project struct {
	Manager Manager
	Berry   bool   // yarn 2 or later
	Lock    string // path of the lock file; empty when there is none
	Hash    string // of the lock file, as lockfile.PackageLockHash; empty without one
	// Workspace: the lock file is that of the whole repository.
	Workspace bool
}

// manifest is the part of package.json that we read.
type manifest struct {
	PackageManager       string            `json:"packageManager"`
	Dependencies         map[string]string `json:"dependencies"`
	DevDependencies      map[string]string `json:"devDependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	PeerDependencies     map[string]string `json:"peerDependencies"`
}

// Detect finds the package manager and its lock file. userAgent is
// npm_config_user_agent ("pnpm/9.1.0 npm/? …"), the weakest hint there is. A
// package-lock.json at the root never counts, because with npm the workflows
// have a package of their own.
func Detect(root, kici, userAgent string) Project {
	p := Project{Manager: detect(root, userAgent)}
	if p.Manager == NPM {
		p.Manager = detect(kici, userAgent)
	}
	prefix, candidates := lockfile.ManagerNPM, []string{filepath.Join(kici, "package-lock.json")}
	switch p.Manager {
	case PNPM:
		prefix, candidates = lockfile.ManagerPNPM, []string{filepath.Join(root, "pnpm-lock.yaml"), filepath.Join(kici, "pnpm-lock.yaml")}
	case Yarn:
		prefix, candidates = flavour(root, kici), []string{filepath.Join(root, "yarn.lock"), filepath.Join(kici, "yarn.lock")}
		p.Berry = prefix == lockfile.ManagerYarnBerry
	}
	for _, path := range candidates {
		if text, err := os.ReadFile(path); err == nil {
			p.Lock, p.Hash = path, lockfile.PackageLockHash(prefix, text)
			p.Workspace = filepath.Dir(path) != filepath.Clean(kici)
			break
		}
	}
	return p
}

// detect asks the packageManager field, then the lock files, then the manager
// that started us; npm is what remains.
func detect(dir, userAgent string) Manager {
	m, _ := readManifest(dir)
	name, _, _ := strings.Cut(m.PackageManager, "@")
	if known(name) {
		return Manager(name)
	}
	for _, l := range []struct {
		file    string
		manager Manager
	}{{"pnpm-lock.yaml", PNPM}, {"yarn.lock", Yarn}, {"package-lock.json", NPM}} {
		if info, err := os.Stat(filepath.Join(dir, l.file)); err == nil && info.Mode().IsRegular() {
			return l.manager
		}
	}
	if name, _, _ := strings.Cut(userAgent, "/"); known(name) {
		return Manager(name)
	}
	return NPM
}

func known(name string) bool {
	switch Manager(name) {
	case NPM, PNPM, Yarn:
		return true
	}
	return false
}

// readManifest reads a package.json; ok is false when there is none to read.
func readManifest(dir string) (m manifest, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil || json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &m) != nil {
		return manifest{}, false
	}
	return m, true
}

// flavour tells yarn 1 from its successors, whose lock is another format: the
// first directory that knows decides.
func flavour(dirs ...string) string {
	for _, dir := range dirs {
		m, _ := readManifest(dir)
		if name, version, ok := strings.Cut(m.PackageManager, "@"); ok && Manager(name) == Yarn {
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
