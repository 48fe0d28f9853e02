package pattern

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/kici-dev/kici-go/lockfile"
)

// Conditions are the compiled match and not maps of a trigger.
type Conditions struct {
	match, not []condition
}

// condition is one path and what is expected there.
type condition struct {
	path     *Path
	shown    string
	expected []expectation // more than one: any of them
}

type expectation struct {
	value any     // string, float64, bool or nil
	re    *Regexp // instead, for "/…/flags"
	never bool    // objects and nested lists equal nothing
}

// A string written as a JavaScript expression literal is one.
var regexLiteral = regexp.MustCompile(`(?s)^/(.+)/([gimsuy]*)$`)

// CompileConditions compiles both maps. All entries of match must hold; none of
// not may.
func CompileConditions(match, not lockfile.Map[json.RawMessage]) (*Conditions, error) {
	c := &Conditions{}
	for _, part := range []struct {
		name string
		from lockfile.Map[json.RawMessage]
		to   *[]condition
	}{{"match", match, &c.match}, {"not", not, &c.not}} {
		for path, expected := range part.from.All() {
			one, err := compileCondition(path, expected)
			if err != nil {
				return nil, fmt.Errorf("%s[%q]: %w", part.name, path, err)
			}
			*part.to = append(*part.to, one)
		}
	}
	return c, nil
}

func compileCondition(path string, raw json.RawMessage) (condition, error) {
	p, err := CompilePath(path)
	if err != nil {
		return condition{}, err
	}
	c := condition{path: p, shown: string(raw)}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return c, fmt.Errorf("pattern: expected value: %w", err)
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	for _, item := range list {
		e := expectation{value: item}
		switch item := item.(type) {
		case string:
			if m := regexLiteral.FindStringSubmatch(item); m != nil {
				if e.re, err = CompileRegexp(m[1], m[2]); err != nil {
					return c, err
				}
			}
		case map[string]any, []any:
			e.never = true
		}
		c.expected = append(c.expected, e)
	}
	return c, nil
}

// Finding is why conditions failed: the path, what was wanted there, what was
// found, and whether it was an entry of not.
type Finding struct {
	Path, Expected string
	Found          []any
	Negative       bool
}

// Empty tells whether there are no conditions.
func (c *Conditions) Empty() bool { return len(c.match)+len(c.not) == 0 }

// Check evaluates the conditions on a decoded JSON document; nil means all hold.
func (c *Conditions) Check(doc any) (*Finding, error) {
	for _, set := range []struct {
		list     []condition
		negative bool
	}{{c.match, false}, {c.not, true}} {
		for _, one := range set.list {
			found := one.path.Get(doc)
			ok, err := one.holds(found)
			if err != nil {
				return nil, err
			}
			if ok == set.negative {
				return &Finding{one.path.text, one.shown, found, set.negative}, nil
			}
		}
	}
	return nil, nil
}

// holds: one result that equals one expected value is enough; without results
// nothing holds, which makes match fail and not pass.
func (c *condition) holds(found []any) (bool, error) {
	for _, f := range found {
		for _, e := range c.expected {
			if ok, err := e.equals(f); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

func (e *expectation) equals(found any) (bool, error) {
	if e.never {
		return false, nil
	}
	if text, ok := found.(string); ok && e.re != nil {
		return e.re.Match(text)
	}
	switch found.(type) {
	case map[string]any, []any:
		return false, nil
	}
	if n, ok := found.(int64); ok {
		found = float64(n)
	}
	return e.re == nil && e.value == found, nil
}
