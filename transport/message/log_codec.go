package message

import "strconv"

// size estimates the encoded length, so that one allocation is enough.
func (m *LogChunk) size() int {
	n := 256 + len(m.MessageID) + len(m.RunID) + len(m.JobID) + len(m.Attempt)
	for _, l := range m.Lines {
		n += len(l) + len(l)/16 + 3
	}
	return n
}

// append writes what encoding/json would, behind the head.
func (m *LogChunk) append(out []byte) []byte {
	out = appendString(append(out, `,"messageId":`...), m.MessageID)
	out = appendString(append(out, `,"runId":`...), m.RunID)
	out = appendString(append(out, `,"jobId":`...), m.JobID)
	if m.Attempt != "" {
		out = appendString(append(out, `,"attempt":`...), m.Attempt)
	}
	if m.Fence != 0 {
		out = strconv.AppendInt(append(out, `,"fence":`...), m.Fence, 10)
	}
	out = strconv.AppendInt(append(out, `,"stepIndex":`...), int64(m.StepIndex), 10)
	out = appendStrings(append(out, `,"lines":`...), m.Lines)
	out = strconv.AppendInt(append(out, `,"timestamp":`...), m.Timestamp, 10)
	if m.Chunk != 0 {
		out = strconv.AppendInt(append(out, `,"chunk":`...), m.Chunk, 10)
	}
	return append(out, '}')
}

// parseLog reads a log.chunk as append writes it, from behind the head. Nil
// means that it looks different and somebody slower must read it; nothing is
// refused here. The strings share the memory of the frame's copy.
func parseLog(frame string, at int) *LogChunk {
	c := cursor{frame, at}
	m := &LogChunk{}
	for !c.lit("}") {
		if !c.lit(",") {
			return nil
		}
		key, ok := c.str()
		if !ok || !c.lit(":") || !m.parseField(&c, key) {
			return nil
		}
	}
	if c.i != len(frame) {
		return nil
	}
	return m
}

func (m *LogChunk) parseField(c *cursor, key string) (ok bool) {
	switch key {
	case "messageId":
		m.MessageID, ok = c.str()
	case "runId":
		m.RunID, ok = c.str()
	case "jobId":
		m.JobID, ok = c.str()
	case "attempt":
		m.Attempt, ok = c.str()
	case "fence":
		m.Fence, ok = c.int()
	case "stepIndex":
		var n int64
		n, ok = c.int()
		ok = ok && int64(int32(n)) == n
		m.StepIndex = int(n)
	case "timestamp":
		m.Timestamp, ok = c.int()
	case "chunk":
		m.Chunk, ok = c.int()
	case "lines":
		m.Lines, ok = c.strs()
	}
	return ok
}
