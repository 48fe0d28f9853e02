package status

// Verdict is what an orchestrator says of a delivery that a relay hands it.
type Verdict string

// Verdicts.
const (
	VerdictAccepted      Verdict = "accepted" // it is durable
	VerdictSignature     Verdict = "rejected_signature"
	VerdictUnknownSource Verdict = "rejected_unknown_source"
	VerdictMisconfigured Verdict = "rejected_misconfigured"
)
