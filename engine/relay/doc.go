// Package relay is what a relay decides: which orchestrator a delivery is offered
// to, what its sender is told, and whom it lets in.
//
// A delivery first asks for its [Target] ([Relay.Find]): an organisation's source,
// known from an orchestrator that is connected here or from the store. What nobody
// knows is remembered for a while in a bounded memory, so that a flood of such
// addresses costs no question of the store. [Relay.Deliver] then offers the
// delivery to one candidate after the other, the least busy first, and gives each
// some seconds: those connected here, then those that another relay holds, which
// is sent the delivery by its address ([Peers]). The first verdict counts. A
// delivery carries one id through all of that, so that an orchestrator that took
// it and died before it could say so, and the one that is asked next, take it once
// if they share a store. What is remembered of it is its size, its hash and the
// verdict: a payload never passes through a store.
//
// Orchestrators come by [Relay.Admit], which knows the hashes of keys, and
// [Relay.Connect], which gives a [Member]; what a member registers is bounded by
// its organisation and by the patterns of its key. [Relay.Run] keeps the seats of
// the members known to other relays, and ends those whose key was revoked.
//
// The room knows no wire and no HTTP: a connection is a [Link], which
// kici/internal/link/relayend implements, and kici/internal/httpapi/ingress is
// where senders come in.
//
// Locks: Relay.mu and negative.mu, never one inside the other.
package relay
