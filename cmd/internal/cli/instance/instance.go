package instance

import (
	"fmt"
	"path"
	"regexp"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Program is what can be installed.
type Program struct {
	Name    string // "agent"
	Binary  string // "kici-agent"
	Summary string // of the unit
	// Jobs: it runs other people's code, so a unit of the system says as whom.
	Jobs bool
	// Token is a setting that opens it, made up when none is given; empty for none.
	Token string
}

// Programs are all of them, by name.
func Programs() map[string]Program {
	return map[string]Program{
		"orchestrator": {Name: "orchestrator", Binary: "kici-orchestrator", Summary: "KiCI orchestrator", Token: "KICI_BOOTSTRAP_ADMIN_TOKEN"},
		"agent":        {Name: "agent", Binary: "kici-agent", Summary: "KiCI agent", Jobs: true},
		"relay":        {Name: "relay", Binary: "kici-relay", Summary: "KiCI relay", Token: "KICI_BOOTSTRAP_ADMIN_TOKEN"},
	}
}

func (p Program) manifest() string { return ".kici-" + p.Name + ".json" }

// Platforms.
const (
	Systemd = "systemd"
	Launchd = "launchd"
)

// Instance is one installation.
type Instance struct {
	Program  string `json:"program"`
	Name     string `json:"name"`
	Platform string `json:"platform"`
	System   bool   `json:"system"` // of the machine, not of a user
	RunAs    string `json:"runAs,omitempty"`
	Dir      string `json:"instanceDir"` // settings and manifest
	EnvFile  string `json:"envFile"`
	DataDir  string `json:"dataDir"`
	LogDir   string `json:"logDir"`
	Base     string `json:"installBase"` // versions/, and the link current
	Unit     string `json:"unit"`
	Version  string `json:"version"`
	Previous string `json:"previousVersion,omitempty"`
}

// Host is the machine.
type Host struct{ *cli.State }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// place fills in where the files of an instance are.
func (h *Host) place(p Program, name, platform string, system bool) (*Instance, error) {
	if name == "" {
		name = p.Binary
	}
	if !nameForm.MatchString(name) {
		return nil, &cli.UsageError{Message: fmt.Sprintf("%q is no name of a service", name), Hint: "lower-case letters, digits and '-', beginning with a letter"}
	}
	i := &Instance{Program: p.Name, Name: name, Platform: platform, System: system}
	home := h.Env["HOME"]
	switch {
	case platform == Systemd && system:
		i.Dir, i.DataDir, i.LogDir, i.Base = "/etc/kici/"+name, "/var/lib/kici/"+name, "/var/log/kici/"+name, "/opt/kici/"+name
		i.Unit = "/etc/systemd/system/" + name + ".service"
	case platform == Systemd:
		share := path.Join(home, ".local", "share", "kici", name)
		i.Dir, i.DataDir, i.LogDir, i.Base = path.Join(home, ".config", "kici", name), path.Join(share, "data"), path.Join(share, "logs"), share
		i.Unit = path.Join(home, ".config", "systemd", "user", name+".service")
	case platform == Launchd && system:
		i.Dir, i.DataDir, i.LogDir, i.Base = "/etc/kici/"+name, "/usr/local/var/kici/"+name, "/var/log/kici/"+name, "/usr/local/kici/"+name
		i.Unit = "/Library/LaunchDaemons/" + label(name) + ".plist"
	case platform == Launchd:
		support := path.Join(home, "Library", "Application Support", "kici", name)
		i.Dir, i.DataDir, i.Base = support, path.Join(support, "data"), support
		i.LogDir, i.Unit = path.Join(home, "Library", "Logs", "kici", name), path.Join(home, "Library", "LaunchAgents", label(name)+".plist")
	default:
		return nil, &cli.UsageError{Message: fmt.Sprintf("--platform %q is not served", platform), Hint: "systemd and launchd are; for containers see the compose file in docs/operating.md"}
	}
	i.EnvFile = path.Join(i.Dir, name+".env")
	return i, nil
}

// label is an instance's name for launchd.
func label(name string) string { return "dev.kici." + name }

func (i *Instance) program() Program { return Programs()[i.Program] }

// command is what the unit starts.
func (i *Instance) command() string { return path.Join(i.Base, "current", i.program().Binary) }

func (i *Instance) version(v string) string { return path.Join(i.Base, "versions", v) }

func (i *Instance) logFile() string { return path.Join(i.LogDir, i.Name+".log") }

// platform is the usual one of the machine.
func (h *Host) platform(asked string) string {
	switch {
	case asked != "":
		return asked
	case h.OS == "darwin":
		return Launchd
	}
	return Systemd
}
