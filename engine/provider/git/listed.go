package git

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// mostCommits is where forges that do not count stop listing: fewer than that
// are all there are. GitHub lists 2048, Gogs and old Giteas everything.
const mostCommits = 2048

// listed is what the payload of a push says about files, if it says all. It
// does not when commits are left out (GitLab sends the last twenty, Gitea the
// last few), when one comes without its files, or when history was rewritten,
// which the new commits do not tell.
func (c *Config) listed(ev *provider.Event) ([]string, bool) {
	p := presetOf(c.Preset)
	p.lay(c)
	r := &reading{preset: p, raw: ev.Payload}
	decoder := json.NewDecoder(bytes.NewReader(ev.Payload))
	decoder.UseNumber()
	if decoder.Decode(&r.body) != nil {
		return nil, false
	}
	if forced, ok := event.Field(any(r.body), "forced").(bool); ok && forced {
		return nil, false
	}
	commits, ok := event.Field(any(r.body), "commits").([]any)
	if !ok || len(commits) == 0 || !c.complete(r, commits, ev.Ref.SHA) {
		return nil, false
	}
	files := []string{}
	for _, path := range p.paths.Files {
		for _, found := range r.all(path) {
			if name, ok := found.(string); ok && name != "" {
				files = append(files, name)
			}
		}
	}
	slices.Sort(files)
	// Of a forge that nobody knows, no files may mean that its lists are elsewhere.
	return slices.Compact(files), len(files) > 0 || c.Preset != Custom
}

func (c *Config) complete(r *reading, commits []any, head string) bool {
	if !slices.ContainsFunc(commits, func(v any) bool { return event.Text(v, "id") == head }) {
		return false
	}
	for _, v := range commits {
		for _, list := range []string{"added", "modified", "removed"} {
			if _, ok := event.Field(v, list).([]any); !ok && c.Preset != Custom {
				return false
			}
		}
	}
	switch total := first(r.at("total_commits_count"), r.at("total_commits")); {
	case total != "":
		return total == strconv.Itoa(len(commits))
	case c.Preset == GitLab:
		return false
	}
	return len(commits) < mostCommits && count(commits) < mostFiles
}

// mostFiles of one commit are listed by GitHub, which does not say that it
// left out the rest.
const mostFiles = 3000

func count(commits []any) int {
	most := 0
	for _, v := range commits {
		n := 0
		for _, list := range []string{"added", "modified", "removed"} {
			files, _ := event.Field(v, list).([]any)
			n += len(files)
		}
		most = max(most, n)
	}
	return most
}
