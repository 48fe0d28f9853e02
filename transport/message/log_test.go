package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func oddLines() Strings {
	return Strings{"", "plain", `quote " and \ back`, "tab\tline\nreturn\r", "\x00\x1b[31mred\x1b[0m\x7f", "ümläut 漢字 🎉", "bad \xff\xc3 bytes", "<html> & 'co' \u2028", strings.Repeat("x", 5000)}
}

// TestLogByHand: both ways of writing and reading a log.chunk agree.
func TestLogByHand(t *testing.T) {
	t.Parallel()
	for _, m := range []*LogChunk{
		{}, {Lines: oddLines()},
		{MessageID: "m", JobRef: JobRef{"r", "j", "a", 1 << 40}, StepIndex: PrepareStep, Lines: Strings{"one"}, Timestamp: 1790000000000, Chunk: 77},
	} {
		frame, err := Envelope{Numbering{3, 2, "s"}, m}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var slow, viaJSON LogChunk
		if err := json.Unmarshal(frame, &slow); err != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		plainJSON, err := json.Marshal(struct {
			*LogChunk
			Lines []string `json:"lines"` // without our own way of writing them
		}{m, m.Lines})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(plainJSON, &viaJSON); err != nil {
			t.Fatal(err)
		}
		if m.Lines == nil {
			viaJSON.Lines = Strings{}
		}
		if d := cmp.Diff(viaJSON, slow); d != "" {
			t.Errorf("written by hand (-json +hand):\n%s", d)
		}
		fast := parseLog(string(frame), strings.Index(string(frame), `,"messageId"`))
		if fast == nil {
			t.Fatalf("our own frame was read slowly: %s", frame)
		}
		if d := cmp.Diff(&slow, fast); d != "" {
			t.Errorf("read by hand (-json +hand):\n%s", d)
		}
	}
}

