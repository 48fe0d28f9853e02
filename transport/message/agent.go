package message

// AgentRegister says who an agent is and what it offers.
type AgentRegister struct {
	MessageID      string        `json:"messageId"`
	AgentID        string        `json:"agentId"`
	Labels         Strings       `json:"labels"`
	MaxConcurrency int           `json:"maxConcurrency,omitempty"` // 0 means 1
	Platform       string        `json:"platform,omitempty"`
	Arch           string        `json:"arch,omitempty"`
	Version        string        `json:"version,omitempty"`
	InFlightJobs   []InFlightJob `json:"inFlightJobs,omitempty"`
	Hostname       string        `json:"hostname,omitempty"`
	OSRelease      string        `json:"osRelease,omitempty"`
	OSVersion      string        `json:"osVersion,omitempty"`
	TotalMemoryMB  int64         `json:"totalMemoryMb,omitempty"`
	CPUCount       int           `json:"cpuCount,omitempty"`
	NodeVersion    string        `json:"nodeVersion,omitempty"`
	RunningAsUser  string        `json:"runningAsUser,omitempty"`
	RunningAsUID   *int          `json:"runningAsUid,omitempty"` // 0 is root, so absence is nil
	Capabilities   []string      `json:"capabilities,omitempty"`
	// ProtocolVersion is in auth.request; where agents need no token it can
	// only stand here.
	ProtocolVersion int `json:"protocolVersion,omitempty"`
}

// Slots is how many jobs the agent runs at once.
func (m *AgentRegister) Slots() int { return max(m.MaxConcurrency, 1) }

// InFlightJob is a job the agent still holds from an earlier connection.
type InFlightJob struct {
	JobRef
}

// RegisterAck makes an agent registered.
type RegisterAck struct {
	AgentID       string  `json:"agentId"`
	Labels        Strings `json:"labels"`
	ScalerManaged bool    `json:"scalerManaged,omitempty"`
	// PendingDispatch: a job is on its way, so do not stop for being idle.
	PendingDispatch bool     `json:"pendingDispatch,omitempty"`
	Capabilities    []string `json:"capabilities,omitempty"`
}

// ConfigAck says the agent has read what its machine was given.
type ConfigAck struct {
	MessageID string `json:"messageId"`
	AgentID   string `json:"agentId"`
}

// AgentStatus is how busy an agent is.
type AgentStatus struct {
	MessageID         string  `json:"messageId"`
	AgentID           string  `json:"agentId"`
	ActiveJobs        int     `json:"activeJobs"`
	MemoryUsedMB      int64   `json:"memoryUsedMb,omitempty"`
	MemoryAvailableMB int64   `json:"memoryAvailableMb,omitempty"`
	UptimeSeconds     float64 `json:"uptimeSeconds,omitempty"`
}

// AgentMetrics is what an agent measured, every 30 seconds or so.
type AgentMetrics struct {
	MessageID string       `json:"messageId"`
	AgentID   string       `json:"agentId"`
	Metrics   List[Metric] `json:"metrics"`
	Timestamp int64        `json:"timestamp"`
}

// Metric is one time series.
type Metric struct {
	Name    string            `json:"name"`
	Kind    MetricKind        `json:"type"`
	Value   *float64          `json:"value,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	Buckets []Bucket          `json:"buckets,omitempty"`
	Count   *int64            `json:"count,omitempty"`
	Sum     *float64          `json:"sum,omitempty"`
}

// MetricKind is how a metric is to be read.
type MetricKind string

// The kinds of metrics.
const (
	Counter       MetricKind = "counter"
	Histogram     MetricKind = "histogram"
	Gauge         MetricKind = "gauge"
	UpDownCounter MetricKind = "upDownCounter"
)

// Bucket counts observations up to a bound.
type Bucket struct {
	LE    float64 `json:"le"`
	Count int64   `json:"count"`
}

func (*AgentRegister) Type() string { return "agent.register" }
func (*RegisterAck) Type() string   { return "register.ack" }
func (*ConfigAck) Type() string     { return "config.ack" }
func (*AgentStatus) Type() string   { return "agent.status" }
func (*AgentMetrics) Type() string  { return "agent.metrics" }
