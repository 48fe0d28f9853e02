package series

import (
	"slices"

	"github.com/kici-dev/kici-go/transport/message"
)

// Series is one metric of an agent.
type Series struct {
	Name, Help string
	Kind       message.MetricKind
	Label      string // the only one it has; empty for none
}

// The series of an agent.
var (
	Jobs       = Series{"kici_agent_jobs_total", "Jobs that ended here, by how.", message.Counter, "status"}
	Active     = Series{"kici_agent_jobs_active", "Jobs that take a slot now.", message.Gauge, ""}
	Steps      = Series{"kici_agent_steps_total", "Steps that ended here, by how.", message.Counter, "status"}
	StepTime   = Series{"kici_agent_step_duration_seconds", "How long steps took.", message.Histogram, ""}
	CloneTime  = Series{"kici_agent_clone_duration_seconds", "How long it took to make a work tree.", message.Histogram, ""}
	LogBytes   = Series{"kici_agent_log_bytes_total", "Bytes of log that were sent to the orchestrator.", message.Counter, ""}
	LogDropped = Series{"kici_agent_log_lines_dropped_total", "Lines of log that were dropped, because the orchestrator was slow and the operator said so.", message.Counter, ""}
	LogBehind  = Series{"kici_agent_log_backpressure_events_total", "Times that a job waited, or its lines went to disk, until the orchestrator took them.", message.Counter, ""}
	Connected  = Series{"kici_agent_connection_status", "1 while an orchestrator has this agent.", message.Gauge, ""}
)

// Find gives the series of a name.
func Find(name string) (Series, bool) {
	all := []Series{Jobs, Active, Steps, StepTime, CloneTime, LogBytes, LogDropped, LogBehind, Connected}
	i := slices.IndexFunc(all, func(s Series) bool { return s.Name == name })
	if i < 0 {
		return Series{}, false
	}
	return all[i], true
}
