package chaos

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"

	"github.com/kici-dev/kici-go/transport/message"
)

// heard is what agents' sessions have said over one link, however many
// connections it took: log lines that are not acknowledged yet.
type heard struct {
	mu     sync.Mutex // guards chunks
	chunks map[string]map[int64]*message.LogChunk
}

// socketTap reads the conversation of an agent with an orchestrator.
type socketTap struct {
	points *points
	rec    *recorder
	link   *heard
	agent  string
	// dispatched hears of every job that is handed over, as it stands on the wire;
	// swallow tells whether the lines of a log chunk are to be lost on their way.
	dispatched func(frame []byte)
	deaf       bool // agents do not hear that they are to give a job up
	swallow    func(m message.Message) bool

	up, down socketFrames

	mu      sync.Mutex // guards session
	session string     // of the agent, once it has said its name on this connection
}

// socketFrames cuts a stream into the HTTP request or answer that it begins
// with, and the frames of the WebSocket behind it.
type socketFrames struct {
	rest   []byte
	framed bool
}

// next gives the bytes of a whole frame, and its text when it is one.
func (f *socketFrames) next() (raw, text []byte) {
	if !f.framed {
		end := bytes.Index(f.rest, []byte("\r\n\r\n"))
		if end < 0 {
			return nil, nil
		}
		raw, f.rest, f.framed = f.rest[:end+4:end+4], f.rest[end+4:], true
		return raw, nil
	}
	head, size, mask, ok := socketHead(f.rest)
	if !ok || len(f.rest) < head+size {
		return nil, nil
	}
	raw, f.rest = f.rest[:head+size:head+size], f.rest[head+size:]
	if raw[0]&0x0f > 1 { // a ping, a pong, a close
		return raw, nil
	}
	text = slices.Clone(raw[head:])
	for i := range text {
		text[i] ^= mask[i%4]
	}
	return raw, text
}

func socketHead(b []byte) (head, size int, mask [4]byte, ok bool) {
	if len(b) < 2 {
		return 0, 0, mask, false
	}
	head, size = 2, int(b[1]&0x7f)
	switch {
	case size == 126 && len(b) >= 4:
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		head, size = 10, int(binary.BigEndian.Uint64(b[2:]))
	case size >= 126:
		return 0, 0, mask, false
	}
	if b[1]&0x80 != 0 {
		if len(b) < head+4 {
			return 0, 0, mask, false
		}
		copy(mask[:], b[head:])
		head += 4
	}
	return head, size, mask, true
}

func (t *socketTap) Pass(way Way, b []byte) []byte {
	f, each := &t.up, t.said
	if way == Down {
		f, each = &t.down, t.told
	}
	f.rest = append(f.rest, b...)
	var out []byte
	for raw, text := f.next(); raw != nil; raw, text = f.next() {
		if text != nil {
			if other := each(text); other != nil {
				raw = other
			}
		}
		out = append(out, raw...)
	}
	return out
}

// said looks at what an agent says, and gives what is to go on in its place.
func (t *socketTap) said(frame []byte) []byte {
	e, err := message.Open(message.ToOrchestrator, frame)
	if err != nil || e.Seq == 0 {
		return nil
	}
	t.mu.Lock()
	if e.Session != "" {
		t.session = e.Session
	}
	session := t.session
	t.mu.Unlock()
	t.points.reach(BeforeReport)
	if m, ok := e.Message.(*message.LogChunk); ok && session != "" {
		t.link.keep(session, e.Seq, m)
	}
	if t.swallow != nil && t.swallow(e.Message) {
		return socketFrame(emptied(frame), true)
	}
	return nil
}

// told looks at what an orchestrator says.
func (t *socketTap) told(frame []byte) []byte {
	e, err := message.Open(message.ToAgent, frame)
	if err != nil {
		return nil
	}
	switch m := e.Message.(type) {
	case *message.JobDispatch:
		t.points.reach(BeforeDispatch)
		if t.dispatched != nil {
			t.dispatched(frame)
		}
	case *message.JobCancel:
		if t.deaf { // what nobody knows is passed over, and keeps its number
			return socketFrame(bytes.Replace(frame, []byte(`"job.cancel"`), []byte(`"job.lament"`), 1), false)
		}
	case *message.Ack:
		if m.Seq > 0 {
			t.points.reach(BeforeAck)
			t.acked(m.Seq)
		}
	}
	return nil
}

// acked writes down which lines an agent now believes to be stored.
func (t *socketTap) acked(upTo int64) {
	t.mu.Lock()
	session := t.session
	t.mu.Unlock()
	for _, m := range t.link.take(session, upTo) {
		t.rec.add(Event{Kind: Acked, Node: t.agent, Attempt: m.Attempt, Step: m.StepIndex, Text: m.Lines})
	}
}

func (h *heard) keep(session string, seq int64, m *message.LogChunk) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chunks == nil {
		h.chunks = map[string]map[int64]*message.LogChunk{}
	}
	if h.chunks[session] == nil {
		h.chunks[session] = map[int64]*message.LogChunk{}
	}
	h.chunks[session][seq] = m
}

func (h *heard) take(session string, upTo int64) []*message.LogChunk {
	h.mu.Lock()
	defer h.mu.Unlock()
	var seqs []int64
	for seq := range h.chunks[session] {
		if seq <= upTo {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	var out []*message.LogChunk
	for _, seq := range seqs {
		out = append(out, h.chunks[session][seq])
		delete(h.chunks[session], seq)
	}
	return out
}

// emptied is a log chunk without its lines, as an agent would send it.
func emptied(frame []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(frame, &fields) != nil {
		return frame
	}
	fields["lines"] = json.RawMessage("[]")
	out, err := json.Marshal(fields)
	if err != nil {
		return frame
	}
	return out
}

// socketFrame is a text frame. Those of clients are masked; the mask of ours hides
// nothing.
func socketFrame(text []byte, masked bool) []byte {
	out, bit := []byte{0x81}, byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(text); {
	case n < 126:
		out = append(out, bit|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, bit|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, bit|127), uint64(n))
	}
	if masked {
		out = append(out, 0, 0, 0, 0)
	}
	return append(out, text...)
}

// deliveryName begins the name of every delivery of ours.
var deliveryName = []byte("X-Delivery-Id: d")

// answerTap sees the answers that clients get.
type answerTap struct {
	points *points
	rename func() bool // whether the delivery that passes is to get another name
}

func (t *answerTap) Pass(way Way, b []byte) []byte {
	if way == Up && bytes.Contains(b, deliveryName) && t.rename() {
		return bytes.Replace(b, deliveryName, []byte("X-Delivery-Id: e"), 1)
	}
	if way == Down && bytes.HasPrefix(b, []byte("HTTP/1.1 20")) && t.points.reach(BeforeAnswer) {
		return nil // whoever acted here has ended the connection
	}
	return b
}
