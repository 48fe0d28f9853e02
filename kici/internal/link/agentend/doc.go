// Package agentend is the agent's end of its link to an orchestrator: it turns
// messages into calls of kici/internal/agent, and what becomes of jobs into
// messages.
//
// [Link.Run] runs the agent and keeps a connection for it. It dials, shows the
// token, registers with labels, platform and the jobs that are still here, and
// then lives in a transport/session until the connection ends; then it dials
// again, later each time. A token that is refused ends it for good: no token
// heals by waiting. Jobs never notice a lost connection. What they report is
// numbered, kept and sent again by the session, in order; while that is full,
// reports block and so, in the end, do jobs.
//
// Inwards, job.dispatch becomes an agent.Assignment and an offer (a job that has
// no slot is answered with job.reject), job.cancel a cancellation, and answers
// find the question that waits for them. Nothing that comes in is waited for
// while it is handled: the handler must not block the session. Outwards,
// reporter.go has one method for each message. The user cache goes over HTTP, to
// addresses the orchestrator signed (cache.go); what is fetched is checked
// against its hash before anybody unpacks it.
//
// The room decides nothing about jobs (kici/internal/agent does), keeps no
// messages (transport/session does) and opens no socket (the Dialer does).
package agentend
