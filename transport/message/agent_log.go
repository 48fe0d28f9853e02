package message

// LogChunk is some lines of a step. Attempt, step and Chunk are the key under
// which they are stored, so that one which arrives twice is stored once.
type LogChunk struct {
	MessageID string `json:"messageId"`
	JobRef
	StepIndex int     `json:"stepIndex"` // PrepareStep for what belongs to no step
	Lines     Strings `json:"lines"`
	Timestamp int64   `json:"timestamp"`
	// Chunk counts the chunks of a step from 1. It is an addition, and beside
	// the number of the session, which counts all messages of an agent and
	// begins anew when the agent does.
	Chunk int64 `json:"chunk,omitempty"`
}

// AgentLog is lines of the agent itself, for agents nobody can log in to.
type AgentLog struct {
	MessageID string  `json:"messageId"`
	AgentID   string  `json:"agentId"`
	Lines     Strings `json:"lines"`
	Timestamp int64   `json:"timestamp"`
}

func (*LogChunk) Type() string { return "log.chunk" }
func (*AgentLog) Type() string { return "agent.log" }