// TestLogOffsets: what needs care is seen wherever it stands, since eight bytes are
// looked at together.
func TestLogOffsets(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{`"`, `\`, "\x00", "\x1f", " ", "!", "#", "[", "]", "\x7f", "ü", "\xff", "🎉"} {
		for at := range 20 {
			for _, tail := range []int{0, 1, 7, 8, 9} {
				line := strings.Repeat("x", at) + odd + strings.Repeat("y", tail)
				frame, err := Encode(&LogChunk{Lines: Strings{line}})
				if err != nil {
					t.Fatal(err)
				}
				var slow LogChunk
				if err := json.Unmarshal(frame, &slow); err != nil || slow.Lines[0] != strings.ToValidUTF8(line, "\ufffd") {
					t.Fatalf("%q was written as %s (%v)", line, frame, err)
				}
				m, err := Decode(ToOrchestrator, frame)
				if d := cmp.Diff(Message(&slow), m); err != nil || d != "" {
					t.Fatalf("%q: %v\n%s", line, err, d)
				}
			}
		}
	}
}

// TestLogUnusual: what looks different is read all the same.
func TestLogUnusual(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]*LogChunk{
		`{"type":"log.chunk","lines":["\ud83c\udf89","\u00fc\/"],"stepIndex":2}`:  {Lines: Strings{"🎉", "ü/"}, StepIndex: 2},
		`{"type":"log.chunk","lines": [ "a" ] , "stepIndex":1e1}`:                 nil,
		`{"type":"log.chunk","future":{"x":[1]},"LINES":["a"]}`:                   {Lines: Strings{"a"}},
		`{"type":"log.chunk","lines":["a","b"],"lines":["c"]}`:                    {Lines: Strings{"c"}},
		`{"type":"log.chunk","lines":null,"timestamp":1}`:                         {Timestamp: 1},
		`{"type":"log.chunk","lines":["\ud83c"]}`:                                 {Lines: Strings{"\ufffd"}},
		"{\"type\":\"log.chunk\",\"lines\":[\"\xff\"]}":                           {Lines: Strings{"\ufffd"}},
		"{\"type\":\"log.chunk\",\"lines\":[\"\n\"]}":                             nil,
		`{"type":"log.chunk","timestamp":012}`:                                    nil,
		`{"type":"log.chunk","timestamp":9223372036854775807}`:                    {Timestamp: 9223372036854775807},
		`{"type":"log.chunk","timestamp":9223372036854775808}`:                    nil,
		`{"type":"log.chunk","timestamp":-0,"fence":-5}`:                          {JobRef: JobRef{Fence: -5}},
		`{"type":"log.chunk","lines":["a"]`:                                       nil,
		`{"type":"log.chunk","lines":["a\u12"]}`:                                  nil,
		`{"type":"log.chunk","lines":["a\`:                                        nil,
		`{"type":"log.chunk","session":"x","lines":["say \"seq\": 5"],"chunk":3}`: {Lines: Strings{`say "seq": 5`}, Chunk: 3},
	} {
		got, err := Decode(ToOrchestrator, []byte(frame))
		if want == nil {
			if err == nil {
				t.Errorf("%s: read as %+v", frame, got)
			}
			continue
		}
		if d := cmp.Diff(Message(want), got); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", frame, err, d)
		}
	}
}

// FuzzOpen: no frame panics, the quick reader says what encoding/json says, and
// what was read can be written and read again.
func FuzzOpen(f *testing.F) {
	for _, typ := range Types() {
		f.Add([]byte(`{"type":"` + typ + `","seq":3,"first":1,"session":"s","messageId":"m","runId":"r","lines":["a\n"],"payload":{"a":[]}}`))
	}
	odd, _ := Encode(&LogChunk{Lines: oddLines()})
	f.Add(odd)
	f.Add([]byte(`{"type":"log.chunk","lines":["\ud83c\udf89","\u00fc\/"],"stepIndex":-1,"chunk":1.5}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, way := range []Direction{ToAgent, ToOrchestrator} {
			e, err := Open(way, frame)
			if err != nil {
				continue
			}
			if !json.Valid(frame) {
				t.Fatal("read, but is no JSON")
			}
			if !repeated(frame) {
				sameHead(t, e, frame)
				sameLog(t, e.Message, frame)
			}
			again, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			back, err := Open(way, again)
			if err != nil || back.Seq != e.Seq {
				t.Fatalf("%s: %v", again, err)
			}
			if third, err := back.Encode(); err != nil || string(third) != string(again) {
				t.Fatalf("unstable:\n%s\n%s\n%v", again, third, err)
			}
		}
	})
}

func sameHead(t *testing.T, e Envelope, frame []byte) {
	var slow struct {
		Type string `json:"type"`
		Numbering
	}
	err := json.Unmarshal(frame, &slow)
	if !table[e.Message.Type()].record || slow.Seq == 0 {
		slow.Numbering = Numbering{}
	}
	if err != nil && e.Seq != 0 || slow.Type != e.Message.Type() || slow.Numbering != e.Numbering {
		t.Fatalf("read as %s %+v, is %+v (%v)", e.Message.Type(), e.Numbering, slow, err)
	}
}

func sameLog(t *testing.T, m Message, frame []byte) {
	log, ok := m.(*LogChunk)
	if !ok {
		return
	}
	var slow LogChunk
	if err := json.Unmarshal(frame, &slow); err != nil {
		t.Fatalf("the quick reader took what json refuses: %v", err)
	}
	if d := cmp.Diff(&slow, log); d != "" {
		t.Fatalf("quick and slow differ:\n%s", d)
	}
}

// repeated tells whether a head key occurs more than once, in any case: which of
// them counts is then nobody's promise.
func repeated(frame []byte) bool {
	low := strings.ToLower(string(frame))
	for _, key := range []string{"type", "seq", "first", "session"} {
		if strings.Count(low, key) > 1 || strings.Contains(low, `\u`) {
			return true
		}
	}
	return false
}

func benchChunk() *LogChunk {
	m := &LogChunk{MessageID: "0b6e7c62-6c5e-4b4e-9f0a-1d9a6a4f7c11", JobRef: JobRef{"run", "job", "attempt", 3}, Timestamp: 1790000000000, Chunk: 1}
	for range 500 {
		m.Lines = append(m.Lines, "2026-11-27T12:00:00Z compiling github.com/example/project/internal/pkg \t ok, 0.131s of 100")
	}
	return m
}

func payload(m *LogChunk) (n int64) {
	for _, l := range m.Lines {
		n += int64(len(l))
	}
	return n
}

func BenchmarkLogEncode(b *testing.B) {
	m := benchChunk()
	b.SetBytes(payload(m))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Envelope{Numbering{Seq: 5}, m}).Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLogOpen(b *testing.B) {
	m := benchChunk()
	frame, err := Envelope{Numbering{Seq: 5}, m}.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(payload(m))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(ToOrchestrator, frame); err != nil {
			b.Fatal(err)
		}
	}
}
