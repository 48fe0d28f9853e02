package status

import "testing"

func TestRunOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		jobs []Job
		want Run
	}{
		{nil, RunSuccess},
		{[]Job{JobSuccess, JobSkipped}, RunSuccess},
		{[]Job{JobCancelled, JobSuccess}, RunCancelled},
		{[]Job{JobCancelled, JobFailed}, RunFailed},
		{[]Job{JobTimedOut, JobCancelled}, RunFailed},
		{[]Job{JobDropped}, RunSuccess},
	}
	for _, c := range cases {
		if got := RunOf(c.jobs); got != c.want {
			t.Errorf("%v: got %s, want %s", c.jobs, got, c.want)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	over := 0
	for _, m := range Machines() {
		if m.Terminal() {
			over++
		}
	}
	if over != 4 || len(Machines()) != 11 {
		t.Errorf("%d of %d states are terminal, want 4 of 11", over, len(Machines()))
	}
	over = 0
	for _, j := range Jobs() {
		if j.Terminal() {
			over++
		}
	}
	if over != 6 {
		t.Errorf("%d job statuses are terminal, want 6", over)
	}
	if RunHeld.Terminal() || !RunSkipped.Terminal() || StepRunning.Terminal() || !StepCancelled.Terminal() {
		t.Error("run or step")
	}
}
