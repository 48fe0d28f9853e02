// Package admin is the API by which an operator manages an orchestrator:
// /api/v1/admin, spoken by kici/adminclient.
//
// Every request first shows the admin token, which is compared in constant time;
// without a configured token nothing is mounted at all. A handler then decodes
// what it was sent, calls a room of the engine or reads the store, and returns an
// answer or an error; [Handler.serve] encodes the one and turns the other into a
// status, in one place (status.go). Types of answers are adminclient's, so that
// both ends cannot disagree. The API grows by files: one for each subject, with
// its routes at the top, entered in [Handler.Routes].
//
// Secrets of sources go in and never come out, but by the one route that is for
// it. Tokens of agents are stored as hashes and shown once. Nothing is decided
// here: what a cancellation or a repetition does is engine/runs.
package admin
