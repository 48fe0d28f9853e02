package engine

// Ids are opaque. They are types of their own so that a job's id cannot be
// handed to a function that wants a run's.
type (
	SourceID   string
	DeliveryID string
	RunID      string
	JobID      string
	AttemptID  string
	AgentID    string
	TokenID    string
	APIKeyID   string
)

// Fence orders the attempts of one job. What an attempt writes is refused once
// the job has been given out with a higher one.
type Fence int64

// Ref says where in which repository: what a run was started for.
type Ref struct {
	Repo string // as the provider names it: "owner/name"
	Name string // refs/heads/main, refs/tags/v1, or what the provider calls it
	SHA  string
}

// Label is what an agent offers and a job asks for.
type Label string

// Route is the key of one set of demands on an agent. Jobs that ask for the same
// labels share it, so that whether an agent may take a job is decided once per
// route by engine/dispatch and not once per job by the store.
type Route string
