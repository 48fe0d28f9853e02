// Package rig is what a load on a whole orchestrator needs around it: a private
// PostgreSQL that syncs to disk, and a crowd of agents that need no time.
//
// A [Crowd] speaks the agents' protocol over real sockets and finishes every job
// the moment it comes, so that what is measured is the orchestrator. It keeps
// nothing over the end of a connection, as an agent would; one that connects
// again has no job in hand. It does no work of an agent and belongs in no product.
package rig
