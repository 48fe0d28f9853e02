package logs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func texts(t *testing.T, chunks []engine.Chunk) (out []string) {
	t.Helper()
	next := engine.LogEnd{}
	for _, c := range chunks {
		if len(c.Data) > 256<<10 {
			t.Errorf("a chunk of %d bytes", len(c.Data))
		}
		if c.First != next.Lines || c.Offset != next.Bytes || c.Seq < next.Seq {
			t.Errorf("a chunk at %d, %d, frame %d; want %+v", c.First, c.Offset, c.Seq, next)
		}
		next = c.End()
		b, err := unpack(&c)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.each(c.Step, c.First, 0, func(l Line) bool { out = append(out, l.Text); return true }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestPack(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 300<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.UintN(256))
	}
	random := strings.ReplaceAll(string(noise), "\n", "x")
	umlauts := strings.Repeat("ü", 200<<10)
	for _, c := range []struct {
		name   string
		lines  []string
		want   []string // nil: the same
		chunks int
	}{
		{name: "nothing"},
		{name: "empty lines", lines: []string{"", "", ""}, chunks: 1},
		{name: "a line break", lines: []string{"a\nb", "c\n"}, want: []string{"a", "b", "c", ""}, chunks: 1},
		{name: "no text", lines: []string{"\xff\x00", "\r"}, chunks: 1},
		{name: "many", lines: strings.Split(strings.Repeat(strings.Repeat("x", 99)+"\n", 9999)+"x", "\n"), chunks: 9},
		{name: "noise", lines: []string{random[:blockSize-1], random[:blockSize-1]}, chunks: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := pack([]Frame{{Seq: 1, Lines: c.lines, At: start}})
			want := c.want
			if want == nil {
				want = c.lines
			}
			if text := texts(t, got); !slices.Equal(text, want) || len(got) != c.chunks {
				t.Errorf("%d lines in %d chunks, want %d in %d", len(text), len(got), len(want), c.chunks)
			}
		})
	}
	for _, long := range []string{random, umlauts} {
		got := texts(t, pack([]Frame{{Seq: 1, Lines: []string{long}, At: start}}))
		if strings.Join(got, "") != long || len(got) != len(long)/blockSize+1 {
			t.Errorf("a line of %d bytes is %d lines, or not the same", len(long), len(got))
		}
		for _, part := range got {
			if utf8.ValidString(long) && !utf8.ValidString(part) {
				t.Error("a character was cut")
			}
		}
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b := Pack([]Frame{{Step: 1, Seq: 3, Lines: []string{"a"}}, {Step: 1, Seq: 7, Lines: []string{"b"}}, {Step: 2, Seq: 8, Lines: []string{"c"}}, {Step: 1, Seq: 7, Lines: []string{"b"}}, {Step: 1, Seq: 9}})
	got := ""
	for _, p := range b.parts {
		got += fmt.Sprintf("%d:%d in %d; ", p.step, len(p.frames), len(p.packed))
	}
	if b.err != nil || got != "1:2 in 1; 2:1 in 1; 1:1 in 0; " {
		t.Error(got, b.err)
	}
	if err := Pack([]Frame{{Seq: 0}}).err; !errors.Is(err, ErrFrame) {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	good := pack([]Frame{{Seq: 1, Lines: []string{"a", "b"}, At: start}, {Seq: 2, Lines: []string{"c"}, At: start.Add(time.Second)}})[0]
	f.Add(good.Data, 3, 6)
	f.Add([]byte{}, 0, 0)
	f.Fuzz(func(t *testing.T, data []byte, lines, size int) {
		c := engine.Chunk{Data: data, Lines: lines, Bytes: size}
		b, err := unpack(&c)
		if err == nil {
			err = b.each(0, 0, 0, func(Line) bool { return true })
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

func FuzzArchive(f *testing.F) {
	b := block{}
	b.add("line", start)
	sealed, e := b.seal()
	f.Add(sealed, writeIndex([]entry{e})[8:])
	f.Fuzz(func(t *testing.T, sealed, index []byte) {
		entries, err := parseIndex(index, int64(len(sealed)), ErrDamaged)
		if err != nil {
			entries = []entry{{size: int64(len(sealed)), lines: 1, bytes: 5}}
		}
		if _, err := unseal(sealed, entries[0]); err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

// text is like what a build prints.
func text(r *rand.Rand, n int) []string {
	words := strings.Fields("compiling package module error warning downloaded linking test passed in ms store ok FAIL building target release")
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		fmt.Fprintf(&b, "2026-11-27T18:%02d:%02d.%06dZ [%d]", r.IntN(60), r.IntN(60), r.IntN(1e6), r.IntN(99))
		for range 3 + r.IntN(8) {
			b.WriteString(" " + words[r.IntN(len(words))])
		}
		out[i] = b.String()
	}
	return out
}

func BenchmarkPack(b *testing.B) {
	lines := text(rand.New(rand.NewPCG(1, 2)), 20000)
	for _, size := range []int{50, 2000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var frames []Frame
			var n int64
			for i, part := range slices.Collect(slices.Chunk(lines, size)) {
				frames = append(frames, Frame{Seq: int64(i + 1), Lines: part, At: start.Add(time.Duration(i) * time.Millisecond)})
				for _, l := range part {
					n += int64(len(l)) + 1
				}
			}
			b.SetBytes(n)
			b.ReportAllocs()
			stored := 0
			for b.Loop() {
				stored = 0
				for _, c := range Pack(frames).parts[0].packed {
					stored += len(c.Data)
				}
			}
			b.ReportMetric(float64(n)/float64(stored), "ratio")
		})
	}
}
