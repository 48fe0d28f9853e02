// Package relay connects the parts of a relay into one running thing; kici.Relay is
// its face.
//
// [New] checks what it is given and starts nothing. [Relay.Run] opens the store,
// builds the room (engine/relay) and its two doors, one for senders
// (kici/internal/httpapi/ingress) and one for orchestrators
// (kici/internal/link/relayend), and runs them until its context ends; deliveries
// that are under way then have a while to be answered. The handler exists from the
// start and answers 503 until the room is there. What orchestrators tell of their
// runs is written down in view.go, and asked for again by requests.go.
//
// Nothing is decided here.
package relay
