package engine

import (
	"time"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// Ids of what a relay knows.
type (
	OrgID  string // "org_" and twelve letters; it stands in the addresses of webhooks
	KeyID  string
	SeatID string
)

// Org is one of those that share a relay and see nothing of each other.
type Org struct {
	ID        OrgID
	Alias     string // "oal_…": its name for strangers, from which nothing follows
	Name      string
	CreatedAt time.Time
}

// OrchestratorKey lets orchestrators of an organisation in. The key itself is never
// stored.
type OrchestratorKey struct {
	ID     KeyID
	Org    OrgID
	Name   string
	Hash   []byte // SHA-256 of the whole key
	Prefix string // its first characters, to tell keys apart
	// Patterns bound the routing keys that its orchestrators may register, such as
	// "github:*"; empty allows all of the organisation's.
	Patterns  []string
	CreatedAt time.Time
	RevokedAt time.Time
	UsedAt    time.Time
}

// RelayedSource is a source as its orchestrator registered it. It stays when the
// orchestrator goes.
type RelayedSource struct {
	Org          OrgID
	RoutingKey   string
	Family       string // "github" or "generic": what stands in the address
	Name         string // what stands behind it; the app's id for "github"
	Provider     string
	Subtype      string
	Cluster      string // of the orchestrator that registered it last
	RegisteredAt time.Time
}

// Seat is an orchestrator that is connected to a relay.
type Seat struct {
	ID          SeatID
	Org         OrgID
	Key         KeyID
	Relay       string // the instance that holds it
	URL         string // where other relays reach that one; empty: they do not
	Instance    string // the orchestrator's own name
	Cluster     string
	Version     string
	Mode        string
	RoutingKeys []string
	ConnectedAt time.Time
	SeenAt      time.Time // by its relay, while that lives
}

// RelayedDelivery is what a relay remembers of a delivery: never its body.
type RelayedDelivery struct {
	ID         DeliveryID
	Org        OrgID
	RoutingKey string
	Sender     string // the sender's own id of it
	Event      string
	Size       int64
	Hash       string // SHA-256 of the body
	Verdict    status.Verdict
	Status     int    // what the sender was answered
	Seat       SeatID // that gave the verdict
	RequestID  string
	ReceivedAt time.Time
	AnsweredAt time.Time
}

// RunPart is a piece of what a relay shows of a run: the run itself, one of its
// jobs, or one of their steps.
type RunPart struct {
	Org       OrgID
	Run       RunID
	Part      string // empty for the run, else "job/ID" or "step/JOB/INDEX"
	Status    string
	Data      []byte // JSON, as it came
	UpdatedAt time.Time
}
