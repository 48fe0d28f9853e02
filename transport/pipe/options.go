package pipe

import (
	"math/rand/v2"
	"time"
)

// Option changes what a pipe does to frames.
type Option func(*settings)

type settings struct {
	seed      uint64
	capacity  int
	spared    int // frames of each direction that nothing happens to
	lost      float64
	doubled   float64
	delay     time.Duration
	jitter    time.Duration
	window    int
	cut       int
	addresses [2]string
}

func settle(opts []Option) settings {
	s := settings{seed: 1, capacity: 1 << 20, addresses: [2]string{"pipe:dialer", "pipe:listener"}}
	for _, o := range opts {
		o(&s)
	}
	return s
}

// Seed is where chance starts; 1 if not given. A Listener adds the number of the
// connection.
func Seed(n uint64) Option { return func(s *settings) { s.seed = n } }

// Capacity is how many bytes may be under way in one direction before Send
// blocks; 1 MiB if not given.
func Capacity(bytes int) Option { return func(s *settings) { s.capacity = bytes } }

// Spare lets the first n frames of each direction through unharmed: a handshake,
// say.
func Spare(n int) Option { return func(s *settings) { s.spared = n } }

// Lossy loses a frame with probability p.
func Lossy(p float64) Option { return func(s *settings) { s.lost = p } }

// Duplicate delivers a frame twice with probability p.
func Duplicate(p float64) Option { return func(s *settings) { s.doubled = p } }

// Delay holds each frame between least and most. The order stays.
func Delay(least, most time.Duration) Option {
	return func(s *settings) { s.delay, s.jitter = least, max(most-least, 0) }
}

// Reorder lets frames overtake each other: none is passed by more than window
// later ones.
func Reorder(window int) Option { return func(s *settings) { s.window = window } }

// Cut loses the connection, and what is under way in it, when n frames have been
// sent, both directions together.
func Cut(n int) Option { return func(s *settings) { s.cut = n } }

// shuffle is the jitter that Reorder adds: enough to change places in.
const shuffle = 2 * time.Millisecond

// fate is what happens to one frame.
type fate struct {
	copies int
	after  time.Duration
}

func (s *settings) fate(r *rand.Rand, n int) fate {
	f := fate{copies: 1}
	if n <= s.spared {
		return f
	}
	if s.lost > 0 && r.Float64() < s.lost {
		f.copies = 0
	} else if s.doubled > 0 && r.Float64() < s.doubled {
		f.copies = 2
	}
	f.after = s.delay
	if s.jitter > 0 {
		f.after += time.Duration(r.Int64N(int64(s.jitter)))
	}
	if s.window > 0 {
		f.after += time.Duration(r.Int64N(int64(shuffle)))
	}
	return f
}
