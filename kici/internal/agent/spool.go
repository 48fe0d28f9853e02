package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// maxSpool bounds what one job may have on disk; beyond it the job waits.
const maxSpool = 1 << 30

// spool keeps lines on disk that a reporter has no time for. It is used under
// the outbox's lock, but for get.
type spool struct {
	dir  string
	file *os.File // made on first use
	end  int64
}

// place is where lines are in the file.
type place struct{ at, size int64 }

var errSpoolFull = errors.New("agent: the spool of a job is full")

// put writes lines, which hold no line breaks.
func (s *spool) put(lines []string) (place, error) {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "spool-*")
		if err != nil {
			return place{}, fmt.Errorf("agent: %w", err)
		}
		s.file = f
	}
	text := strings.Join(lines, "\n")
	if s.end+int64(len(text)) > maxSpool {
		return place{}, errSpoolFull
	}
	if _, err := s.file.WriteAt([]byte(text), s.end); err != nil {
		return place{}, fmt.Errorf("agent: %w", err)
	}
	p := place{s.end, int64(len(text))}
	s.end += p.size
	return p, nil
}

func (s *spool) get(p place) ([]string, error) {
	text := make([]byte, p.size)
	if _, err := io.ReadFull(io.NewSectionReader(s.file, p.at, p.size), text); err != nil {
		return nil, fmt.Errorf("agent: read back spooled lines: %w", err)
	}
	return strings.Split(string(text), "\n"), nil
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// await waits for room, or until the pause is over; false is the end of ctx.
func await(ctx context.Context, room <-chan struct{}, wait time.Duration) bool {
	if wait <= 0 { // the disk is full: only the reporter can help
		wait = time.Second
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// relieve makes room while the reporter takes nothing: it counts the line as
// dropped, or moves what waits to disk. mu is held.
func (o *outbox) relieve(row int) bool {
	if o.meter != nil {
		o.meter.Behind()
	}
	if o.drop {
		o.lost[row]++
		if o.meter != nil {
			o.meter.Dropped(1)
		}
		return true
	}
	// The first is with the reporter, or about to be.
	for i := 1; i < len(o.queue); i++ {
		q := &o.queue[i]
		if q.batch == nil || q.parked != nil {
			continue
		}
		p, err := o.spool.put(q.batch.Lines)
		if err != nil {
			return false
		}
		q.parked, q.batch.Lines = &p, nil
		o.bytes -= q.size
		q.size = 0
	}
	return o.bytes < queueBytes
}

// mourn says how many lines of a row were dropped; mu is held.
func (o *outbox) mourn(row int) {
	if n := o.lost[row]; n > 0 {
		delete(o.lost, row)
		o.add(row, fmt.Sprintf("[%d lines dropped due to backpressure]", n), 0)
	}
}

// endRow says what was dropped of a row that is over.
func (o *outbox) endRow() {
	o.mu.Lock()
	n := len(o.lost)
	for row := range o.lost {
		o.mourn(row)
	}
	o.mu.Unlock()
	if n > 0 {
		o.signal()
	}
}
