package dispatch

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// Assignment is a job as an agent gets it.
type Assignment struct {
	Attempt engine.Attempt
	// Delivery is what the run was started for: the trace id of all tiers.
	Delivery engine.DeliveryID
	Ref      engine.Ref
	Clone    provider.Clone
	Spec     jobspec.Spec
	Input    jobspec.Input
	Secrets  []jobspec.Secret
	// PublicKey seals secret outputs, base64; Trusted says whether the job may
	// write the shared cache.
	PublicKey string
	Trusted   bool
}

// Stop asks for the end of an attempt.
type Stop struct {
	Token  engine.Token
	Run    engine.RunID
	Reason string
	Force  bool
}

// Close says why a link is closed.
type Close string

// Reasons to close a link.
const (
	CloseReplaced   Close = "replaced"     // the same agent connected again
	CloseUnanswered Close = "unanswered"   // it did not acknowledge a job
	CloseShutdown   Close = "going away"   // this orchestrator stops
	CloseRevoked    Close = "unauthorized" // its token was revoked
)

// Link is the connection to one agent. Its methods may be called by several at
// once; an error means that the connection is gone or going.
type Link interface {
	Dispatch(ctx context.Context, a *Assignment) error
	Stop(ctx context.Context, s Stop) error
	Close(why Close, text string)
	// Heard is when the agent last gave a sign of life; one that hangs or is cut
	// off gives none although the connection stands.
	Heard() time.Time
}

// Evaluator calls a pure function of a lock file with an event. Field is where it
// stands: environment (the value is a string or null) or env (an object of
// strings). Errors say what the author can do.
type Evaluator interface {
	Evaluate(ctx context.Context, field, function string, event json.RawMessage) (json.RawMessage, error)
}

// Repositories says where the code of a run lies.
type Repositories interface {
	Clone(ctx context.Context, run *engine.Run) (provider.Clone, error)
}

// Secrets gives a job what it may read. Environment is empty when the job names
// none, or when only its own code can say.
type Secrets interface {
	Resolve(ctx context.Context, run *engine.Run, environment string) ([]jobspec.Secret, error)
}

// Vault opens what agents sealed for a run.
type Vault interface {
	PublicKey(run engine.RunID) (string, error)
	Open(run engine.RunID, sealed []byte) ([]jobspec.Secret, error)
}
