// Package pipe is transport in memory: the twin of transport/ws for tests, and the
// wire between an orchestrator and an agent that live in one process. New makes
// two ends, a Listener with its Dial makes as many as are asked for.
//
// A frame goes into a lane, one for each direction, bounded like a socket, and
// comes out at the other end. Without options nothing happens to it. With them,
// frames are lost, doubled, delayed or put out of order, and connections are cut,
// all decided by one seeded source per lane; a Listener can also be told, while it
// runs, to break all its connections, to answer no dial, or to swallow every
// frame. Timers are those of package time, so in a synctest bubble a delay costs
// nothing.
//
// That frames arrive although a pipe loses them is transport/session's work; this
// package only makes its life hard.
package pipe
