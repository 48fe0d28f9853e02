// Package transport carries frames between two parts of the house. It owns what
// a connection is: whole frames in order, a bounded number of them under way,
// and an end with a code and a reason; and it owns the codes.
//
// A call flows like this: whoever dials asks a Dialer for a Conn, whoever
// serves asks a Listener, and both then Send and Receive frames until one of
// them closes. Send blocks while the other side does not read: that is the only
// flow control, and nothing is ever dropped for being too much. Below this
// package, transport/ws is the socket and transport/pipe its twin in memory, and
// transport/transporttest holds both to the words of this file. What a frame
// says is transport/message; that it arrives although connections die is
// transport/session.
//
// Nothing here knows a run, a job or an agent, and nothing reads configuration:
// kici/internal/link translates messages into calls, and kici assembles.
package transport
