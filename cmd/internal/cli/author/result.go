package author

// result is the outcome of a local run as --json prints it; the summary and
// the JUnit report are drawn from it too, so that the three cannot disagree.
type result struct {
	Workflows []workflowResult `json:"workflows"`
	Summary   summaryResult    `json:"summary"`
}

type workflowResult struct {
	Name       string      `json:"name"`
	Status     string      `json:"status"`
	DurationMs int64       `json:"durationMs"`
	Error      string      `json:"error,omitempty"`
	Jobs       []jobResult `json:"jobs"`
}

type jobResult struct {
	Name         string            `json:"name"`
	Status       string            `json:"status"`
	DurationMs   int64             `json:"durationMs"`
	MatrixValues map[string]string `json:"matrixValues,omitempty"`
	Steps        []stepResult      `json:"steps"`
	RuleResults  []ruleResult      `json:"ruleResults,omitempty"`
	Error        string            `json:"error,omitempty"`
	// Reason tells a job skipped by its own rule from one skipped because a
	// dependency failed.
	Reason string `json:"reason,omitempty"`
}

type stepResult struct {
	Name       string       `json:"name"`
	Status     string       `json:"status"`
	DurationMs int64        `json:"durationMs"`
	Error      string       `json:"error,omitempty"`
	Failure    *stepFailure `json:"failure,omitempty"`
}

// stepFailure is what an author needs to see of a failed step.
type stepFailure struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Frame   string `json:"-"` // drawn where the file was, which may be gone by now
	Command string `json:"command,omitempty"`
	Output  string `json:"output,omitempty"` // the last lines
}

type ruleResult struct {
	Label      string `json:"label"`
	Passed     bool   `json:"passed"`
	DurationMs int64  `json:"durationMs"`
	Error      string `json:"error,omitempty"`
}

type summaryResult struct {
	TotalWorkflows  int   `json:"totalWorkflows"`
	Passed          int   `json:"passed"`
	Failed          int   `json:"failed"`
	Skipped         int   `json:"skipped"`
	TotalDurationMs int64 `json:"totalDurationMs"`
}

// Words of a status, as the JSON and the guide spell them.
const (
	succeeded = "success"
	failed    = "failure"
	skipped   = "skipped"
	cancelled = "cancelled"
)

// summarise counts the workflows; a cancelled one counts as failed, because a
// script that asks wants to know whether everything passed.
func summarise(workflows []workflowResult) summaryResult {
	s := summaryResult{TotalWorkflows: len(workflows)}
	for _, w := range workflows {
		s.TotalDurationMs += w.DurationMs
		switch w.Status {
		case succeeded:
			s.Passed++
		case skipped:
			s.Skipped++
		default:
			s.Failed++
		}
	}
	return s
}

// overall is the status of the whole run.
func (r result) overall() string {
	switch {
	case r.Summary.Failed > 0:
		return failed
	case r.Summary.Passed == 0 && r.Summary.Skipped > 0:
		return skipped
	default:
		return succeeded
	}
}
