package compile

import (
	"encoding/json"
	"fmt"

	"github.com/kici-dev/kici-go/lockfile"
)

// site is a position as the SDK records it, in the author's file.
type site struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// flow is a workflow as describe.ts reports it: lock-shaped where it can be,
// with what only the compiler needs beside it.
type flow struct {
	Export   string            `json:"export"`
	ID       int               `json:"id"` // equal for one object exported twice
	At       *site             `json:"at"`
	Runtime  string            `json:"runtime"` // what the author asks for
	Lock     lockfile.Workflow `json:"lock"`
	Triggers []origin          `json:"triggers"` // one for each of Lock.Triggers
	Jobs     []task            `json:"jobs"`

	file  string
	place place
}

// origin leads from a lock trigger back to the author's.
type origin struct {
	Index int   `json:"index"` // in on, as an array
	At    *site `json:"at"`
	Lost  bool  `json:"lost"` // paths of a push that selects tags only
}

// task is a job as describe.ts reports it.
type task struct {
	At     *site            `json:"at"`
	Lock   lockfile.Job     `json:"lock"`
	Label  bool             `json:"label"` // the author gave runsOn
	Named  bool             `json:"named"`
	Fields map[string]field `json:"fields"`
	Steps  []*site          `json:"steps"`

	place place
}

// field is a dynamic value: the text of its function.
type field struct {
	Function string `json:"function"`
}

// decodeFlows reads what describe.ts reported. lenient is for files with
// problems: what a factory has refused may not fit the lock's types, and is
// left out so that the rest can be checked.
func decodeFlows(data json.RawMessage, file string, lenient bool) ([]flow, error) {
	var flows []flow
	err := json.Unmarshal(data, &flows)
	if err != nil && lenient {
		flows, err = salvage(data), nil
	}
	if err != nil {
		return nil, fmt.Errorf("compile: description of %s: %w", file, err)
	}
	for i := range flows {
		f := &flows[i]
		f.file = file
		f.Lock.Source = lockfile.Source{File: file, Export: f.Export}
	}
	return flows, nil
}

// salvage decodes part by part. A job that does not fit keeps its name, so that
// jobs which need it are not blamed.
func salvage(data json.RawMessage) []flow {
	var parts []map[string]json.RawMessage
	if json.Unmarshal(data, &parts) != nil {
		return nil
	}
	flows := make([]flow, len(parts))
	for i, part := range parts {
		f := &flows[i]
		_ = json.Unmarshal(part["export"], &f.Export)
		_ = json.Unmarshal(part["id"], &f.ID)
		_ = json.Unmarshal(part["at"], &f.At)
		_ = json.Unmarshal(part["runtime"], &f.Runtime)
		_ = json.Unmarshal(part["lock"], &f.Lock)
		_ = json.Unmarshal(part["triggers"], &f.Triggers)
		var jobs []json.RawMessage
		_ = json.Unmarshal(part["jobs"], &jobs)
		for _, job := range jobs {
			f.Jobs = append(f.Jobs, salvageJob(job))
		}
	}
	return flows
}

func salvageJob(data json.RawMessage) task {
	var t task
	if json.Unmarshal(data, &t) == nil {
		return t
	}
	var rest struct {
		At   *site `json:"at"`
		Lock struct {
			Name string `json:"name"`
		} `json:"lock"`
	}
	_ = json.Unmarshal(data, &rest)
	return task{At: rest.At, Label: true, Lock: lockfile.Job{Static: &lockfile.StaticJob{Name: rest.Lock.Name, RunsOn: []string{""}}}}
}

// settle finds out where everything stands: what the SDK recorded, else what a
// search of the text finds, else the file.
func (f *flow) settle(s *sources) {
	f.place = at(f.At, "workflow")
	if f.place.line == 0 {
		f.place = s.call(f.file, "workflow", f.Lock.Name)
	}
	for i := range f.Jobs {
		t := &f.Jobs[i]
		t.place = at(t.At, "job")
		if t.place.line > 0 {
			continue
		}
		// In the list itself, unless that holds only the name of a constant.
		inList := s.field(f.place, fmt.Sprintf("jobs[%d]", i))
		if t.Lock.Static != nil && t.Named && !s.isCall(inList) {
			t.place = s.call(f.file, "job", t.Lock.Static.Name)
		}
		if t.place.line == 0 {
			t.place = inList
		}
	}
}

func at(s *site, factory string) place {
	if s == nil {
		return place{}
	}
	return place{file: s.File, line: s.Line, column: s.Column, length: len(factory)}
}

// trigger is where the i-th lock trigger was written.
func (f *flow) trigger(s *sources, i int) place {
	if i >= len(f.Triggers) {
		return f.place
	}
	o := f.Triggers[i]
	if o.At != nil {
		return at(o.At, "trigger")
	}
	return s.field(f.place, fmt.Sprintf("on[%d]", o.Index))
}

// step is where the i-th step of a job was written.
func (t *task) step(s *sources, i int) place {
	if i < len(t.Steps) && t.Steps[i] != nil {
		return at(t.Steps[i], "step")
	}
	return s.field(t.place, fmt.Sprintf("steps[%d]", i))
}
