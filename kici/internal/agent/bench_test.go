package agent

import (
	"testing"

	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
)

// BenchmarkEcho is what an agent takes for a job: from the offer to its end,
// with the commit's objects here and the bundle made.
func BenchmarkEcho(b *testing.B) {
	r := newRepository(b, agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;")))
	a := start(b, nil)
	a.offer(r.assignment("echo")).wait(b)
	for b.Loop() {
		a.offer(r.assignment("echo")).wait(b)
	}
}
