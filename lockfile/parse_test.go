package lockfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const minimal = `{"schemaVersion":15,"source":{"file":"a","export":"#default"},"contentHash":"","workflows":[{"name":"w","source":{"file":"a","export":"#default"},"contentHash":"","compileSchemaVersion":5,"triggers":[%T],"jobs":[%J]}]}`

func lock(triggers, jobs string) string {
	return strings.NewReplacer("%T", triggers, "%J", jobs).Replace(minimal)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ in, want string }{
		"empty":              {"", "the text ends where a value should stand"},
		"binary":             {"\x00\x01\x02", "expected a value"},
		"truncated":          {`{"schemaVersion": 15,`, "a key"},
		"conflict":           {"{\n  \"schemaVersion\": 15,\n<<<<<<< HEAD\n  \"a\": 1\n", "merge conflict markers"},
		"byte order mark":    {"\ufeff{}", "byte order mark"},
		"array":              {"[]", "expected an object, found an array"},
		"no version":         {"{}", `missing key "schemaVersion"`},
		"version text":       {`{"schemaVersion":"15"}`, "$.schemaVersion: expected a whole number"},
		"version fraction":   {`{"schemaVersion":1.5}`, "expected a whole number"},
		"no workflows":       {`{"schemaVersion":15,"source":{"file":"a","export":"b"},"contentHash":""}`, `missing key "workflows"`},
		"duplicate key":      {`{"schemaVersion":15,"schemaVersion":15}`, "appears twice"},
		"duplicate of many":  {`{"schemaVersion":15,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1,"c":2}`, `"c" appears twice`},
		"invalid UTF-8":      {"{\"a\":\"\xff\"}", "not valid UTF-8"},
		"bad escape":         {`{"a":"\x"}`, "unknown escape"},
		"bad unicode":        {`{"a":"\u12g4"}`, "four hexadecimal digits"},
		"open string":        {`{"a":"b`, "never closed"},
		"raw newline":        {"{\"a\":\"b\nc\"}", "control character"},
		"huge number":        {`{"a":1e999}`, "out of range"},
		"leading zero":       {`{"a":01}`, "',' or '}'"},
		"deep":               {strings.Repeat("[", 100), "nested deeper"},
		"trailing text":      {`{"schemaVersion":15} x`, "after the end"},
		"unknown trigger":    {lock(`{"_type":"pushed"}`, ""), `$.workflows[0].triggers[0]: unknown trigger type "pushed"`},
		"trigger untyped":    {lock(`{}`, ""), `missing key "_type"`},
		"branches missing":   {lock(`{"_type":"push","paths":[]}`, ""), `missing key "branches"`},
		"pattern type":       {lock(`{"_type":"tag","patterns":[{"type":"glub","pattern":"x"}]}`, ""), `unknown pattern type "glub"`},
		"pattern number":     {lock(`{"_type":"tag","patterns":[7]}`, ""), "patterns[0]: expected an object, found a number"},
		"null list":          {lock(`{"_type":"push","branches":null,"paths":[]}`, ""), "expected an array, found null"},
		"job type":           {lock("", `{"_type":"statik"}`), `unknown job type "statik"`},
		"job name":           {lock("", `{"_type":"static","needs":[],"steps":[]}`), `jobs[0]: missing key "name"`},
		"need number":        {lock("", `{"_type":"static","name":"a","needs":[1],"steps":[]}`), "needs[0]: expected a job name"},
		"need ifFailed":      {lock("", `{"_type":"static","name":"a","needs":[{"name":"b","ifFailed":"maybe"}],"steps":[]}`), `unknown value "maybe"`},
		"need group unnamed": {lock("", `{"_type":"static","name":"a","needs":[{"group":""}],"steps":[]}`), "a group needs a name"},
		"matrix type":        {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"matrix":{"_type":"x"}}`), "unknown matrix type"},
		"matrix values":      {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"matrix":{"_type":"static"}}`), `missing key "values"`},
		"matrix number":      {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"matrix":{"_type":"static","values":{"os":[1]}}}`), "values.os[0]: expected a string"},
		"container":          {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"container":true}`), "expected an image name"},
		"inline":             {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"environment":{"_type":"outline","expression":""}}`), "inline expression"},
		"env value":          {lock("", `{"_type":"static","name":"a","needs":[],"steps":[],"env":{"odd key":1}}`), `env["odd key"]: expected a string`},
		"step index":         {lock("", `{"_type":"static","name":"a","needs":[],"steps":[{"name":"s","hasOutputs":"no"}]}`), "steps[0].hasOutputs: expected true or false"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(c.in))
			var pe *ParseError
			if !errors.As(err, &pe) {
				t.Fatalf("got %v, want a *ParseError", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want it to contain %q", err, c.want)
			}
		})
	}
}

func TestParseReportsPositionAndAllProblems(t *testing.T) {
	t.Parallel()
	in := strings.ReplaceAll(lock(`{"_type":"tag"}`, `{"_type":"x"}`), `"triggers"`, "\n  \"triggers\"")
	_, err := Parse([]byte(in))
	var pe *ParseError
	if !errors.As(err, &pe) || len(pe.Problems) != 2 {
		t.Fatalf("got %v, want two problems", err)
	}
	if p := pe.Problems[0]; p.Line != 2 || p.Column != 15 || p.Path != "$.workflows[0].triggers[0]" {
		t.Errorf("first problem at %+v", p)
	}
	many := lock(strings.Repeat(`{"_type":"x"},`, 99)+`{"_type":"x"}`, "")
	if _, err := Parse([]byte(many)); !errors.As(err, &pe) || len(pe.Problems) != MaxProblems {
		t.Errorf("the list of problems is not bounded: %d", len(pe.Problems))
	}
}

func TestParseVersionGate(t *testing.T) {
	t.Parallel()
	// A newer file is refused for its version, whatever else it holds.
	_, err := Parse([]byte(`{"schemaVersion":16,"workflows":"other shape"}`))
	var ve *VersionError
	if !errors.As(err, &ve) || !errors.Is(err, ErrNewer) || !strings.Contains(ve.Hint(), "upgrade kici") {
		t.Errorf("newer: got %v", err)
	}
	_, err = Parse([]byte(`{"schemaVersion":0}`))
	if !errors.As(err, &ve) || errors.Is(err, ErrNewer) {
		t.Errorf("zero: got %v", err)
	}
	if _, err := Parse(make([]byte, MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("size: got %v", err)
	}
}

func TestParseIgnoresUnknownKeys(t *testing.T) {
	t.Parallel()
	in := strings.Replace(lock(`{"_type":"fork","later":1}`, ""), `{`, `{"extra":{"deep":[1]},`, 1)
	f, err := Parse([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if f.Workflows[0].Triggers[0].Type != TriggerFork {
		t.Error("trigger lost")
	}
}

func TestParseOlderSchemas(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/old/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("old locks missing: %v %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := Parse(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Encode(f)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("got\n%s\n%s", got, firstDifference(got, want))
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	bad := map[string]Workflow{
		"trigger":  {Triggers: []Trigger{{Type: "nope"}}},
		"job":      {Jobs: []Job{{}}},
		"raw JSON": {Jobs: []Job{{Static: &StaticJob{Init: []byte("{broken")}}}},
	}
	for name, w := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Encode(&File{Workflows: []Workflow{w}}); err == nil {
				t.Error("no error")
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	golden, err := os.ReadFile("testdata/full.lock.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(lock(`{"_type":"push","branches":["x"],"paths":[]}`, `{"_type":"static","name":"\ud800","needs":[],"steps":[],"timeout":1e-7}`)))
	f.Add([]byte(`{"schemaVersion":9,"workflows":[{"name":"w","triggers":[{"_type":"push","notPaths":["a"]}]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := Parse(in)
		if err != nil {
			return
		}
		once, err := Encode(file)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		twice, err := Encode(again)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("not stable: %v\n%s\n%s", err, once, twice)
		}
	})
}
