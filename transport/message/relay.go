package message

// OrchestratorCapabilities is what an orchestrator says of itself to a relay, in
// its auth.request. A flag that is missing is false.
type OrchestratorCapabilities struct {
	OrchRole string `json:"orchRole,omitempty"` // coordinator or worker
	// DashboardWrites says what a dashboard may change; what is missing it may.
	DashboardWrites map[string]bool `json:"dashboardWrites,omitempty"`
	// SupportedDashboardRequests are the dashboard.* types that this build answers.
	SupportedDashboardRequests Strings `json:"supportedDashboardRequests"`
	// Numbers is an addition: the orchestrator numbers messages of record and reads
	// numbers. A relay says so in auth.success.
	Numbers bool `json:"numbers,omitempty"`
}

// RelayedSource is a source as a relay knows it: never a secret of it.
type RelayedSource struct {
	RoutingKey   string `json:"routingKey"`
	Provider     string `json:"provider"`
	Subtype      string `json:"subtype,omitempty"`
	FriendlyName string `json:"friendlyName,omitempty"` // the last part of the webhook's address
}

// SourceRegister lists the sources of an orchestrator; it takes the place of what
// was listed before over this connection.
type SourceRegister struct {
	MessageID   string              `json:"messageId"`
	Sources     List[RelayedSource] `json:"sources"`
	ClusterName string              `json:"clusterName,omitempty"`
	ClusterID   string              `json:"clusterId,omitempty"`
	InstanceID  string              `json:"instanceId,omitempty"`
	Mode        string              `json:"mode,omitempty"`
	S3LogAccess bool                `json:"s3LogAccess,omitempty"`
	Queue       *QueueFacts         `json:"queue,omitempty"`
}

// QueueFacts are what a relay shows of an orchestrator's queue.
type QueueFacts struct {
	TimeoutMS int64 `json:"timeoutMs"`
}

// SourceRejection is one source that a relay does not route, and why.
type SourceRejection struct {
	RoutingKey string `json:"routingKey"`
	Reason     string `json:"reason"`
}

// RelayPeer is another orchestrator with overlapping routing keys.
type RelayPeer struct {
	InstanceID  string  `json:"instanceId"`
	Address     string  `json:"address,omitempty"`
	RoutingKeys Strings `json:"routingKeys"`
}

// SourceRegisterAck answers a registration.
type SourceRegisterAck struct {
	MessageID  string                `json:"messageId"`
	Accepted   Strings               `json:"accepted"` // routing keys
	Rejections List[SourceRejection] `json:"rejections"`
	Peers      List[RelayPeer]       `json:"peers"`
}

// SourceDeregister ends the routing of some keys to this orchestrator.
type SourceDeregister struct {
	MessageID   string  `json:"messageId"`
	RoutingKeys Strings `json:"routingKeys"`
}

// PeerDiscover tells an orchestrator of another one that has come.
type PeerDiscover struct {
	Address     string  `json:"address"`
	RoutingKeys Strings `json:"routingKeys"`
}

// OrchCapabilitiesUpdate says anew what a dashboard may change.
type OrchCapabilitiesUpdate struct {
	DashboardWrites map[string]bool `json:"dashboardWrites"`
	PolicyVersion   string          `json:"policyVersion"`
}

func (*SourceRegister) Type() string         { return "source.register" }
func (*SourceRegisterAck) Type() string      { return "source.register.ack" }
func (*SourceDeregister) Type() string       { return "source.deregister" }
func (*PeerDiscover) Type() string           { return "peer.discover" }
func (*OrchCapabilitiesUpdate) Type() string { return "orch.capabilities.update" }
