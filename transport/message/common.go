package message

// ProtocolVersion is ours, and MinProtocolVersion the oldest we speak. A peer
// with a higher one is welcome: what it knows more is in fields we ignore.
const (
	ProtocolVersion    = 1
	MinProtocolVersion = 1
)

// Capabilities, listed by both sides at registration. What a side does not list
// it cannot do; what we do not know is kept and ignored.
const (
	CapFence      = "fence"       // attempt and fence on everything about a job
	CapSeq        = "seq"         // numbered messages and cumulative acks (transport/session)
	CapSecretList = "secret-list" // job.dispatch.secretList, job.secrets.request
)

// Capabilities of this build.
func Capabilities() []string { return []string{CapFence, CapSeq, CapSecretList} }

// Heartbeat is the sign of life of a link, every 30 seconds.
type Heartbeat struct {
	Timestamp int64 `json:"timestamp"` // all of them Unix milliseconds
}

// Ack acknowledges one message by its id, or with Seq everything of record up to
// and including that number.
type Ack struct {
	MessageID string `json:"messageId"`
	Seq       int64  `json:"seq,omitempty"`
	// Received is how far messages have arrived without a gap; they may still
	// wait for the receiver's handler. It spares the sender from sending again
	// what is only slow to be written down.
	Received int64 `json:"received,omitempty"`
	// Missing are numbers behind Received of which later ones have arrived.
	Missing []int64 `json:"missing,omitempty"`
	// Probe acknowledges nothing: the sender has heard for long of no progress,
	// and asks how far things are.
	Probe bool `json:"probe,omitempty"`
}

// Cumulative tells whether the ack is about the numbers of a session and not
// about one message.
func (m *Ack) Cumulative() bool {
	return m.Seq > 0 || m.Received > 0 || len(m.Missing) > 0 || m.Probe
}

// Nack refuses one message.
type Nack struct {
	MessageID string `json:"messageId"`
	Reason    string `json:"reason"`
}

// Error is about the connection.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// AuthRequest is the first message of whoever dials.
type AuthRequest struct {
	Token           string `json:"token"`
	ProtocolVersion int    `json:"protocolVersion"`
	// Capabilities and SoftwareVersion are of an orchestrator that dials a relay.
	Capabilities    *OrchestratorCapabilities `json:"capabilities,omitempty"`
	SoftwareVersion string                    `json:"softwareVersion,omitempty"`
}

// AuthSuccess answers a good token.
type AuthSuccess struct {
	ConnectionID string `json:"connectionId"`
	// What follows a relay says. OrgPublicAlias names the organisation to
	// strangers; OrgID (in routing keys and addresses), WebhookURL (what addresses
	// begin with), Numbers (it numbers messages of record) and ProtocolVersion are
	// additions.
	OrgPublicAlias  string `json:"orgPublicAlias,omitempty"`
	OrgID           string `json:"orgId,omitempty"`
	WebhookURL      string `json:"webhookUrl,omitempty"`
	Numbers         bool   `json:"numbers,omitempty"`
	ProtocolVersion int    `json:"protocolVersion,omitempty"`
}

// AuthFailure answers a bad one; the connection is closed behind it.
type AuthFailure struct {
	Reason string `json:"reason"`
}

func (*Heartbeat) Type() string   { return "heartbeat" }
func (*Ack) Type() string         { return "ack" }
func (*Nack) Type() string        { return "nack" }
func (*Error) Type() string       { return "error" }
func (*AuthRequest) Type() string { return "auth.request" }
func (*AuthSuccess) Type() string { return "auth.success" }
func (*AuthFailure) Type() string { return "auth.failure" }
