package lockfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

func TestWorkflowHash(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ got, want string }{
		"plain":          {WorkflowHash([]byte("a\nb"), ""), sum("5:a\nb")},
		"windows":        {WorkflowHash([]byte("a\r\nb"), ""), sum("5:a\nb")},
		"lone return":    {WorkflowHash([]byte("a\rb\r\n"), ""), sum("5:a\nb\n")},
		"assets":         {WorkflowHash([]byte("a"), AssetDigest([]Asset{{"d/x", []byte("1\r\n")}, {"e", nil}})), sum("5:a\x00d/x\n1\ne\n")},
		"package lock":   {PackageLockHash(ManagerPNPM, []byte("x\r\n")), sum("pnpm\nx\r\n")},
		"invalid UTF-8":  {WorkflowHash([]byte("a\xe2\x82z\xff\xf0\x90"), ""), sum("5:a\uFFFDz\uFFFD\uFFFD")},
		"surrogate text": {WorkflowHash([]byte("\xed\xa0\x80"), ""), sum("5:\uFFFD\uFFFD\uFFFD")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.got != c.want {
				t.Errorf("got %s, want %s", c.got, c.want)
			}
		})
	}
}

func TestContentHashIgnoresTheOtherHashes(t *testing.T) {
	t.Parallel()
	f := &File{Source: Source{"a", "#default"}, LockfileHash: "1", Workflows: []Workflow{}}
	if err := Seal(f); err != nil {
		t.Fatal(err)
	}
	if want := sum(`{"schemaVersion":15,"source":{"file":"a","export":"#default"},"workflows":[]}`); f.ContentHash != want {
		t.Errorf("got %s, want %s", f.ContentHash, want)
	}
	before := f.ContentHash
	f.LockfileHash = "2"
	f.Source.Export = "#default"
	if err := Seal(f); err != nil || f.ContentHash != before {
		t.Errorf("the package lock leaked into the hash: %v", err)
	}
	f.Source.Export = "#other"
	if err := Seal(f); err != nil || f.ContentHash == before {
		t.Errorf("the source is not in the hash: %v", err)
	}
}

func TestNumbersLookLikeJavaScript(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		600000: "600000", 0.5: "0.5", 1e21: "1e+21", 1e20: "100000000000000000000", 1e-6: "0.000001",
		1e-7: "1e-7", 1.5e-10: "1.5e-10", -2: "-2", math.Copysign(0, -1): "0", 1e100: "1e+100", math.Inf(1): "null",
	} {
		if got := string(appendNumber(nil, v)); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}

func TestSortPathsByCodeUnit(t *testing.T) {
	t.Parallel()
	// U+1F600 is a surrogate pair in JavaScript, hence before U+FF5E.
	got := []string{"\uFF5E", "\U0001F600", "b", "a/b", "a"}
	SortPaths(got)
	if want := []string{"a", "a/b", "b", "\U0001F600", "\uFF5E"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestUnionsTravelThroughEncodingJSON(t *testing.T) {
	t.Parallel()
	in := StaticJob{Type: "static", Name: "j", Needs: []Need{{Job: "a"}, {Group: "g", IfFailed: IfFailedRun}},
		Env: &Env{Values: Map[string]{{"Z", "1"}, {"A", "2"}}}, Environment: &Text{Inline: NewInline("e=>e.ref")}}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `["a",{"group":"g","ifFailed":"run"}]`) || !strings.Contains(string(b), `{"Z":"1","A":"2"}`) {
		t.Errorf("got %s", b)
	}
	var out StaticJob
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if v, _ := out.Env.Values.Get("A"); v != "2" || out.Needs[1].Group != "g" || out.Environment.Inline == nil {
		t.Errorf("got %+v", out)
	}
	var need Need
	if err := json.Unmarshal([]byte(`{"name":"a","ifFailed":"no"}`), &need); err == nil {
		t.Error("a wrong ifFailed was accepted")
	}
}

func TestMapSet(t *testing.T) {
	t.Parallel()
	var m Map[int]
	m.Set("b", 1)
	m.Set("a", 2)
	m.Set("b", 3)
	if v, ok := m.Get("b"); v != 3 || !ok || !slices.Equal(m.Keys(), []string{"b", "a"}) {
		t.Errorf("got %v", m)
	}
	if _, ok := m.Get("c"); ok {
		t.Error("found what is not there")
	}
}

// megabyte is a lock of about 1 MB in ordinary proportions.
func megabyte(b *testing.B) []byte {
	b.Helper()
	f := &File{Source: Source{"a", "#default"}}
	for i := range 400 {
		w := Workflow{Name: fmt.Sprintf("w%d", i), Triggers: []Trigger{{Type: TriggerPush, Branches: []Pattern{Glob("main")}}}}
		for j := range 4 {
			w.Jobs = append(w.Jobs, Job{Static: &StaticJob{Name: fmt.Sprintf("job-%d", j), RunsOn: Labels{"default"},
				Steps: []Step{{Name: "one", SourceLocation: &Location{"a.ts", 1, 2}}, {Name: "two"}}}})
		}
		f.Workflows = append(f.Workflows, w)
	}
	data, err := Encode(f)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkParseMegabyte(b *testing.B) {
	data := megabyte(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeMegabyte(b *testing.B) {
	data := megabyte(b)
	f, err := Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Encode(f); err != nil {
			b.Fatal(err)
		}
	}
}
