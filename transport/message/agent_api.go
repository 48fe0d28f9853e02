package message

import "encoding/json"

// EventEmit sends an event from a job. RunID, like all of JobRef but the job, is
// an addition.
type EventEmit struct {
	RequestID string `json:"requestId"`
	JobRef
	EventName string          `json:"eventName"`
	Payload   json.RawMessage `json:"payload"`
	Target    *EventTarget    `json:"target,omitempty"`
}

// EventTarget narrows who hears an event.
type EventTarget struct {
	Repos []string `json:"repos,omitempty"`
}

// EventEmitResponse answers it with one of the two.
type EventEmitResponse struct {
	RequestID  string `json:"requestId"`
	DeliveryID string `json:"deliveryId,omitempty"`
	Error      string `json:"error,omitempty"`
}

// AgentAPIRequest calls a method of the orchestrator, such as infrastructure.list.
type AgentAPIRequest struct {
	RequestID string          `json:"requestId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params,omitempty"`
}

// AgentAPIResponse answers it with one of the two.
type AgentAPIResponse struct {
	RequestID string          `json:"requestId"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// FleetLogsRequest asks an agent for its own logs.
type FleetLogsRequest struct {
	RequestID      string  `json:"requestId"`
	LogWindowHours float64 `json:"logWindowHours"`
	MaxBytes       int64   `json:"maxBytes"`
}

// FleetBundleChunk is a part of the answer. Its seq is its own and counts from 0,
// which is why this message is never one of record.
type FleetBundleChunk struct {
	RequestID string `json:"requestId"`
	Seq       int64  `json:"seq"`
	IsLast    bool   `json:"isLast"`
	Data      []byte `json:"dataB64"`
}

// FleetBundleError is the answer of an agent that cannot.
type FleetBundleError struct {
	RequestID string `json:"requestId"`
	Message   string `json:"message"`
}

func (*EventEmit) Type() string         { return "event.emit" }
func (*EventEmitResponse) Type() string { return "event.emit.response" }
func (*AgentAPIRequest) Type() string   { return "agent.api.request" }
func (*AgentAPIResponse) Type() string  { return "agent.api.response" }
func (*FleetLogsRequest) Type() string  { return "fleet.logs.request" }
func (*FleetBundleChunk) Type() string  { return "fleet.bundle.chunk" }
func (*FleetBundleError) Type() string  { return "fleet.bundle.error" }
