package author

import (
	"encoding/json"
	"path"
	"slices"

	"github.com/kici-dev/kici-go/kici/adminclient"
)

// manyRemembered bounds the local history of runs.
const manyRemembered = 100

// history are the runs that this machine has asked about, newest first, as they
// were then. What cannot be read is no history.
func (a *app) history() (out []adminclient.Run) {
	text, _, _ := a.Disk.Read(a.historyFile())
	if json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

func (a *app) historyFile() string { return path.Join(a.configDir(), "history.json") }

// remember keeps a run for when its orchestrator cannot be asked. That it could
// not be written is worth no failure.
func (a *app) remember(r *adminclient.Run) {
	all := slices.DeleteFunc(a.history(), func(old adminclient.Run) bool { return old.ID == r.ID })
	all = append([]adminclient.Run{*r}, all...)
	if text, err := json.Marshal(all[:min(len(all), manyRemembered)]); err == nil {
		_ = a.Disk.Write(a.historyFile(), string(text), 0o600)
	}
}

func (a *app) remembered(id string) *adminclient.Run {
	all := a.history()
	i := slices.IndexFunc(all, func(r adminclient.Run) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &all[i]
}
