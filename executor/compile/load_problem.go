package compile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
)

// problemData is what the SDK's DefinitionError carries beside its text.
type problemData struct {
	Factory  string `json:"factory"`
	Subject  string `json:"subject"`
	Problems []struct {
		Field      string `json:"field"`
		Message    string `json:"message"`
		Given      string `json:"given"`
		Suggestion string `json:"suggestion"`
	} `json:"problems"`
}

// loadProblem turns the failure of a file to load into diagnostics.
func (r *report) loadProblem(p *bundle.Program, err error, timeout fmt.Stringer) {
	file := p.Entry
	var thrown *js.Error
	var missing *needsNode
	switch {
	case errors.Is(err, errBundled): // reported by the bundler
	case errors.As(err, &missing):
		d := Diagnostic{
			Code: LoadFailed, File: file, Message: missing.Error(),
			Hint: "use one of the modules that the embedded runtime has, or say runtime: 'embedded' in workflow() if that code is never reached",
		}
		if len(p.NeedsNode) > 0 && r.ownFile(p.NeedsNode[0].File) {
			d.File, d.Line, d.Column = p.NeedsNode[0].File, p.NeedsNode[0].Line, 1
		}
		r.add(d)
	case errors.Is(err, errSlow):
		d := Diagnostic{
			Code: LoadFailed, File: file,
			Message: fmt.Sprintf("the file did not finish loading within %s", timeout),
			Hint:    "look for an endless loop or a slow await outside of any step",
		}
		var stopped *js.Stopped
		if errors.As(err, &stopped) && len(stopped.Frames) > 0 {
			at := stopped.Frames[0]
			d.File, d.Line, d.Column = at.File, at.Line, at.Column
		}
		r.add(d)
	case errors.Is(err, js.ErrNeverSettles):
		r.add(Diagnostic{
			Code: LoadFailed, File: file,
			Message: "the file awaits something at top level that can never happen",
			Hint:    "look for an await of a promise that nothing resolves",
		})
	case errors.As(err, &thrown):
		for _, e := range flatten(thrown) {
			r.thrown(p, e)
		}
	default:
		r.add(Diagnostic{Code: LoadFailed, File: file, Message: strings.TrimPrefix(err.Error(), "js: ")})
	}
}

// flatten takes the errors out of the collection that takeProblems throws.
func flatten(e *js.Error) []*js.Error {
	if e.Name == "AggregateError" && len(e.Errors) > 0 {
		return e.Errors
	}
	return []*js.Error{e}
}

func (r *report) thrown(p *bundle.Program, e *js.Error) {
	at, notes := r.authorFrame(p.Entry, e.Frames)
	var data problemData
	if e.Name == "DefinitionError" && json.Unmarshal(e.Props, &data) == nil && len(data.Problems) > 0 {
		r.definition(at, notes, data)
		return
	}
	d := Diagnostic{
		Code: LoadFailed, File: at.file, Line: at.line, Column: at.column,
		Message: "loading the file threw " + e.Error(), Notes: notes,
	}
	switch {
	case e.Name == "": // throw 'text'
		d.Message = fmt.Sprintf("loading the file threw the value %s", e.Message)
	case e.Name == "SyntaxError" && at.line == 0:
		d.Message = e.Message
	}
	if errors.Is(e, js.ErrModuleNotFound) && len(p.NeedsNode) > 0 {
		need := p.NeedsNode[0]
		d.Message, d.Hint = "the file cannot be loaded without Node: "+need.File+" "+need.Text, "use one of the modules that the embedded runtime has"
		if r.ownFile(need.File) {
			d.File, d.Line, d.Column = need.File, need.Line, 1
		}
	}
	r.add(d)
}

// definition reports every problem of one factory call where its option stands.
func (r *report) definition(call place, notes []Note, data problemData) {
	subject := data.Factory + "()"
	if data.Subject != "" {
		subject = fmt.Sprintf("%s('%s')", data.Factory, data.Subject)
	}
	for _, p := range data.Problems {
		at := r.sources.field(call, p.Field)
		d := Diagnostic{
			Code: codeOf(p.Field, p.Message), File: at.file, Line: at.line, Column: at.column, Length: at.length,
			Message: subject + ": " + p.Message, Notes: notes,
		}
		if d.Code == UnknownOption {
			if key := r.sources.key(call, p.Field); key != at {
				d.Line, d.Column, d.Length = key.line, key.column, key.length
			}
		}
		d.Message, d.Hint = splitHint(d.Message, p.Suggestion)
		r.add(d)
	}
}

// splitHint moves advice out of the message, which the SDK has to keep in one
// text for those who only see an exception.
func splitHint(message, suggestion string) (string, string) {
	if head, tail, ok := strings.Cut(message, "; "); ok {
		return head, tail
	}
	return message, suggestion
}

// codeOf gives the checks that the published compiler does not have numbers of
// their own; the rest is, as published, a file that failed to load.
func codeOf(field, message string) Code {
	root, _, _ := strings.Cut(strings.ReplaceAll(field, "[", "."), ".")
	switch {
	case strings.HasPrefix(message, "unknown option"):
		return UnknownOption
	case root == "timeout" || root == "gracePeriod" || strings.HasSuffix(field, ".timeout"):
		return BadDuration
	case root == "resources":
		return BadResources
	case root == "runsOn":
		return BadLabels
	case root == "needs":
		return BadNeeds
	case root == "matrix" || root == "include" || root == "exclude":
		return BadMatrix
	}
	return LoadFailed
}

// authorFrame is the innermost frame in a file of the author's; the frames
// around it become notes, so that a helper's caller can be found.
func (r *report) authorFrame(entry string, frames []js.Frame) (place, []Note) {
	var own []js.Frame
	for _, f := range frames {
		if f.Line > 0 && r.ownFile(f.File) {
			own = append(own, f)
		}
	}
	if len(own) == 0 {
		return place{file: entry}, nil
	}
	var notes []Note
	for i, f := range own[1:] {
		if len(notes) < 3 && f != own[i] { // a recursion says the same thing over and over
			notes = append(notes, Note{File: f.File, Line: f.Line, Column: f.Column, Text: "called from here"})
		}
	}
	return place{file: own[0].File, line: own[0].Line, column: own[0].Column, length: 1}, notes
}

// ownFile tells an author's file from packages and from what the bundler makes
// up.
func (r *report) ownFile(file string) bool {
	return file != "" && !strings.Contains("/"+file, "/node_modules/") && r.sources.get(file).err == nil
}

// bundleProblems takes over the bundler's diagnostics.
func (r *report) bundleProblems(list []bundle.Diagnostic) {
	for _, b := range list {
		d := Diagnostic{Code: LoadFailed, File: b.File, Line: b.Line, Column: b.Column, Length: b.Length, Message: b.Text}
		if b.Severity == bundle.Warning {
			d.Code, d.Severity = BundleWarning, Warning
		}
		for _, n := range b.Notes {
			if n.Line == 0 && d.Hint == "" {
				d.Hint = n.Text
				continue
			}
			d.Notes = append(d.Notes, Note{File: n.File, Line: n.Line, Column: n.Column, Text: n.Text})
		}
		r.add(d)
	}
}
