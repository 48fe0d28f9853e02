package provider

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Inbound is one delivery as it came in.
type Inbound struct {
	Source *engine.Source
	// Header may have lost what [Settings.Strip] takes away: Verify sees all of
	// it, Normalize what was stored.
	Header http.Header
	Body   []byte
	Path   string     // what followed the source in the URL, without slashes around it
	Remote netip.Addr // of the connection
	// Inside is true for what was made in this process, by who holds the provider.
	// What reads requests never sets it.
	Inside bool
	// Relayed is the id that a relay gave the delivery, the same for everybody it
	// was offered to; empty for one that came directly.
	Relayed string
}

// Event is a normalised delivery.
type Event struct {
	event.Event
	// Ref is where the lock file is read and what a run is started for. Without a
	// SHA it is the tip of Name, without both the tip of the default branch: see
	// [Resolver]. A provider without repositories leaves it empty.
	Ref engine.Ref
	// Base is what Ref is compared with to find changed files: the commit before
	// a push, the target of a pull request. Its SHA may be unknown.
	Base          engine.Ref
	Key           string // the sender's id of the delivery; empty when it has none
	Name          string // what the sender calls this kind of event: "Merge Request Hook"
	Deleted       bool   // the branch or tag is gone; Ref is then the default branch's tip
	DefaultBranch string // empty when the delivery does not say
	RepoURL       string // for people: the repository's page; never used to clone
}

// Provider is the duty. Its methods may be called by many at once.
type Provider interface {
	// Verify tells whether the delivery may come in: nil, [ErrSignature],
	// [ErrForbidden] or [ErrMisconfigured]. It does not parse the body.
	Verify(ctx context.Context, in *Inbound) error
	// Normalize makes the events of a delivery. None at all is no error: it is a
	// delivery that nothing can be started for. It asks nobody and may be called
	// again for a stored delivery, with the same result.
	Normalize(ctx context.Context, in *Inbound) ([]Event, error)
	// Lockfile gives the bytes of .kici/kici.lock.json at a commit. Where there
	// is none, or no repository at all, it is [ErrNoLockfile].
	Lockfile(ctx context.Context, s *engine.Source, ref engine.Ref) ([]byte, error)
}

// Resolver finds the commit of a [engine.Ref] without one, and the full name
// of the ref it was found by.
type Resolver interface {
	Resolve(ctx context.Context, s *engine.Source, ref engine.Ref) (engine.Ref, error)
}

// ChangedFiler lists the files an event changed, sorted and each once. An empty
// list is an answer: nothing is known to have changed.
type ChangedFiler interface {
	ChangedFiles(ctx context.Context, s *engine.Source, ev *Event) ([]string, error)
}

// Cloner says how an agent gets the code of a run.
type Cloner interface {
	Clone(ctx context.Context, s *engine.Source, ref engine.Ref) (Clone, error)
}

// Configurer reads the configuration of a source.
type Configurer interface {
	// Validate names everything that is wrong, as a *[ConfigError].
	Validate(config []byte) error
	// Settings are the limits a source sets for its deliveries.
	Settings(s *engine.Source) (Settings, error)
}

// Keyer finds the sender's id of a delivery, so that a repeated one is noticed
// before it is normalised. Empty is no id.
type Keyer interface {
	Key(in *Inbound) string
}

// Clone is where the code lies and what opens the door. URL holds no secret.
type Clone struct {
	URL  string
	Auth Auth
}

// Kinds of [Auth].
const (
	AuthNone  = ""
	AuthBasic = "basic" // a user with a token or password, over HTTP
	AuthSSH   = "ssh"   // a private key
)

// Policies for the keys of SSH hosts.
const (
	AcceptNew = "accept-new" // believe a host at the first visit, and only that key from then on
	Pinned    = "pinned"     // believe the keys in KnownHosts
)

// Auth opens a repository.
type Auth struct {
	Kind   string
	User   string // of AuthBasic; "x-access-token" unless the source says another
	Secret Secret // token, password, or private key in PEM
	// HostKeyPolicy and KnownHosts are for AuthSSH.
	HostKeyPolicy string
	KnownHosts    string
}
