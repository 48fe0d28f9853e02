package ws

import "time"

// Options of a connection; zero values mean the defaults.
type Options struct {
	Ping      time.Duration // between pings; 5 s
	Dead      time.Duration // without a sign of life; 15 s
	CloseWait time.Duration // for the other side's answer to a close; 2 s
	ReadLimit int64         // bytes of one frame; 16 MiB
	Queue     int           // bytes under way each way before Send blocks; 1 MiB
}

func (o Options) filled() Options {
	fill := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	fill(&o.Ping, 5*time.Second)
	fill(&o.Dead, 15*time.Second)
	fill(&o.CloseWait, 2*time.Second)
	if o.ReadLimit <= 0 {
		o.ReadLimit = 16 << 20
	}
	if o.Queue <= 0 {
		o.Queue = 1 << 20
	}
	return o
}

// Sizes of the library's own buffers. Most connections are silent most of the
// time, and there may be ten thousand of them: so a read buffer is small, since the
// rest of a frame is read past it, and a write buffer is borrowed for one frame
// only. A frame larger than that costs a client one more system call per buffer; a
// server writes it in one.
const (
	readBuffer  = 4 << 10
	writeBuffer = 64 << 10
)
