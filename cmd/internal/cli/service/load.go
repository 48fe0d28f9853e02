package service

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// table is what one service can be told.
type table struct {
	Service  string
	Settings []setting
	File     string // where its file is by default; empty: it has none
}

// load reads all settings: the environment wins over the file, the file over
// defaults. Everything that is wrong is in the result's problems.
func (t *table) load(state *cli.State, path string) *settings {
	s := &settings{values: map[string]found{}}
	file := t.read(state, path, s)
	for i := range t.Settings {
		d := &t.Settings[i]
		at, ok := fromEnvironment(state.Env, d, s)
		if !ok {
			at, ok = file[d.Key]
			ok = ok && d.Key != ""
		}
		if !ok {
			s.values[d.Name] = found{value: d.Default}
			continue
		}
		if why := d.check(at.value); why != "" {
			s.bad(at.place, "%s", why)
			at.value = d.Default // what depends on it is not complained about as well
		} else if d.Idle && at.value != d.Default {
			s.warnings = append(s.warnings, at.place+" has no effect in this release")
		}
		s.values[d.Name] = at
	}
	s.warnings = append(s.warnings, strangers(state.Env)...)
	return s
}

// fromEnvironment is what a variable or its twin says. An empty one says
// nothing, as in most files of variables.
func fromEnvironment(env map[string]string, d *setting, s *settings) (found, bool) {
	value, twin := env[d.Name], ""
	if d.Twin != "" {
		twin = env[d.Twin]
	}
	switch {
	case value != "" && twin != "" && value != twin:
		s.bad(d.Name, "and %s are two names of one setting, and say different things; keep %s", d.Twin, d.Name)
		return found{value, d.Name}, true
	case value != "":
		return found{value, d.Name}, true
	case twin != "":
		return found{twin, d.Twin}, true
	}
	return found{}, false
}

// read reads the file, if there is one: by --config, KICI_CONFIG, or where it is
// by default.
func (t *table) read(state *cli.State, path string, s *settings) map[string]found {
	if t.File == "" {
		return nil
	}
	asked := path
	if asked == "" {
		asked = state.Env["KICI_CONFIG"]
	}
	at := asked
	if at == "" {
		at = t.File
	}
	content, there, err := state.Disk.Read(at)
	switch {
	case err != nil:
		s.bad(at, "cannot be read: %v", err)
		return nil
	case !there && asked != "":
		s.bad(at, "there is no such file")
		return nil
	}
	return t.parse(at, content, s)
}

// foreign begin names that somebody else reads, whatever follows.
var foreign = []string{"KICI_COLD_STORE_", "KICI_AGENT_ENV_", "KICI_PROVIDERS_GITHUB_", "KICI_DEPLOY_", "KICI_ADMIN_", "KICI_SECRET_FILE_", "KICI_NPM_TOKEN_", "KICI_OIDC_"}

// others are names of runs and of the other commands: they may stand in the
// environment of a service that is itself started by one.
var others = []string{
	"KICI_CONFIG", "KICI_CONFIG_DIR", "KICI_CONFIG_ROOT", "KICI_DEV", "KICI_DEBUG", "KICI_RUN_ID", "KICI_RUN_DIR", "KICI_ENV", "KICI_PATH", "KICI_OUTPUT", "KICI",
	"KICI_JOB_ID", "KICI_JOB_NAME", "KICI_WORKFLOW", "KICI_BROWSER_CMD", "KICI_CALLBACK_PORT", "KICI_AUTH_URL", "KICI_API_KEY", "KICI_SECRET_VALUE",
	"KICI_SOURCE_REPO_PATH", "KICI_WORKFLOW_REPO_PATH", "KICI_LOCAL_LOCK_KILL_GRACE_MS", "KICI_GUIDE_FILE", "KICI_REF", "KICI_SHA", "KICI_EVENT", "KICI_ACTOR",
}

// strangers warns about variables that look as if they were ours.
func strangers(env map[string]string) []string {
	var known []string
	for _, t := range []*table{orchestratorTable(), agentTable(), relayTable()} {
		for _, d := range t.Settings {
			known = append(known, d.Name)
			if d.Twin != "" {
				known = append(known, d.Twin)
			}
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !strings.HasPrefix(name, "KICI_") || slices.Contains(known, name) || slices.Contains(others, name) ||
			slices.ContainsFunc(foreign, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		text := name + " is not a variable that anybody reads"
		if near := event.Nearest(name, known); len(near) > 0 {
			text = fmt.Sprintf("%s, did you mean %s?", text, near[0])
		}
		out = append(out, text)
	}
	return out
}

// configError lists everything that is wrong.
func (t *table) configError(s *settings) error {
	if len(s.problems) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration of %s cannot be used", t.Service)
	for _, p := range s.problems {
		fmt.Fprintf(&b, "\n  %s", p)
	}
	return &cli.UsageError{Message: b.String(), Hint: fmt.Sprintf("'%s --help' lists the settings", t.Service)}
}
