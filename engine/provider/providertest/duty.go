package providertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
)

func testAccepts(t *testing.T, s Subject) {
	if err := s.Provider.Verify(context.Background(), s.Delivery(t)); err != nil {
		t.Error(err)
	}
}

func refused(err error) bool {
	return errors.Is(err, provider.ErrSignature) || errors.Is(err, provider.ErrForbidden)
}

func testRefuses(t *testing.T, s Subject) {
	if s.Forged == nil {
		t.Skip("everybody may send")
	}
	if err := s.Provider.Verify(context.Background(), s.Forged(t)); !refused(err) {
		t.Errorf("a forged delivery: %v, want ErrSignature or ErrForbidden", err)
	}
	in := s.Forged(t)
	in.Header, in.Body = nil, nil
	if err := s.Provider.Verify(context.Background(), in); !refused(err) {
		t.Errorf("an empty delivery: %v, want ErrSignature or ErrForbidden", err)
	}
}

func testMisconfigured(t *testing.T, s Subject) {
	ctx := context.Background()
	for _, config := range []string{`{`, `[]`, `"text"`, `{"no such setting":1}`} {
		in := with(s.Delivery(t), config)
		if err := s.Provider.Verify(ctx, in); !errors.Is(err, provider.ErrMisconfigured) {
			t.Errorf("verify with %s: %v, want ErrMisconfigured", config, err)
		}
		if events, err := s.Provider.Normalize(ctx, in); !errors.Is(err, provider.ErrMisconfigured) {
			t.Errorf("normalize with %s: %v %v, want ErrMisconfigured", config, events, err)
		}
		if !s.Repository {
			continue
		}
		if _, err := s.Provider.Lockfile(ctx, in.Source, s.Locked); !errors.Is(err, provider.ErrMisconfigured) {
			t.Errorf("lock file with %s: %v, want ErrMisconfigured", config, err)
		}
	}
}

func testNormalize(t *testing.T, s Subject) {
	in := s.Delivery(t)
	body, header := bytes.Clone(in.Body), in.Header.Clone()
	events := s.events(t, in)
	if len(events) == 0 {
		t.Fatal("the delivery became no event")
	}
	if !bytes.Equal(body, in.Body) || !reflect.DeepEqual(header, in.Header) {
		t.Error("normalising changed the delivery")
	}
	if again := s.events(t, s.stored(t, in)); !reflect.DeepEqual(events, again) {
		t.Errorf("stored and normalised again it is another:\n%+v\n%+v", events, again)
	}
	for _, e := range events {
		if e.Type == "" || e.Provider == "" || e.Name == "" {
			t.Errorf("type %q, provider %q and name %q must be there", e.Type, e.Provider, e.Name)
		}
		if !json.Valid(e.Payload) {
			t.Errorf("the payload is no JSON: %.200s", e.Payload)
		}
		if s.Repository && (e.Ref.Repo == "" || e.SourceRepo != e.Ref.Repo) {
			t.Errorf("repository %q of the ref and %q of the envelope must be the same", e.Ref.Repo, e.SourceRepo)
		}
	}
}

// garbage is what anybody may post.
func garbage() []string {
	return []string{"", " ", "{", "null", "[]", "{}", `"text"`, "1e999", "\xff\xfe", `{"ref":1}`, `{"ref":"refs/heads/x","after":"zz"}`,
		`{"repository":[]}`, `{"repository":{"full_name":"../../etc/passwd"}}`, `{"action":{}}`, `{"commits":{"added":"x"}}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 20_000), "a=b&c=%zz"}
}

func testGarbage(t *testing.T, s Subject) {
	for _, text := range garbage() {
		in := s.Delivery(t)
		in.Body = []byte(text)
		events, err := s.Provider.Normalize(context.Background(), in)
		if err != nil && !errors.Is(err, provider.ErrMalformed) {
			t.Errorf("%.40q: %v, want ErrMalformed", text, err)
		}
		if err != nil && len(events) > 0 {
			t.Errorf("%.40q: events besides an error", text)
		}
		for _, e := range events {
			if !json.Valid(e.Payload) {
				t.Errorf("%.40q: the payload is no JSON", text)
			}
		}
		in.Header = http.Header{}
		_, _ = s.Provider.Normalize(context.Background(), in) // that it comes back is all
	}
}

func testKey(t *testing.T, s Subject) {
	k, ok := s.Provider.(provider.Keyer)
	if !ok {
		t.Skip("not a Keyer")
	}
	in := s.Delivery(t)
	key := k.Key(in)
	for _, e := range s.events(t, in) {
		if e.Key != key {
			t.Errorf("the event's key is %q, the delivery's %q", e.Key, key)
		}
	}
}

func testLockfile(t *testing.T, s Subject) {
	ctx := context.Background()
	if !s.Repository {
		if _, err := s.Provider.Lockfile(ctx, s.Source, engine.Ref{}); !errors.Is(err, provider.ErrNoLockfile) {
			t.Errorf("without a repository: %v, want ErrNoLockfile", err)
		}
		return
	}
	for range 2 { // the second may come from a cache, and must not be another
		got, err := s.Provider.Lockfile(ctx, s.Source, s.Locked)
		if err != nil || !bytes.Equal(got, s.Lock) {
			t.Errorf("got %q, %v, want %q", got, err, s.Lock)
		}
		if len(got) > 0 {
			got[0] ^= 0xff // whoever changes what he got does not change the cache
		}
		if _, err := s.Provider.Lockfile(ctx, s.Source, s.Bare); !errors.Is(err, provider.ErrNoLockfile) {
			t.Errorf("a commit without: %v, want ErrNoLockfile", err)
		}
	}
	for sha, want := range map[string]error{
		strings.Repeat("1", 40): provider.ErrNoCommit, "short": provider.ErrNoCommit,
		"--upload-pack=touch x": provider.ErrNoCommit, s.Locked.SHA + "\n": provider.ErrNoCommit,
	} {
		ref := s.Locked
		ref.SHA = sha
		if _, err := s.Provider.Lockfile(ctx, s.Source, ref); !errors.Is(err, want) {
			t.Errorf("commit %q: %v, want %v", sha, err, want)
		}
	}
}
