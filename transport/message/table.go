package message

import (
	"maps"
	"slices"
)

// entry is what the wire knows about a type.
type entry struct {
	way    Direction
	record bool
	blank  func() Message
}

func up(blank func() Message) entry         { return entry{ToOrchestrator, false, blank} }
func upRecord(blank func() Message) entry   { return entry{ToOrchestrator, true, blank} }
func down(blank func() Message) entry       { return entry{ToAgent, false, blank} }
func downRecord(blank func() Message) entry { return entry{ToAgent, true, blank} }
func both(blank func() Message) entry {
	return entry{ToAgent | ToOrchestrator | ToRelay | FromRelay, false, blank}
}

// Of the link between orchestrator and relay.
func toRelay(blank func() Message) entry   { return entry{ToRelay, true, blank} }
func fromRelay(blank func() Message) entry { return entry{FromRelay, true, blank} }

// also lets a message of the agent link travel on to a relay, and one that opens
// that link open the other.
func (e entry) also(way Direction) entry { return entry{e.way | way, e.record, e.blank} }

// table is every message of the links. A message is one of record when losing it
// would change what becomes of a run or a delivery: questions and answers are,
// signs of life and measurements are not.
var table = map[string]entry{
	"heartbeat":    both(func() Message { return new(Heartbeat) }),
	"ack":          both(func() Message { return new(Ack) }),
	"nack":         both(func() Message { return new(Nack) }),
	"error":        both(func() Message { return new(Error) }),
	"auth.request": up(func() Message { return new(AuthRequest) }).also(ToRelay),
	"auth.success": down(func() Message { return new(AuthSuccess) }).also(FromRelay),
	"auth.failure": down(func() Message { return new(AuthFailure) }).also(FromRelay),

	"agent.register": up(func() Message { return new(AgentRegister) }),
	"register.ack":   down(func() Message { return new(RegisterAck) }),
	"config.ack":     up(func() Message { return new(ConfigAck) }),
	"agent.status":   up(func() Message { return new(AgentStatus) }),
	"agent.metrics":  up(func() Message { return new(AgentMetrics) }),
	"agent.log":      up(func() Message { return new(AgentLog) }),

	"job.dispatch":           downRecord(func() Message { return new(JobDispatch) }),
	"job.cancel":             downRecord(func() Message { return new(JobCancel) }),
	"job.ack":                upRecord(func() Message { return new(JobAck) }),
	"job.reject":             upRecord(func() Message { return new(JobReject) }),
	"job.status":             upRecord(func() Message { return new(JobStatus) }),
	"job.heartbeat":          up(func() Message { return new(JobHeartbeat) }),
	"job.context":            up(func() Message { return new(JobContext) }).also(ToRelay),
	"job.concurrency.report": upRecord(func() Message { return new(JobConcurrencyReport) }),
	"job.concurrency.ack":    downRecord(func() Message { return new(JobConcurrencyAck) }),
	"job.secrets.request":    upRecord(func() Message { return new(JobSecretsRequest) }),
	"job.secrets.response":   downRecord(func() Message { return new(JobSecretsResponse) }),
	"run.event":              upRecord(func() Message { return new(RunEvent) }).also(ToRelay),

	"step.status":            upRecord(func() Message { return new(StepStatus) }),
	"step.approval-request":  upRecord(func() Message { return new(StepApprovalRequest) }),
	"step.approval-resolved": downRecord(func() Message { return new(StepApprovalResolved) }),
	"log.chunk":              upRecord(func() Message { return new(LogChunk) }).also(ToRelay),

	"cache.upload.request":        upRecord(func() Message { return new(CacheUploadRequest) }),
	"cache.upload.response":       downRecord(func() Message { return new(CacheUploadResponse) }),
	"cache.upload.complete":       upRecord(func() Message { return new(CacheUploadComplete) }),
	"cache.user.restore.request":  upRecord(func() Message { return new(CacheUserRestoreRequest) }),
	"cache.user.restore.response": downRecord(func() Message { return new(CacheUserRestoreResponse) }),
	"cache.user.save.request":     upRecord(func() Message { return new(CacheUserSaveRequest) }),
	"cache.user.save.response":    downRecord(func() Message { return new(CacheUserSaveResponse) }),
	"cache.user.save.complete":    upRecord(func() Message { return new(CacheUserSaveComplete) }),
	"provenance.upload.request":   upRecord(func() Message { return new(ProvenanceUploadRequest) }),
	"provenance.upload.response":  downRecord(func() Message { return new(ProvenanceUploadResponse) }),
	"provenance.upload.complete":  upRecord(func() Message { return new(ProvenanceUploadComplete) }),

	"event.emit":          upRecord(func() Message { return new(EventEmit) }),
	"event.emit.response": downRecord(func() Message { return new(EventEmitResponse) }),
	"agent.api.request":   upRecord(func() Message { return new(AgentAPIRequest) }),
	"agent.api.response":  downRecord(func() Message { return new(AgentAPIResponse) }),
	"fleet.logs.request":  down(func() Message { return new(FleetLogsRequest) }),
	"fleet.bundle.chunk":  up(func() Message { return new(FleetBundleChunk) }),
	"fleet.bundle.error":  up(func() Message { return new(FleetBundleError) }),

	"source.register":          toRelay(func() Message { return new(SourceRegister) }),
	"source.register.ack":      fromRelay(func() Message { return new(SourceRegisterAck) }),
	"source.deregister":        toRelay(func() Message { return new(SourceDeregister) }),
	"peer.discover":            fromRelay(func() Message { return new(PeerDiscover) }),
	"orch.capabilities.update": toRelay(func() Message { return new(OrchCapabilitiesUpdate) }),
	"webhook.relay.start":      fromRelay(func() Message { return new(WebhookRelayStart) }),
	"webhook.relay.chunk":      fromRelay(func() Message { return new(WebhookRelayChunk) }),
	"webhook.ack":              toRelay(func() Message { return new(WebhookAck) }),

	"execution.status":    toRelay(func() Message { return new(ExecutionStatus) }),
	"job.status.forward":  toRelay(func() Message { return new(JobStatusForward) }),
	"step.status.forward": toRelay(func() Message { return new(StepStatusForward) }),
	"state.replay":        toRelay(func() Message { return new(StateReplay) }),
	"execution.event":     toRelay(func() Message { return new(ExecutionEvent) }),

	"run.rerun.request":   fromRelay(func() Message { return new(RunRerunRequest) }),
	"run.rerun.response":  toRelay(func() Message { return new(RunRerunResponse) }),
	"run.cancel.request":  fromRelay(func() Message { return new(RunCancelRequest) }),
	"run.cancel.response": toRelay(func() Message { return new(RunCancelResponse) }),

	"dashboard.runs.list":               asked(DashboardRuns),
	"dashboard.runs.list.response":      answered(DashboardRuns),
	"dashboard.run.get":                 asked(DashboardRun),
	"dashboard.run.get.response":        answered(DashboardRun),
	"dashboard.event-log.list":          asked(DashboardDeliveries),
	"dashboard.event-log.list.response": answered(DashboardDeliveries),
	"dashboard.payload":                 asked(DashboardPayload),
	"dashboard.payload.response":        answered(DashboardPayload),
}

func asked(kind string) entry {
	return fromRelay(func() Message { return &DashboardRequest{Kind: kind} })
}

func answered(kind string) entry {
	return toRelay(func() Message { return &DashboardResponse{Kind: kind} })
}

// Types lists every type in order.
func Types() []string { return slices.Sorted(maps.Keys(table)) }

// Known tells whether this build knows a type.
func Known(typ string) bool { _, ok := table[typ]; return ok }

// OfRecord tells whether a message is to be numbered, kept until it is
// acknowledged, and sent again.
func OfRecord(m Message) bool { return table[m.Type()].record }
