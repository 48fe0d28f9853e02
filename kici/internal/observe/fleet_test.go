package observe

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kici-dev/kici-go/kici/internal/agentmeter"
	"github.com/kici-dev/kici-go/kici/internal/agentmeter/series"
	"github.com/kici-dev/kici-go/transport/message"
)

func page(t *testing.T, f *Fleet) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(f)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, family := range families {
		for _, m := range family.GetMetric() {
			b.WriteString(family.GetName())
			for _, l := range m.GetLabel() {
				b.WriteString(" " + l.GetName() + "=" + l.GetValue())
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// What an agent counts is shown as it is, with its name; once more after it has
// gone.
func TestFleetShowsAgents(t *testing.T) {
	t.Parallel()
	own := prometheus.NewRegistry()
	m, err := agentmeter.New(own, func() bool { return true }, func() int { return 2 })
	if err != nil {
		t.Fatal(err)
	}
	m.Dropped(7)
	f, first, second := NewFleet(), new(int), new(int)
	f.Told("one", first, m.Tell())
	want := `
# HELP kici_agent_jobs_active Jobs that take a slot now.
# TYPE kici_agent_jobs_active gauge
kici_agent_jobs_active 2
kici_agent_jobs_active{agent_id="one"} 2
# HELP kici_agent_log_lines_dropped_total Lines of log that were dropped, because the orchestrator was slow and the operator said so.
# TYPE kici_agent_log_lines_dropped_total counter
kici_agent_log_lines_dropped_total 7
kici_agent_log_lines_dropped_total{agent_id="one"} 7
`
	own.MustRegister(f) // one registry may hold both: the agent is in the same process then
	if err := testutil.GatherAndCompare(own, strings.NewReader(want), "kici_agent_jobs_active", "kici_agent_log_lines_dropped_total"); err != nil {
		t.Error(err)
	}
	if got := page(t, f); !strings.Contains(got, "kici_agent_step_duration_seconds agent_id=one\n") || strings.Count(got, "agent_id=one") != 7 {
		t.Errorf("shown:\n%s", got)
	}
	f.Told("one", second, m.Tell())
	f.Gone("one", first) // the connection that was replaced
	page(t, f)
	if page(t, f) == "" {
		t.Error("the end of an old connection took the agent away")
	}
	f.Gone("one", second)
	if page(t, f) == "" {
		t.Error("an agent that has gone is not shown once more")
	}
	if got := page(t, f); got != "" {
		t.Errorf("an agent that has gone is shown for ever:\n%s", got)
	}
}

// An agent that lies spoils nobody's page.
func TestFleetOfLiars(t *testing.T) {
	t.Parallel()
	one, count := 1.0, int64(-5)
	status := func(s string) map[string]string { return map[string]string{"status": s, "more": "x"} }
	var flood []message.Metric
	for range 1000 {
		flood = append(flood, message.Metric{Name: series.Jobs.Name, Kind: message.Counter, Value: &one, Labels: status(strings.Repeat("a", len(flood)%90))})
	}
	f := NewFleet()
	f.Told("honest", nil, []message.Metric{{Name: series.Active.Name, Kind: message.Gauge, Value: &one}})
	f.Told("liar", nil, []message.Metric{
		{Name: "go_goroutines", Kind: message.Gauge, Value: &one},
		{Name: series.Active.Name, Kind: message.Counter, Value: &one},
		{Name: series.Connected.Name, Kind: message.Gauge},
		{Name: series.Jobs.Name, Kind: message.Counter, Value: &one, Labels: status("twice")},
		{Name: series.Jobs.Name, Kind: message.Counter, Value: &one, Labels: status("twice")},
		{Name: series.Jobs.Name, Kind: message.Counter, Value: &one, Labels: status("\xff")},
		{Name: series.Jobs.Name, Kind: message.Counter, Value: &one, Labels: status(strings.Repeat("x", 101))},
		{Name: series.StepTime.Name, Kind: message.Histogram, Count: &count, Sum: &one, Buckets: []message.Bucket{{LE: math.NaN()}, {LE: 1, Count: -1}, {LE: 1, Count: 3}, {LE: 1, Count: 4}}},
	})
	want := "kici_agent_jobs_active agent_id=honest\nkici_agent_jobs_total agent_id=liar status=twice\nkici_agent_step_duration_seconds agent_id=liar\n"
	if got := page(t, f); got != want {
		t.Errorf("shown:\n%s\nwant:\n%s", got, want)
	}
	f.Told("liar", nil, flood)
	if n := strings.Count(page(t, f), "agent_id=liar"); n == 0 || n > mostSeries {
		t.Errorf("%d series of one agent", n)
	}
}
