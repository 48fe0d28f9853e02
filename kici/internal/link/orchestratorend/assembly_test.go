package orchestratorend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

var body = []byte("the whole body")

func begin(chunks int) *message.WebhookRelayStart {
	sum := sha256.Sum256(body)
	return &message.WebhookRelayStart{MessageID: "m", DeliveryID: "d", TotalSize: int64(len(body)), ChunkCount: chunks, Metadata: message.RelayedMetadata{BodyHash: hex.EncodeToString(sum[:])}}
}

func chunk(index int, text string) *message.WebhookRelayChunk {
	return &message.WebhookRelayChunk{MessageID: "m", Index: index, Data: []byte(text)}
}

// TestAssembly: whatever happens to chunks, a delivery is whole and right, or
// refused, or never whole.
func TestAssembly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		frames  []message.Message
		whole   int
		refusal string
	}{
		{"in order", []message.Message{begin(2), chunk(0, "the whole"), chunk(1, " body")}, 1, ""},
		{"reordered", []message.Message{begin(2), chunk(1, " body"), chunk(0, "the whole")}, 1, ""},
		{"doubled", []message.Message{begin(2), chunk(0, "the whole"), chunk(0, "the whole"), chunk(1, " body"), chunk(1, " body")}, 1, ""},
		{"announced twice", []message.Message{begin(2), begin(2), chunk(0, "the whole"), chunk(1, " body")}, 1, ""},
		{"missing", []message.Message{begin(2), chunk(1, " body")}, 0, ""},
		{"before its beginning", []message.Message{chunk(0, "the whole"), begin(2), chunk(1, " body")}, 0, ""},
		{"doubled and different", []message.Message{begin(2), chunk(0, "the whole"), chunk(0, "THE WHOLE"), chunk(1, " body")}, 0, "came twice and differs"},
		{"one too many", []message.Message{begin(2), chunk(2, "x")}, 0, "there is no chunk 2 of 2"},
		{"before the first", []message.Message{begin(2), chunk(-1, "x")}, 0, "there is no chunk -1"},
		{"larger than announced", []message.Message{begin(2), chunk(0, "the whole body and more")}, 0, "more than the 14 bytes"},
		{"smaller than announced", []message.Message{begin(2), chunk(0, "the"), chunk(1, "body")}, 0, "are 7 bytes, and 14 were announced"},
		{"another body", []message.Message{begin(2), chunk(0, "the whale"), chunk(1, " body")}, 0, "not the one that was announced"},
		{"oversized", []message.Message{&message.WebhookRelayStart{MessageID: "m", TotalSize: 25<<20 + 1, ChunkCount: 101}}, 0, "beyond the limit"},
		{"negative", []message.Message{&message.WebhookRelayStart{MessageID: "m", TotalSize: -1, ChunkCount: 1}}, 0, "beyond the limit"},
		{"too many chunks", []message.Message{begin(4097)}, 0, "4097 chunks"},
		{"a negative number of them", []message.Message{begin(-1)}, 0, "-1 chunks"},
		{"none of something", []message.Message{begin(0)}, 0, "0 chunks do not make 14 bytes"},
		{"nothing at all", []message.Message{&message.WebhookRelayStart{MessageID: "m"}}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAssembler(time.Now)
			whole, refusals := 0, []string{}
			for _, m := range c.frames {
				var p *parts
				var refusal string
				switch m := m.(type) {
				case *message.WebhookRelayStart:
					p, refusal = a.begin(m)
				case *message.WebhookRelayChunk:
					p, refusal = a.add(m)
				}
				if p != nil {
					var d *Delivery
					if d, refusal = p.delivery(); d != nil {
						whole++
						if p.start.TotalSize > 0 && !bytes.Equal(d.Body, body) {
							t.Errorf("the body is %q", d.Body)
						}
					}
					a.release(p)
				}
				if refusal != "" {
					refusals = append(refusals, refusal)
				}
			}
			if whole != c.whole || !strings.Contains(strings.Join(refusals, "\n"), c.refusal) || (c.refusal == "") != (len(refusals) == 0) {
				t.Errorf("whole %d times, refused with %q", whole, refusals)
			}
			if c.whole > 0 && (a.held != 0 || len(a.parts) != 0) {
				t.Errorf("%d bytes and %d deliveries are still held", a.held, len(a.parts))
			}
		})
	}
}

// TestAssemblyIsBounded: a relay that begins and never ends holds a bounded memory,
// and not for long.
func TestAssemblyIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := newAssembler(func() time.Time { return now })
	announce := func(i int, size int64) string {
		_, refusal := a.begin(&message.WebhookRelayStart{MessageID: fmt.Sprint(i), TotalSize: size, ChunkCount: 100})
		return refusal
	}
	refused := 0
	for i := range 100 {
		if announce(i, maxBody) != "" {
			refused++
		}
	}
	if refused != 96 || a.held != maxHeld {
		t.Errorf("%d of 100 were refused, %d bytes are held", refused, a.held)
	}
	now = now.Add(partsExpire + time.Second)
	if why := announce(1000, maxBody); why != "" || a.held != maxBody {
		t.Errorf("after a while: %q, %d bytes", why, a.held)
	}
	now = now.Add(partsExpire + time.Second)
	refused = 0
	for i := range 5000 {
		if announce(i, 1) != "" {
			refused++
		}
	}
	if refused != 5000-maxParts {
		t.Errorf("%d of 5000 small ones were refused", refused)
	}
}

// TestReportsAreBounded: the oldest are dropped.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	r := newReports(3)
	for i := range 10 {
		r.add(&message.ExecutionStatus{RunID: fmt.Sprint(i)})
	}
	list, dropped := r.take()
	if len(list) != 3 || dropped != 7 || list[0].(*message.ExecutionStatus).RunID != "7" {
		t.Errorf("%v, %d dropped", list, dropped)
	}
}
