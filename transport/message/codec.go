package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Encode writes a message as a frame.
func Encode(m Message) ([]byte, error) { return Envelope{Message: m}.Encode() }

// Encode writes the frame: type first, the numbers next, then the message's own
// fields.
func (e Envelope) Encode() ([]byte, error) {
	typ := e.Message.Type()
	if e.Seq != 0 && !table[typ].record {
		return nil, fmt.Errorf("message: %s is not of record and takes no number", typ)
	}
	if log, ok := e.Message.(*LogChunk); ok {
		return log.append(e.head(make([]byte, 0, log.size()), typ)), nil
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.Message); err != nil {
		return nil, fmt.Errorf("message: encode %s: %w", typ, err)
	}
	fields := bytes.TrimSuffix(body.Bytes()[1:], []byte("\n")) // without the brace
	out := e.head(make([]byte, 0, len(fields)+len(typ)+96), typ)
	if len(fields) > 1 {
		out = append(out, ',')
	}
	return append(out, fields...), nil
}

// head writes everything up to the message's own fields, without a comma behind.
func (e Envelope) head(out []byte, typ string) []byte {
	out = append(out, `{"type":"`...)
	out = append(out, typ...)
	out = append(out, '"')
	if e.Seq == 0 {
		return out
	}
	out = strconv.AppendInt(append(out, `,"seq":`...), e.Seq, 10)
	if e.First != 0 {
		out = strconv.AppendInt(append(out, `,"first":`...), e.First, 10)
	}
	if e.Session != "" {
		out = appendString(append(out, `,"session":`...), e.Session)
	}
	return out
}

// Number gives a frame that Encode wrote without numbers its numbers.
// transport/session keeps frames so, since what it says beside seq depends on the
// connection a frame is sent over.
func Number(frame []byte, n Numbering) ([]byte, error) {
	typ, _, rest := quickHeader(frame)
	if rest == 0 || !table[typ].record {
		return nil, fmt.Errorf("message: %q takes no number", clip(typ))
	}
	out := Envelope{Numbering: n}.head(make([]byte, 0, len(frame)+len(n.Session)+64), typ)
	return append(out, frame[rest:]...), nil
}

// Decode reads a frame that travelled that way, and leaves the numbers alone.
func Decode(way Direction, frame []byte) (Message, error) {
	e, err := Open(way, frame)
	return e.Message, err
}

// Open reads a frame that travelled that way. With an *UnknownTypeError, a
// *DirectionError or a *FormatError that knows its type, the Envelope still
// carries the numbers, as far as they could be read: a receiver that ignores the
// message must count it.
func Open(way Direction, frame []byte) (Envelope, error) {
	typ, numbers, rest, err := header(frame)
	if err != nil {
		return Envelope{}, &FormatError{Cause: err}
	}
	known, ok := table[typ]
	if !ok {
		return Envelope{Numbering: numbers}, &UnknownTypeError{typ}
	}
	e := Envelope{}
	if known.record {
		e.Numbering = numbers
	}
	if known.way&way == 0 {
		return e, &DirectionError{typ, way}
	}
	if typ == "log.chunk" && rest > 0 {
		if m := parseLog(string(frame), rest); m != nil {
			e.Message = m
			return e, nil
		}
	}
	m := known.blank()
	if err := json.Unmarshal(frame, m); err != nil {
		return e, &FormatError{typ, err}
	}
	e.Message = m
	return e, nil
}

// header finds type and numbers. Ours stand first, in one order and without
// spaces, and cost no parsing; rest is where they end, or 0 when the frame is
// written in another way and was read in full.
func header(frame []byte) (typ string, n Numbering, rest int, err error) {
	typ, n, rest = quickHeader(frame)
	if rest > 0 && !n.elsewhere(frame) {
		return typ, n, rest, nil
	}
	var slow struct {
		Type string `json:"type"`
		Numbering
	}
	if err := json.Unmarshal(frame, &slow); err != nil {
		return "", Numbering{}, 0, err
	}
	if slow.Type == "" {
		return "", Numbering{}, 0, errors.New("no type")
	}
	if slow.Seq < 0 || slow.First < 0 || slow.First > slow.Seq {
		return "", Numbering{}, 0, errors.New("impossible numbers")
	}
	if slow.Seq == 0 {
		slow.Numbering = Numbering{}
	}
	return slow.Type, slow.Numbering, rest, nil
}

// elsewhere tells whether what is missing may stand further behind. A key is
// found by its quotes: inside a string they would be escaped.
func (n Numbering) elsewhere(frame []byte) bool {
	return n.Seq == 0 && bytes.Contains(frame, []byte(`"seq"`)) ||
		n.First == 0 && bytes.Contains(frame, []byte(`"first"`)) ||
		n.Session == "" && bytes.Contains(frame, []byte(`"session"`))
}

func quickHeader(frame []byte) (typ string, n Numbering, rest int) {
	// The longest head is far shorter than this; the rest of the frame is not
	// copied to look at it.
	c := cursor{s: string(frame[:min(len(frame), 256)])}
	if !c.lit(`{"type":`) {
		return "", n, 0
	}
	typ, ok := c.str()
	if !ok || typ == "" {
		return "", n, 0
	}
	if c.lit(`,"seq":`) {
		if n.Seq, ok = c.int(); !ok || n.Seq <= 0 {
			return "", Numbering{}, 0
		}
		if c.lit(`,"first":`) {
			if n.First, ok = c.int(); !ok || n.First <= 0 || n.First > n.Seq {
				return "", Numbering{}, 0
			}
		}
		if c.lit(`,"session":`) {
			if n.Session, ok = c.str(); !ok {
				return "", Numbering{}, 0
			}
		}
	}
	// The head must be whole, or a number cut off at the limit would be taken
	// for a smaller one.
	if c.i >= len(c.s) || c.s[c.i] != ',' && c.s[c.i] != '}' {
		return "", Numbering{}, 0
	}
	return typ, n, c.i
}
