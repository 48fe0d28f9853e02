package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

// bencher knows the binary and how often to run it.
type bencher struct {
	dir  string
	kici string
	act  string // a ready binary of it; empty means to build one
	runs int
}

// row is one measured line.
type row struct {
	name, original, goal string
	wall                 time.Duration
	cpu                  time.Duration // of all processes involved; 0 where it says nothing
	rss                  int64         // bytes of the largest process, 0 where the platform does not say
	rate                 float64
	beside               time.Duration // what the same took us, where the row is somebody else's
	missing              string        // why there is no figure
}

func (r row) figure() string {
	if r.missing != "" {
		return r.missing
	}
	text := fmt.Sprintf("%.1f ms", float64(r.wall.Microseconds())/1000)
	if r.wall < time.Millisecond {
		text = fmt.Sprintf("%.2f ms", float64(r.wall.Microseconds())/1000)
	}
	if r.wall >= 100*time.Millisecond {
		text = fmt.Sprintf("%d ms", r.wall.Milliseconds())
	}
	if r.rate > 0 {
		text = fmt.Sprintf("%.0f MB/s", r.rate)
	}
	if r.cpu > 0 {
		text += fmt.Sprintf(" (cpu %d ms)", r.cpu.Milliseconds())
	}
	if r.rss > 0 {
		text += fmt.Sprintf(", %d MiB", r.rss>>20)
	}
	if r.beside > 0 {
		text += fmt.Sprintf("; ours in turns with it %d ms", r.beside.Milliseconds())
	}
	return text
}

// repeat runs a command line in dir and takes the medians. check sees the
// output of every run, so that a figure never stands for a failed one.
func (b *bencher) repeat(dir string, check func(out []byte) error, args ...string) (row, error) {
	var walls, cpus []time.Duration
	var sizes []int64
	for i := range b.runs + 1 {
		var out bytes.Buffer
		u, err := b.once(dir, &out, args...)
		if err == nil && check != nil {
			err = check(out.Bytes())
		}
		if err != nil {
			return row{}, fmt.Errorf("kici %v: %w\n%s", args, err, tail(out.Bytes()))
		}
		if i > 0 { // the first run fills the page cache
			walls, cpus, sizes = append(walls, u.wall), append(cpus, u.cpu), append(sizes, u.rss)
		}
	}
	return row{wall: measure.Median(walls), cpu: measure.Median(cpus), rss: measure.Median(sizes)}, nil
}

// usage is what one run took.
type usage struct {
	wall, cpu time.Duration
	rss       int64
}

func (b *bencher) once(dir string, out io.Writer, args ...string) (usage, error) {
	return b.run(b.kici, dir, out, args...)
}

func (b *bencher) run(program, dir string, out io.Writer, args ...string) (usage, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "KICI_RUN_DIR="+filepath.Join(b.dir, "runs"))
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	err := cmd.Wait()
	state := cmd.ProcessState
	return usage{time.Since(start), state.UserTime() + state.SystemTime(), measure.Peak(state)}, err
}

func tail(out []byte) []byte {
	return out[max(0, len(out)-2000):]
}
