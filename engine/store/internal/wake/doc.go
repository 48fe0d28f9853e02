// Package wake is the wake-up port of both drivers: listeners by topic within
// one process.
//
// A driver signals the hub after a commit, and again when another process tells
// it of one. Each listener holds at most one pending signal, so a burst costs
// one look; a listener that is told nothing for store.PollInterval looks anyway.
// How signals travel between processes is the driver's business.
package wake
