package adminclient_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/adminclient"
)

// removals takes the source "forge" away and back, and ends it.
func removals(t *testing.T, c *adminclient.Client) {
	t.Helper()
	ctx := t.Context()
	if err := c.RemoveSource(ctx, "forge", false); err != nil {
		t.Error(err)
	}
	if all, err := c.Sources(ctx, false); len(all) != 0 || err != nil {
		t.Errorf("%v %v", all, err)
	}
	if all, err := c.Sources(ctx, true); len(all) != 1 || all[0].DeletedAt == nil || all[0].Enabled || err != nil {
		t.Errorf("%+v %v", all, err)
	}
	if s, err := c.EnableSource(ctx, "forge"); err != nil || !s.Enabled || s.DeletedAt != nil {
		t.Errorf("brought back: %+v %v", s, err)
	}
	if s, err := c.DisableSource(ctx, "forge"); err != nil || s.Enabled {
		t.Errorf("disabled: %+v %v", s, err)
	}
	// A name that only a removed source has is free, and taking it ends the other.
	before, err := c.Source(ctx, "forge")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveSource(ctx, "forge", false); err != nil {
		t.Error(err)
	}
	_, err = c.TriggerLocal(ctx, "forge", adminclient.LocalTrigger{})
	refused(t, "a removed source", err, http.StatusNotFound, "no such source")
	again, err := c.AddSource(ctx, adminclient.SourceInput{Name: "forge", Config: map[string]any{"verificationMethod": "none"}})
	if err != nil || again.ID == before.ID {
		t.Errorf("%+v %v", again, err)
	}
	if err := c.RemoveSource(ctx, "forge", false); err != nil {
		t.Error(err)
	}
	for _, dry := range []bool{true, false} {
		if gone, err := c.PurgeSources(ctx, adminclient.Purge{DryRun: dry}); len(gone) != 1 || gone[0].ID != again.ID || err != nil {
			t.Errorf("%+v %v", gone, err)
		}
	}
	refused(t, "a purged source", c.RemoveSource(ctx, "forge", true), http.StatusNotFound, "no source forge")
	if all, err := c.Sources(ctx, true); len(all) != 0 || err != nil {
		t.Errorf("%v %v", all, err)
	}
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	k, err := c.AddAPIKey(ctx, adminclient.NewAPIKey{Label: "alice", RoutingKeys: []string{"github:*"}, ExpiresInMS: 60_000})
	if err != nil || !strings.HasPrefix(k.Key, "kici_sk_") || len(k.Key) != len("kici_sk_")+64 || !strings.HasPrefix(k.Key, k.Prefix) || k.ExpiresAt == nil {
		t.Fatalf("%+v %v", k, err)
	}
	if k, err = c.AddRoutingKey(ctx, k.ID, "local:default:1"); err != nil || len(k.RoutingKeys) != 2 || k.Key != "" {
		t.Errorf("%+v %v", k, err)
	}
	for _, p := range []string{"", " x", "a*b", "**"} {
		_, err := c.AddRoutingKey(ctx, k.ID, p)
		refused(t, "a pattern", err, http.StatusBadRequest, "no pattern of routing keys")
	}
	_, err = c.AddRoutingKey(ctx, "none", "a")
	refused(t, "no key", err, http.StatusNotFound, "no API key none")
	if err := c.RevokeAPIKey(ctx, k.ID); err != nil {
		t.Error(err)
	}
	refused(t, "no key", c.RevokeAPIKey(ctx, "none"), http.StatusNotFound, "no API key none")
	if all, err := c.APIKeys(ctx); err != nil || len(all) != 1 || all[0].RevokedAt == nil || all[0].Key != "" {
		t.Errorf("%+v %v", all, err)
	}
	wide, err := c.AddAPIKey(ctx, adminclient.NewAPIKey{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.AddRoutingKey(ctx, wide.ID, "a")
	refused(t, "a key that sees all", err, http.StatusBadRequest, "everything already")
	_, err = c.AddAPIKey(ctx, adminclient.NewAPIKey{ExpiresInMS: -1})
	refused(t, "a life", err, http.StatusBadRequest, "expiresInMs")
}

func TestClusterName(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	if name, err := c.ClusterName(ctx); err != nil || !strings.HasPrefix(name, "cluster-") || len(name) != len("cluster-")+6 {
		t.Errorf("%q %v", name, err)
	}
	for _, wrong := range []string{"", "A", "-a", "a-", "a_b", strings.Repeat("a", 64)} {
		refused(t, wrong, c.SetClusterName(ctx, wrong), http.StatusBadRequest, "no name of a cluster")
	}
	if err := c.SetClusterName(ctx, "frankfurt"); err != nil {
		t.Error(err)
	}
	if name, err := c.ClusterName(ctx); name != "frankfurt" || err != nil {
		t.Errorf("%q %v", name, err)
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	if all, err := c.DeadLetters(ctx, 0, 0); len(all) != 0 || err != nil {
		t.Errorf("%v %v", all, err)
	}
	if n, err := c.CountDeadLetters(ctx); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	refused(t, "none", c.RetryDeadLetter(ctx, 7), http.StatusNotFound, "no dead event 7")
	refused(t, "none", c.DiscardDeadLetter(ctx, 7), http.StatusNotFound, "no dead event 7")
}

func TestDrainAgent(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, true), t.Context()
	for c.DrainAgent(ctx, "one", true) != nil { // it is still on its way
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
	}
	for _, on := range []bool{true, false} {
		if err := c.DrainAgent(ctx, "one", on); err != nil {
			t.Fatal(err)
		}
		if all, err := c.Agents(ctx); err != nil || len(all) != 1 || (all[0].DrainingSince != nil) != on {
			t.Errorf("%+v %v", all, err)
		}
	}
	refused(t, "no agent", c.DrainAgent(ctx, "none", true), http.StatusNotFound, "no agent none")
}
