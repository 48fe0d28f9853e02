package message_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

var update = flag.Bool("update", false, "rewrite testdata")

// way finds the directions of a type by asking Open.
func ways(typ string) (out []message.Direction) {
	for _, d := range []message.Direction{message.ToOrchestrator, message.ToAgent, message.ToRelay, message.FromRelay} {
		_, err := message.Open(d, []byte(`{"type":"`+typ+`"}`))
		if !errors.As(err, new(*message.DirectionError)) {
			out = append(out, d)
		}
	}
	return out
}

func empty(t *testing.T, typ string) message.Message {
	t.Helper()
	m, err := message.Decode(ways(typ)[0], []byte(`{"type":"`+typ+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// specimens stand for what other packages define: a field that is added there does
// not change our frames.
func specimens() []any {
	checkout := true
	raw := json.RawMessage(`{"a":1}`)
	return []any{
		jobspec.Spec{
			Kind: jobspec.KindJob, Workflow: "ci", Source: lockfile.Source{File: ".kici/workflows/ci.ts"}, ContentHash: "c0ffee",
			Name: "test (go=1.26)", Base: "test", Index: 1, Needs: []string{"lint"},
			Lock: &lockfile.StaticJob{Type: "static", Name: "test", Checkout: &checkout, Needs: []lockfile.Need{}, Steps: []lockfile.Step{}},
		},
		jobspec.Input{Event: raw, ChangedFiles: []string{"a.go"}, Upstream: map[string]json.RawMessage{"lint": raw}, Env: map[string]string{"A": "1"}},
		jobspec.Result{Status: jobspec.Failed, Reason: "exit 1", Failure: raw, Outputs: raw, Prepared: &jobspec.Prepared{Group: "g"}},
		jobspec.RuleResult{Label: "main only", Passed: true, Duration: 1.5},
		jobspec.Secret{Key: "TOKEN", Value: "s3cret", Scope: "prod"},
	}
}

// fill gives every field a value that tells its name.
func fill(v reflect.Value, name string) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		v.SetBytes([]byte(`{"` + name + `":[1,"<&>"]}`))
		return
	}
	for _, known := range specimens() {
		if reflect.TypeOf(known) == v.Type() {
			v.Set(reflect.ValueOf(known))
			return
		}
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(len(name)) + 1)
	case reflect.Float64:
		v.SetFloat(float64(len(name)) + 0.5)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), name+"-0")
		fill(v.Index(1), name+"-1")
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, "3")
		if key.Kind() == reflect.String {
			fill(key, name+"-key")
		}
		fill(value, name+"-value")
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Tag.Get("json") != "-" { // what is not on the wire is part of the type
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				fill(v.Field(i), name)
			}
		}
	}
}

// TestGolden pins the frame of every message, full and empty.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, typ := range message.Types() {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			full, bare := empty(t, typ), empty(t, typ)
			fill(reflect.ValueOf(full).Elem(), typ)
			var got []byte
			for _, m := range []message.Message{full, bare} {
				e := message.Envelope{Message: m}
				if message.OfRecord(m) && m == full {
					e.Numbering = message.Numbering{Seq: 9, First: 7, Session: "s1"}
				}
				frame, err := e.Encode()
				if err != nil {
					t.Fatal(err)
				}
				back, err := message.Open(ways(typ)[0], frame)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := back.Encode(); err != nil || !bytes.Equal(again, frame) {
					t.Errorf("read and written again:\n%s\n%s (%v)", frame, again, err)
				}
				if m == full {
					if d := cmp.Diff(e, back); d != "" {
						t.Errorf("read back (-sent +read):\n%s", d)
					}
				}
				got = append(append(got, frame...), '\n')
			}
			path := filepath.Join("testdata", "golden", typ+".jsonl")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("the wire has changed (-golden +now):\n%s", d)
			}
		})
	}
}

