package kici_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// shelf is a provider for repositories on a shelf of this machine, whose clerk
// posts {"commit": …} with a password. It has the three duties of a provider,
// and one more power: Clone tells agents where the code is.
type shelf struct {
	password string
	disk     kici.Provider // reads lock files; any git repository will do
	place    string
}

func (s *shelf) Verify(_ context.Context, in *provider.Inbound) error {
	if in.Header.Get("X-Password") != s.password {
		return kici.ErrSignature
	}
	return nil
}

func (s *shelf) Normalize(_ context.Context, in *provider.Inbound) ([]kici.Event, error) {
	var body struct{ Commit string }
	if err := json.Unmarshal(in.Body, &body); err != nil || body.Commit == "" {
		return nil, fmt.Errorf("%w: no commit", kici.ErrMalformed)
	}
	return []kici.Event{{
		Event: event.Event{Type: event.Push, TargetBranch: "main", Payload: in.Body},
		Ref:   engine.Ref{Repo: "shelf", Name: "refs/heads/main", SHA: body.Commit},
	}}, nil
}

func (s *shelf) Lockfile(ctx context.Context, _ *engine.Source, ref engine.Ref) ([]byte, error) {
	config, err := json.Marshal(map[string]string{"path": s.place})
	if err != nil {
		return nil, err
	}
	return s.disk.Lockfile(ctx, &engine.Source{Kind: "local", Config: config}, ref)
}

func (s *shelf) Clone(context.Context, *engine.Source, engine.Ref) (provider.Clone, error) {
	return provider.Clone{URL: "file://" + s.place}, nil
}

// A provider of one's own is a value with three methods. The suite
// engine/provider/providertest says whether it keeps its word.
func ExampleWithProvider() {
	house := startHouse(exampleWorkflow, func(dir string) kici.OrchestratorOption {
		return kici.WithProvider("shelf", &shelf{password: "open sesame", disk: diskProvider(), place: dir})
	}, kici.SourceConfig{Name: "clerk", Kind: "shelf"})
	defer house.stop()
	server := httptest.NewServer(house.orch.Handler())
	defer server.Close()
	<-house.orch.Ready()

	for _, password := range []string{"guess", "open sesame"} {
		r, err := http.NewRequest("POST", server.URL+"/webhook/default/generic/clerk", strings.NewReader(`{"commit":"`+house.head+`"}`))
		must(err)
		r.Header.Set("X-Password", password)
		answer, err := http.DefaultClient.Do(r)
		must(err)
		fmt.Println(answer.StatusCode)
		if answer.StatusCode == http.StatusAccepted {
			var receipt struct{ DeliveryID kici.DeliveryID }
			must(json.NewDecoder(answer.Body).Decode(&receipt))
			runs, err := house.orch.Runs(house.ctx, receipt.DeliveryID)
			must(err)
			run, err := house.orch.Wait(house.ctx, runs[0].ID)
			must(err)
			fmt.Println(run.Status)
		}
		must(answer.Body.Close())
	}
	// Output:
	// 401
	// 202
	// success
}
