package adminclient_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/lockfile"
)

// aLock is a lock file with a workflow that waits for an agent that never comes.
func aLock(t *testing.T) string {
	t.Helper()
	f := &lockfile.File{Workflows: []lockfile.Workflow{{
		Name: "ci", Source: lockfile.Source{File: "workflows/ci.ts", Export: "#default"},
		Triggers: []lockfile.Trigger{{Type: lockfile.TriggerPush}},
		Jobs:     []lockfile.Job{{Static: &lockfile.StaticJob{Type: "static", Name: "build", RunsOn: lockfile.Labels{"nowhere"}}}},
	}}}
	if err := lockfile.Seal(f); err != nil {
		t.Fatal(err)
	}
	text, err := lockfile.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A key sees and cancels what it is for, and nothing else exists for it.
func TestAuthor(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	repo := forgetest.NewRepo(t)
	repo.Commit(t, forgetest.Change{Files: map[string]string{".kici/kici.lock.json": aLock(t)}})
	source, err := c.AddSource(ctx, adminclient.SourceInput{Name: "here", Kind: "local", Config: map[string]any{"path": repo.Dir}})
	if err != nil {
		t.Fatal(err)
	}
	key := func(patterns ...string) (*adminclient.Author, adminclient.APIKey) {
		k, err := c.AddAPIKey(ctx, adminclient.NewAPIKey{Label: "alice", RoutingKeys: patterns})
		if err != nil {
			t.Fatal(err)
		}
		return adminclient.NewAuthor(c.Base, k.Key), k
	}
	all, made := key()
	some, _ := key("local:*")
	none, _ := key("github:*")
	if who, err := some.Who(ctx); err != nil || who.Label != "alice" || who.Org != "default" || !slices.Equal(who.RoutingKeys, []string{"local:*"}) || who.Version != "1.2.3" {
		t.Errorf("%+v %v", who, err)
	}

	start := func() adminclient.Run {
		done, err := c.TriggerLocal(ctx, "here", adminclient.LocalTrigger{Event: "push"})
		if err != nil {
			t.Fatal(err)
		}
		var d adminclient.Delivery
		for d.Status == "" || d.Status == "received" {
			if d, err = c.Delivery(ctx, done.DeliveryID, false); err != nil {
				t.Fatal(err)
			}
		}
		if len(d.Runs) != 1 {
			t.Fatalf("%+v", d)
		}
		return d.Runs[0]
	}
	run := start()
	for _, a := range []*adminclient.Author{all, some} {
		if r, err := a.Run(ctx, run.ID); err != nil || len(r.Jobs) != 1 || r.RoutingKey != source.RoutingKey {
			t.Errorf("%+v %v", r, err)
		}
		if ws, err := a.Workflows(ctx, "", "push"); err != nil || len(ws) != 1 || ws[0].Name != "ci" || !slices.Equal(ws[0].Triggers, []string{"push"}) {
			t.Errorf("%+v %v", ws, err)
		}
		for l, err := range a.Logs(ctx, run.ID, adminclient.LogFilter{}) {
			t.Errorf("%+v %v", l, err)
		}
	}
	for _, filter := range [][2]string{{"other/repo", ""}, {"", "schedule"}} {
		if ws, err := all.Workflows(ctx, filter[0], filter[1]); err != nil || len(ws) != 0 {
			t.Errorf("%v: %+v %v", filter, ws, err)
		}
	}
	_, err = none.Run(ctx, run.ID)
	refused(t, "a run of others", err, http.StatusNotFound, "no run "+run.ID)
	for _, err := range none.Logs(ctx, run.ID, adminclient.LogFilter{}) {
		refused(t, "a log of others", err, http.StatusNotFound, "no run "+run.ID)
	}
	_, err = none.Cancel(ctx, adminclient.AuthorCancel{RunID: run.ID})
	refused(t, "a run of others", err, http.StatusNotFound, "no run "+run.ID)
	if done, err := none.Cancel(ctx, adminclient.AuthorCancel{Branch: "main"}); err != nil || len(done.RunIDs) != 0 {
		t.Errorf("%+v %v", done, err)
	}
	if ws, err := none.Workflows(ctx, "", ""); err != nil || len(ws) != 0 {
		t.Errorf("%+v %v", ws, err)
	}
	_, err = all.Cancel(ctx, adminclient.AuthorCancel{})
	refused(t, "nothing to cancel", err, http.StatusBadRequest, "runId or branch")

	if done, err := some.Cancel(ctx, adminclient.AuthorCancel{RunID: run.ID}); err != nil || !slices.Equal(done.RunIDs, []string{run.ID}) {
		t.Errorf("%+v %v", done, err)
	}
	_, err = some.Cancel(ctx, adminclient.AuthorCancel{RunID: run.ID})
	refused(t, "a finished run", err, http.StatusConflict, "finished")
	if r, err := all.Run(ctx, run.ID); err != nil || r.CancelledBy != "alice" {
		t.Errorf("%+v %v", r, err)
	}
	second := start()
	if done, err := all.Cancel(ctx, adminclient.AuthorCancel{Branch: "main", Repo: "other/repo"}); err != nil || len(done.RunIDs) != 0 {
		t.Errorf("%+v %v", done, err)
	}
	if done, err := all.Cancel(ctx, adminclient.AuthorCancel{Branch: "main", Force: true}); err != nil || !slices.Equal(done.RunIDs, []string{second.ID}) {
		t.Errorf("%+v %v", done, err)
	}

	if err := c.RevokeAPIKey(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*adminclient.Author{all, adminclient.NewAuthor(c.Base, "kici_sk_wrong"), adminclient.NewAuthor(c.Base, ""), adminclient.NewAuthor(c.Base, token)} {
		_, err := a.Who(ctx)
		refused(t, "a key that is none", err, http.StatusUnauthorized, "API key")
	}
	if keys, err := c.APIKeys(ctx); err != nil || keys[0].UsedAt == nil {
		t.Errorf("%+v %v", keys, err)
	}
}
