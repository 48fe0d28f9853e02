// Package orchestrator connects the rooms of the engine into one running thing;
// kici.Orchestrator is its face.
//
// [New] checks what it is given and starts nothing. [Orchestrator.Run] opens the
// store, builds the rooms (house.go is the list), and runs their services until
// its context ends. Then it stops in two steps: first nothing new is taken in or
// given out, while agents of this process may finish what they have and report
// it; when they have left, or after DrainTimeout, everything ends. The handler
// exists from the start and answers 503 until the rooms are there.
//
// Nothing is decided here. HTTP paths are in http.go, and what a handler does in
// kici/internal/httpapi; the link to agents is kici/internal/link/serverend.
package orchestrator
