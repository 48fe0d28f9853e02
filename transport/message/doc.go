// Package message is what the frames say: one Go struct for every message of the
// links, with the names the wire has. One file per theme of a link; agent_*.go is
// the link between orchestrator and agent, relay_*.go the one between orchestrator
// and relay.
//
// A call flows like this: Encode turns a message into a frame, a JSON object
// whose first key is type, and Open turns a frame into an Envelope. Open knows
// which way the frame travelled and refuses what belongs to the other direction
// (*DirectionError), what nobody knows (*UnknownTypeError) and what is no
// message at all (*FormatError); unknown fields are ignored, so that either side
// may be newer. Log lines are nearly all of the traffic, so log.chunk is written
// and read by hand (log_codec.go) and by encoding/json only when it looks
// unusual; a fuzz test holds the two together.
//
// # Additions
//
// Beyond the published messages, and optional on the wire: attempt and fence say
// which try of a job a message is about; seq, first and session belong to
// transport/session, follow type directly, and make a message one of record;
// ack.seq acknowledges all of record up to that number once the receiver has
// made it durable, ack.received and ack.missing say what has merely arrived, ack.probe asks. Both sides list
// what they can do in capabilities (the Cap constants) when they register. An
// agent that lists none is sent messages without numbers. job.secrets.request and
// its response ask for the secrets of an environment that only the job's own
// code could name.
//
// The package translates nothing and decides nothing: what a message means for a
// run or a job is kici/internal/link's business, and in what order and how often
// messages arrive is transport/session's.
package message
