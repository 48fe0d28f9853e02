package instance

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// run runs a program of the init system.
func (h *Host) run(name string, args ...string) (string, error) {
	var out, said strings.Builder
	if err := h.Exec(h.Dir, h.Environ(), &out, &said, name, args...); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

func (i *Instance) systemctl(args ...string) []string {
	if !i.System {
		args = append([]string{"--user"}, args...)
	}
	return args
}

// domain is where launchd keeps the job.
func (h *Host) domain(i *Instance) string {
	if i.System {
		return "system"
	}
	return "gui/" + strconv.Itoa(h.User)
}

func (h *Host) job(i *Instance) string { return h.domain(i) + "/" + label(i.Name) }

// release is that of systemd; 0 when it does not say.
func (h *Host) release(i *Instance) int {
	if i.Platform != Systemd {
		return 0
	}
	out, err := h.run("systemctl", "--version")
	words := strings.Fields(out) // "systemd 252 (252.38-1)"
	if err != nil || len(words) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(words[1])
	return n
}

// enable has the init system know the unit and start it, now and at every boot.
func (h *Host) enable(i *Instance) error {
	if i.Platform == Launchd {
		_, _ = h.run("launchctl", "bootout", h.job(i)) // of an installation before, if there was one
		_, err := h.run("launchctl", "bootstrap", h.domain(i), i.Unit)
		return err
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", i.Name}, {"restart", i.Name}} {
		if _, err := h.run("systemctl", i.systemctl(args...)...); err != nil {
			return err
		}
	}
	if i.System {
		return nil
	}
	_, err := h.run("loginctl", "enable-linger") // it runs without a login
	return err
}

// Verbs of Control.
const (
	Start   = "start"
	Stop    = "stop"
	Restart = "restart"
)

// Control starts, stops or restarts.
func (h *Host) Control(i *Instance, verb string) error {
	if i.Platform == Systemd {
		_, err := h.run("systemctl", i.systemctl(verb, i.Name)...)
		return err
	}
	var err error
	switch verb {
	case Start:
		if _, err = h.run("launchctl", "print", h.job(i)); err != nil {
			_, err = h.run("launchctl", "bootstrap", h.domain(i), i.Unit)
		} else {
			_, err = h.run("launchctl", "kickstart", h.job(i))
		}
	case Stop:
		_, err = h.run("launchctl", "bootout", h.job(i))
	case Restart:
		_, err = h.run("launchctl", "kickstart", "-k", h.job(i))
	}
	return err
}

// Status is how a service is.
type Status struct {
	Instance
	Running  bool   `json:"running"`
	State    string `json:"state"` // in the words of the init system
	PID      int    `json:"pid,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
	Since    string `json:"since,omitempty"`
}

// Status asks the init system.
func (h *Host) Status(i *Instance) (*Status, error) {
	s := &Status{Instance: *i, State: "not loaded"}
	if i.Platform == Launchd {
		out, err := h.run("launchctl", "print", h.job(i))
		if err != nil {
			return s, nil //nolint:nilerr // launchd knows no such job, which is an answer
		}
		s.State = property(out, "state = ")
		s.PID, _ = strconv.Atoi(property(out, "pid = "))
		s.Running = s.State == "running"
		return s, nil
	}
	out, err := h.run("systemctl", i.systemctl("show", i.Name, "--property=ActiveState,SubState,MainPID,NRestarts,ActiveEnterTimestamp")...)
	if err != nil {
		return nil, err
	}
	active := property(out, "ActiveState=")
	s.State, s.Running = active, active == "active"
	if sub := property(out, "SubState="); sub != "" {
		s.State += " (" + sub + ")"
	}
	s.PID, _ = strconv.Atoi(property(out, "MainPID="))
	s.Restarts, _ = strconv.Atoi(property(out, "NRestarts="))
	s.Since = property(out, "ActiveEnterTimestamp=")
	return s, nil
}

// property is what follows a name on a line of its own.
func property(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name); ok {
			return value
		}
	}
	return ""
}

// Uninstall takes the unit away. Settings, data, logs and the manifest stay.
func (h *Host) Uninstall(i *Instance) error {
	if i.Platform == Launchd {
		_, _ = h.run("launchctl", "bootout", h.job(i)) // it may have been stopped
		return h.Disk.Remove(i.Unit)
	}
	if _, err := h.run("systemctl", i.systemctl("disable", "--now", i.Name)...); err != nil && h.Disk.Has(i.Unit) {
		return err
	}
	if err := h.Disk.Remove(i.Unit); err != nil {
		return err
	}
	_, err := h.run("systemctl", i.systemctl("daemon-reload")...)
	return err
}

// Upgrade says how.
type Upgrade struct {
	From     string // the new program
	Rollback bool   // to the version before
	Cleanup  bool   // remove versions but the current and the one before
	Force    bool   // also to the same version
}

// Upgrade stores the new version beside the old one, stops, turns the link over and
// starts. If the new one does not start, the old one is started again.
func (h *Host) Upgrade(i *Instance, q Upgrade) error {
	version := i.Previous
	if !q.Rollback {
		if q.From == "" {
			return h.cleanup(i, q.Cleanup)
		}
		var err error
		if version, err = h.versionOf(q.From); err != nil {
			return err
		}
		if version == i.Version && !q.Force {
			return &cli.UsageError{Message: fmt.Sprintf("%s is at version %s already", i.Name, version), Hint: "--force puts it there again"}
		}
		if err := h.put(i, q.From, version); err != nil {
			return err
		}
	}
	if version == "" || !h.Disk.Has(path.Join(i.version(version), i.program().Binary)) {
		return &cli.UsageError{Message: "there is no version before this one", Hint: "--from names a program to install"}
	}
	old := *i
	if version != i.Version {
		i.Previous = i.Version
	}
	i.Version = version
	if err := h.flip(i, version); err != nil {
		back := h.flip(i, old.Version)
		*i = old
		return errors.Join(fmt.Errorf("version %s does not start; %s was started again: %w", version, old.Version, err), back)
	}
	return errors.Join(h.write(i), h.cleanup(i, q.Cleanup))
}

// flip stops, turns the link over and starts.
func (h *Host) flip(i *Instance, version string) error {
	if err := h.Control(i, Stop); err != nil && i.Platform == Systemd {
		return err
	}
	if err := h.Disk.Link(path.Join("versions", version), path.Join(i.Base, "current")); err != nil {
		return err
	}
	return h.Control(i, Start)
}

// cleanup removes versions that nobody goes back to.
func (h *Host) cleanup(i *Instance, wanted bool) error {
	if !wanted {
		return nil
	}
	all, err := h.Disk.List(path.Join(i.Base, "versions"))
	for _, v := range all {
		if v != i.Version && v != i.Previous {
			err = errors.Join(err, h.Disk.Remove(i.version(v)))
		}
	}
	return err
}
