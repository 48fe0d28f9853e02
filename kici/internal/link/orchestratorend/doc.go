// Package orchestratorend is the orchestrator's end of its link to a relay.
//
// [Link.Run] dials again and again, shows the orchestrator's key, registers its
// sources, and serves the connection: deliveries come in chunks, are put together
// again byte for byte (assembly.go) and handed to an [Intake]; its verdict goes
// back once the delivery is durable. What is broken, too large or too much at once
// is refused with a nack, so that the relay asks somebody else at once. Requests
// about runs go to a [Desk], with who asked and the request's id. What runs do
// goes up by [Link.Report]; a bounded number of reports is kept while there is no
// connection.
//
// A key that is wrong does not end the link: it may be a relay that is being set
// up, so it goes on trying, slowly, and says so in the log each time. Deliveries
// go on being taken in and runs go on whatever becomes of the link.
//
// The package decides nothing about deliveries or runs: kici/internal/orchestrator
// gives it both ports. Handlers of messages never send from the session's own
// goroutine, since the relay's do (see transport/session).
package orchestratorend
