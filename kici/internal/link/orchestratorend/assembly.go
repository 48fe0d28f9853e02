package orchestratorend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

// Delivery is one that was put together.
type Delivery struct {
	Start  *message.WebhookRelayStart
	Header http.Header
	Remote netip.Addr
	Body   []byte
}

// Bounds of what is put together at once. A relay takes no larger bodies.
const (
	maxBody     = 25 << 20
	maxChunks   = 4096
	maxParts    = 1024             // deliveries
	maxHeld     = 4 * maxBody      // bytes of them, until they are durable
	partsExpire = 15 * time.Second // three times what a relay waits
)

// assembler puts deliveries together. What never becomes whole is forgotten.
type assembler struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	parts map[string]*parts
	held  int64 // announced bytes of all that is here or not yet released
}

// parts is a delivery of which some is missing.
type parts struct {
	start  *message.WebhookRelayStart
	chunks [][]byte
	left   int
	size   int64
	since  time.Time
}

func newAssembler(now func() time.Time) *assembler {
	return &assembler{now: now, parts: map[string]*parts{}}
}

// begin notes a delivery; one without a body is whole at once. The string says why
// it is refused.
func (a *assembler) begin(start *message.WebhookRelayStart) (whole *parts, refusal string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire()
	switch {
	case start.TotalSize < 0 || start.TotalSize > maxBody:
		return nil, fmt.Sprintf("a body of %d bytes is beyond the limit of %d", start.TotalSize, maxBody)
	case start.ChunkCount < 0 || start.ChunkCount > maxChunks || start.ChunkCount == 0 && start.TotalSize > 0:
		return nil, fmt.Sprintf("%d chunks do not make %d bytes", start.ChunkCount, start.TotalSize)
	case a.parts[start.MessageID] != nil:
		return nil, "" // said twice
	case len(a.parts) >= maxParts || a.held+start.TotalSize > maxHeld:
		return nil, "too much at once"
	}
	p := &parts{start: start, chunks: make([][]byte, start.ChunkCount), left: start.ChunkCount, since: a.now()}
	a.held += start.TotalSize
	if p.left == 0 {
		return p, ""
	}
	a.parts[start.MessageID] = p
	return nil, ""
}

// add takes a chunk and gives the delivery when it was the last one missing. What
// belongs to nothing is passed over.
func (a *assembler) add(c *message.WebhookRelayChunk) (whole *parts, refusal string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.parts[c.MessageID]
	switch {
	case p == nil:
		return nil, ""
	case c.Index < 0 || c.Index >= len(p.chunks):
		a.drop(p)
		return nil, fmt.Sprintf("there is no chunk %d of %d", c.Index, len(p.chunks))
	case p.chunks[c.Index] != nil:
		if !bytes.Equal(p.chunks[c.Index], c.Data) {
			a.drop(p)
			return nil, fmt.Sprintf("chunk %d came twice and differs", c.Index)
		}
		return nil, ""
	case p.size+int64(len(c.Data)) > p.start.TotalSize:
		a.drop(p)
		return nil, fmt.Sprintf("the chunks are more than the %d bytes that were announced", p.start.TotalSize)
	}
	if c.Data == nil {
		c.Data = []byte{} // counts as there
	}
	p.chunks[c.Index] = c.Data
	p.size += int64(len(c.Data))
	if p.left--; p.left > 0 {
		return nil, ""
	}
	delete(a.parts, c.MessageID)
	return p, ""
}

func (a *assembler) drop(p *parts) {
	delete(a.parts, p.start.MessageID)
	a.held -= p.start.TotalSize
}

// release gives back the place of a delivery that was whole.
func (a *assembler) release(p *parts) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held -= p.start.TotalSize
}

func (a *assembler) expire() {
	for _, p := range slices.Collect(maps.Values(a.parts)) {
		if a.now().Sub(p.since) > partsExpire {
			a.drop(p)
		}
	}
}

// delivery is the whole of it, or why it is none.
func (p *parts) delivery() (d *Delivery, refusal string) {
	d = &Delivery{Start: p.start, Header: http.Header{}, Body: bytes.Join(p.chunks, nil)}
	if int64(len(d.Body)) != p.start.TotalSize {
		return nil, fmt.Sprintf("the chunks are %d bytes, and %d were announced", len(d.Body), p.start.TotalSize)
	}
	if want := p.start.Metadata.BodyHash; want != "" {
		if sum := sha256.Sum256(d.Body); hex.EncodeToString(sum[:]) != want {
			return nil, "the body is not the one that was announced"
		}
	}
	for _, h := range p.start.Metadata.Headers {
		value := h.Value
		if h.Raw != nil {
			value = string(h.Raw)
		}
		d.Header[h.Name] = append(d.Header[h.Name], value)
	}
	// Without an address a delivery could pass for one made in this process.
	d.Remote = netip.IPv4Unspecified()
	if at, err := netip.ParseAddr(p.start.Metadata.RemoteAddr); err == nil {
		d.Remote = at
	}
	return d, ""
}
