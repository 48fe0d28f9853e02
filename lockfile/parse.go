package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// Parse reads a lock file of schema 15 or older. Unknown keys are ignored,
// because additions are compatible; an older file may lack the keys that came
// later. Errors are a *VersionError or a *ParseError; Parse never panics.
func Parse(data []byte) (*File, error) {
	if len(data) > MaxBytes {
		return nil, single("$", 1, 1, fmt.Sprintf("the file has %d bytes, more than %d", len(data), MaxBytes))
	}
	root, err := readNode(data)
	if err != nil {
		return nil, syntaxProblem(data, err)
	}
	d := &decoder{src: data}
	version, ok := d.version(&root)
	if !ok {
		return nil, &ParseError{d.problems}
	}
	if version > SchemaVersion || version < 1 {
		return nil, &VersionError{Found: version, Supported: SchemaVersion}
	}
	d.strict = version == SchemaVersion
	f := &File{}
	d.record(f, &root)
	if len(d.problems) > 0 {
		return nil, &ParseError{d.problems}
	}
	return f, nil
}

// version looks at schemaVersion before anything else is judged.
func (d *decoder) version(root *node) (int, bool) {
	if !d.want(root, kindObject, "an object") {
		return 0, false
	}
	v := root.get("schemaVersion")
	if v == nil {
		d.failAt(root, "missing key \"schemaVersion\"")
		return 0, false
	}
	d.enter("schemaVersion", -1)
	defer d.leave()
	if !d.want(v, kindNumber, "a whole number") {
		return 0, false
	}
	if v.num != math.Trunc(v.num) || math.Abs(v.num) > math.MaxInt32 {
		d.failAt(v, "expected a whole number")
		return 0, false
	}
	return int(v.num), true
}

func single(path string, line, column int, text string) error {
	return &ParseError{[]Problem{{Path: path, Line: line, Column: column, Text: text}}}
}

// syntaxProblem words a JSON fault; the two commonest ways in which a good lock
// file goes bad get their own sentence.
func syntaxProblem(data []byte, err error) error {
	var syn *syntaxError
	if !errors.As(err, &syn) {
		return err
	}
	line, column := position(data, syn.pos)
	start := data[bytes.LastIndexByte(data[:min(syn.pos, len(data))], '\n')+1:]
	for _, marker := range []string{"<<<<<<<", "=======", ">>>>>>>"} {
		if bytes.HasPrefix(start, []byte(marker)) {
			return single("$", line, column, "the file holds merge conflict markers; merge the workflows, then compile again")
		}
	}
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return single("$", 1, 1, "the file starts with a byte order mark; save it as plain UTF-8")
	}
	return single("$", line, column, "not JSON: "+syn.msg)
}

// unmarshal reads one lock value out of a larger message; presence is lenient
// there, since peers of another version may leave keys out.
func unmarshal(data []byte, target any) error {
	n, err := readNode(data)
	if err != nil {
		return syntaxProblem(data, err)
	}
	d := &decoder{src: data}
	d.value(target, &n)
	if len(d.problems) > 0 {
		return &ParseError{d.problems}
	}
	return nil
}
