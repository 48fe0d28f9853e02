package kici_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/transport"
)

// member is one of several relays behind one name.
type member struct {
	*kici.Relay
	url  string
	stop func()
	over func() error
}

func startMember(t *testing.T, dsn string, key []byte) *member {
	t.Helper()
	var handler atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.Load().(http.Handler).ServeHTTP(w, r) }))
	open := func(ctx context.Context) (kici.Store, error) {
		return postgres.Open(ctx, postgres.Config{URL: dsn, Schema: "relays"})
	}
	r, err := kici.NewRelay(kici.RelayConfig{PublicURL: "https://relay.example", AdvertisedURL: server.URL, SecretKey: key, AdminToken: relayAdmin, OfferTimeout: time.Minute},
		kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithRelayStoreOpener(open))
	check(t, err)
	handler.Store(r.Handler())
	ctx, stop := context.WithCancel(context.Background())
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.Run(gctx) })
	<-r.Ready()
	m := &member{Relay: r, url: server.URL, stop: stop, over: g.Wait}
	t.Cleanup(func() {
		stop()
		check(t, g.Wait())
		server.Close()
	})
	return m
}

// Of several relays behind one name each answers for all: a delivery that comes to
// one goes to the orchestrator that another one holds, from relay to relay and not
// through the database, which holds no byte of it. When the one that holds the
// orchestrator dies, the orchestrator comes to another.
func TestManyRelays(t *testing.T) {
	t.Parallel()
	server, err := storetest.Postgres(context.Background(), false)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	check(t, err)
	t.Cleanup(func() { check(t, server.Stop()) })
	key := bytes.Repeat([]byte{7}, 32)
	a, b := startMember(t, server.URL, key), startMember(t, server.URL, key)
	admin := adminclient.New(a.url, relayAdmin)
	orgs, err := admin.Orgs(t.Context())
	check(t, err)
	if len(orgs) != 1 {
		t.Fatalf("two relays that began together made %d organisations", len(orgs))
	}
	made, err := admin.CreateOrchestratorKey(t.Context(), adminclient.NewOrchestratorKey{})
	check(t, err)

	s, err := sqlite.Open(t.Context(), "")
	check(t, err)
	dialer := &roaming{}
	dialer.at.Store(b)
	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{RelayKey: made.Key, Sources: []kici.SourceConfig{
		{Name: "shop", Kind: "generic", Config: json.RawMessage(`{"verificationConfig":{"secret":"a secret"},"maxPayloadBytes":26214400}`)}}},
		kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithStore(s), kici.WithRelayDialer(dialer))
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- orch.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		check(t, <-over)
		check(t, s.Close())
	})
	connected := func(at *member) func() bool {
		return func() bool {
			res, err := http.Get(at.url + "/health")
			check(t, err)
			defer func() { check(t, res.Body.Close()) }()
			var h struct{ Orchestrators int }
			check(t, json.NewDecoder(res.Body).Decode(&h))
			return h.Orchestrators > 0
		}
	}
	w := &threeTiers{}
	w.until(t, "the orchestrator is at the second relay", connected(b))
	registered := func() bool {
		all, err := admin.RelayedSources(t.Context(), orgs[0].ID)
		check(t, err)
		return len(all) == 1 && all[0].Connected > 0
	}
	w.until(t, "its source is known", registered)

	body := bytes.Repeat([]byte("needle-of-the-payload \xff\x00\n"), 1<<18) // 6 MiB, and no text
	post := func(at *member, body []byte) (int, string) {
		req, err := http.NewRequest("POST", at.url+"/webhook/"+orgs[0].ID+"/generic/shop/some/where", bytes.NewReader(body))
		check(t, err)
		req.Header.Set("X-Signature-256", "sha256="+verification.Sign(body, "a secret"))
		req.Header["X-Odd"] = []string{"b\xe4r", "two"}
		res, err := http.DefaultClient.Do(req)
		check(t, err)
		defer func() { check(t, res.Body.Close()) }()
		var text bytes.Buffer
		_, err = text.ReadFrom(res.Body)
		check(t, err)
		return res.StatusCode, text.String()
	}
	if code, text := post(a, body); code != http.StatusOK {
		t.Fatal(code, text)
	}
	var ds []kici.Delivery
	check(t, s.View(t.Context(), func(tx store.Tx) (err error) {
		ds, err = tx.Deliveries().Recent(t.Context(), time.Time{}, 9)
		return err
	}))
	sum := sha256.Sum256(body)
	if len(ds) != 1 || ds[0].PayloadHash != hex.EncodeToString(sum[:]) || ds[0].PayloadSize != int64(len(body)) {
		t.Fatalf("%d deliveries: %+v", len(ds), ds)
	}
	dump := dumped(t, server.URL)
	if !strings.Contains(dump, hex.EncodeToString(sum[:])) {
		t.Error("the database does not hold the hash of the delivery")
	}
	for _, secret := range []string{"needle", hex.EncodeToString([]byte("needle")), "a secret", made.Key} {
		if strings.Contains(dump, secret) {
			t.Errorf("the database of the relays holds %q", secret)
		}
	}

	// What is not sealed with the key of the relays is not taken.
	req, err := http.NewRequest("POST", b.url+"/api/v1/relay/deliveries", strings.NewReader("\x00\x00\x00\x02{}"))
	check(t, err)
	req.Header = http.Header{"X-Kici-Relay-Time": {fmt.Sprint(time.Now().UnixMilli())}, "X-Kici-Relay-Seal": {"00"}}
	res, err := http.DefaultClient.Do(req)
	check(t, err)
	check(t, res.Body.Close())
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a delivery without a seal: %d", res.StatusCode)
	}

	dialer.at.Store(a)
	b.stop()
	check(t, b.over())
	w.until(t, "the orchestrator is at the first relay", connected(a))
	w.until(t, "its source is routed there", registered)
	if code, text := post(a, []byte("small")); code != http.StatusOK {
		t.Error(code, text)
	}
}

// roaming is what a load balancer is to an orchestrator.
type roaming struct{ at atomic.Pointer[member] }

func (r *roaming) Dial(ctx context.Context) (transport.Conn, error) {
	return r.at.Load().Dialer().Dial(ctx)
}

// dumped is all that the relays' tables hold, as text.
func dumped(t *testing.T, dsn string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	check(t, err)
	defer func() { check(t, c.Close(context.Background())) }()
	texts := func(query string) []string {
		rows, err := c.Query(t.Context(), query)
		check(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		check(t, err)
		return all
	}
	var b strings.Builder
	for _, table := range texts("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'relays'") {
		for _, row := range texts("SELECT t::text FROM relays." + table + " t") {
			b.WriteString(row + "\n")
		}
	}
	return b.String()
}