// TestGoldenHasNoOthers: a message that is gone takes its file along.
func TestGoldenHasNoOthers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*")
	if err != nil || len(files) != len(message.Types()) {
		t.Errorf("%d golden files for %d types (%v)", len(files), len(message.Types()), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, frame string
		way         message.Direction
		want        error
		text        string
	}{
		{"nothing", ``, message.ToAgent, new(message.FormatError), "no message"},
		{"null", `null`, message.ToAgent, new(message.FormatError), "no type"},
		{"list", `[]`, message.ToAgent, new(message.FormatError), "no message"},
		{"no type", `{"runId":"r"}`, message.ToAgent, new(message.FormatError), "no type"},
		{"half", `{"type":"ack"`, message.ToAgent, new(message.FormatError), "no message"},
		{"trailing", `{"type":"ack"} x`, message.ToAgent, new(message.FormatError), "malformed ack"},
		{"wrong kind", `{"type":"ack","messageId":5}`, message.ToAgent, new(message.FormatError), "malformed ack"},
		{"lines", `{"type":"log.chunk","lines":"one"}`, message.ToOrchestrator, new(message.FormatError), "malformed log.chunk"},
		{"negative", `{"type":"job.ack","seq":-1}`, message.ToOrchestrator, new(message.FormatError), "impossible numbers"},
		{"number as text", `{"type":"job.ack","seq":"1"}`, message.ToOrchestrator, new(message.FormatError), "no message"},
		{"first behind seq", `{"type":"job.ack","seq":1,"first":2}`, message.ToOrchestrator, new(message.FormatError), "impossible numbers"},
		{"unknown", `{"type":"job.explode"}`, message.ToAgent, new(message.UnknownTypeError), `"job.explode"`},
		{"unknown and long", `{"type":"` + strings.Repeat("x", 9999) + `"}`, message.ToAgent, new(message.UnknownTypeError), "xxx…"},
		{"agent cancels", `{"type":"job.cancel"}`, message.ToOrchestrator, new(message.DirectionError), "job.cancel does not travel from agent to orchestrator"},
		{"orchestrator logs", `{"type":"log.chunk","lines":[]}`, message.ToAgent, new(message.DirectionError), "log.chunk does not travel from orchestrator to agent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := message.Decode(c.way, []byte(c.frame))
			if reflect.TypeOf(err) != reflect.TypeOf(c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %T: %v", err, err)
			}
		})
	}
}

// TestNumbersAnywhere: a peer may write its fields in any order.
func TestNumbersAnywhere(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		`{"type":"job.ack","seq":12,"first":3,"session":"a","runId":"r"}`,
		`{"type":"job.ack","runId":"r","session":"a","seq":12,"first":3}`,
		` { "runId" : "r", "first":3, "type":"job.ack", "seq" : 12, "session":"a" }`,
		`{"runId":"r","first":3,"type":"job.ack","seq":12,"session":"\u0061"}`,
		`{"type":"job.ack","seq":12,"first":3,"session":"a","runId":"r","new":{"seq":99}}`,
	} {
		e, err := message.Open(message.ToOrchestrator, []byte(frame))
		want := message.Envelope{Numbering: message.Numbering{Seq: 12, First: 3, Session: "a"}, Message: &message.JobAck{JobRef: message.JobRef{RunID: "r"}}}
		if d := cmp.Diff(want, e); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", frame, err, d)
		}
	}
}

// TestOwnSeq: what is called seq inside of a message is not its number.
func TestOwnSeq(t *testing.T) {
	t.Parallel()
	for _, m := range []message.Message{&message.Ack{Seq: 4, Received: 6}, &message.FleetBundleChunk{Seq: 4, Data: []byte{1}}} {
		frame, err := message.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		e, err := message.Open(message.ToOrchestrator, frame)
		if d := cmp.Diff(message.Envelope{Message: m}, e); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", frame, err, d)
		}
	}
	if _, err := (message.Envelope{Numbering: message.Numbering{Seq: 1}, Message: &message.Ack{}}).Encode(); err == nil {
		t.Error("an ack was numbered")
	}
}

// TestNumbersOfTheUnknown: a receiver that skips a message still has to count it.
func TestNumbersOfTheUnknown(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{`{"type":"job.explode","seq":5,"how":"loud"}`, `{"type":"job.cancel","seq":5}`, `{"type":"job.ack","seq":5,"runId":1}`} {
		if e, err := message.Open(message.ToOrchestrator, []byte(frame)); err == nil || e.Seq != 5 || e.Message != nil {
			t.Errorf("%s: %+v, %v", frame, e, err)
		}
	}
}
