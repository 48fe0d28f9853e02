package message

import "github.com/kici-dev/kici-go/lockfile/status"

// RelayedHeader is one header field of a delivery, exactly as it came. Value is
// for text; bytes that are none travel in Raw instead.
type RelayedHeader struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Raw   []byte `json:"raw,omitempty"` // base64
}

// RelayedMetadata is what a delivery says besides its body.
type RelayedMetadata struct {
	Headers    List[RelayedHeader] `json:"headers"`
	Path       string              `json:"path,omitempty"`       // what followed the source in the address
	RemoteAddr string              `json:"remoteAddr,omitempty"` // of the sender, an IP address
	BodyHash   string              `json:"bodyHash,omitempty"`   // SHA-256 in hexadecimal
}

// WebhookRelayStart announces a delivery, whose body follows in ChunkCount
// webhook.relay.chunk frames with the same MessageID.
type WebhookRelayStart struct {
	MessageID       string          `json:"messageId"`
	DeliveryID      string          `json:"deliveryId"` // the same for every orchestrator it is offered to
	RoutingKey      string          `json:"routingKey"`
	Event           string          `json:"event,omitempty"`
	RequestID       string          `json:"requestId"`
	SignatureHeader string          `json:"signatureHeader,omitempty"`
	TotalSize       int64           `json:"totalSize"`
	ChunkCount      int             `json:"chunkCount"`
	Metadata        RelayedMetadata `json:"metadata"`
}

// WebhookRelayChunk is a slice of a body. Index counts from 0.
type WebhookRelayChunk struct {
	MessageID string `json:"messageId"`
	Index     int    `json:"index"`
	Data      []byte `json:"data"` // base64
}

// WebhookAck is the verdict. Status, Reason and RetryAfter are additions: what the
// orchestrator would have answered to the sender itself.
type WebhookAck struct {
	DeliveryID string         `json:"deliveryId"`
	Result     status.Verdict `json:"result"`
	Status     int            `json:"status,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	RetryAfter int            `json:"retryAfter,omitempty"` // seconds
	Duplicate  bool           `json:"duplicate,omitempty"`
}

func (*WebhookRelayStart) Type() string { return "webhook.relay.start" }
func (*WebhookRelayChunk) Type() string { return "webhook.relay.chunk" }
func (*WebhookAck) Type() string        { return "webhook.ack" }
