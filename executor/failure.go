package executor

// FailureKind says who is to look at a failure.
type FailureKind string

const (
	// Thrown: the author's code threw, or a command of it failed.
	Thrown FailureKind = "thrown"
	// TimedOut: a budget ran out.
	TimedOut FailureKind = "timeout"
	// Interrupted: the work was cancelled.
	Interrupted FailureKind = "cancelled"
	// Infrastructure: the child died, the disk was full, a bug of ours.
	Infrastructure FailureKind = "infrastructure"
)

// Failure says why something failed, as fully as it is known: it is what a
// person reads who was not there.
type Failure struct {
	Kind    FailureKind `json:"kind"`
	Name    string      `json:"name,omitempty"` // of the JavaScript error
	Message string      `json:"message"`
	// File, Line and Column are the author's, zero when unknown.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Frame  string `json:"frame,omitempty"` // source lines around the place
	Stack  string `json:"stack,omitempty"`
	// Command and Exit are set when a command failed.
	Command string `json:"command,omitempty"`
	Exit    *int   `json:"exit,omitempty"`
	Signal  string `json:"signal,omitempty"`
	// Tail is the last output before the failure.
	Tail string `json:"tail,omitempty"`
}

// Error makes a Failure travel as an error inside the executor.
func (f *Failure) Error() string { return f.Message }

// Broken is a Failure that is nobody's fault but the machinery's.
func Broken(message string) *Failure {
	return &Failure{Kind: Infrastructure, Message: message}
}
