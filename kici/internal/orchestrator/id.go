package orchestrator

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// ids makes UUIDs of version 7 (RFC 9562, section 5.7), which rise: rows that are
// made together lie together in an index, and lists by id are in the order of
// making. The 12 bits behind the milliseconds count, so that this holds within
// one of them too.
type ids struct {
	now  func() time.Time
	mu   sync.Mutex // guards last
	last uint64     // milliseconds and count of the one before
}

const countBits = 12

func (g *ids) next() string {
	var b [16]byte
	_, _ = rand.Read(b[8:]) // it never fails
	g.mu.Lock()
	g.last = max(g.last+1, uint64(g.now().UnixMilli())<<countBits)
	stamp := g.last
	g.mu.Unlock()
	binary.BigEndian.PutUint64(b[:8], stamp>>countBits<<16|7<<countBits|stamp&(1<<countBits-1))
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
