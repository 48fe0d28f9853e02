package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// Decode reads a JSON configuration into a struct, field by field, so that
// every problem is found and not only the first: values of the wrong type,
// fields that do not exist and what they may have been meant to be. No bytes
// are an empty object. Only fields with a json tag are read; embedded structs
// count as their fields.
func Decode(data []byte, into any) []Problem {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	v := reflect.ValueOf(into).Elem()
	return decode(data, v, "")
}

func decode(data []byte, v reflect.Value, path string) []Problem {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return []Problem{{path, "must be a JSON object"}}
	}
	known := map[string]reflect.Value{}
	fields(v, known)
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	var problems []Problem
	for name, raw := range object {
		field, ok := known[name]
		at := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case !ok:
			problems = append(problems, Problem{at, unknown(name, names)})
		case field.Kind() == reflect.Struct:
			problems = append(problems, decode(raw, field, at)...)
		default:
			if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
				problems = append(problems, Problem{at, wrong(err, field.Type())})
			}
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

func fields(v reflect.Value, known map[string]reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		if t.Field(i).Anonymous {
			fields(v.Field(i), known)
			continue
		}
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			known[name] = v.Field(i)
		}
	}
}

func unknown(name string, names []string) string {
	if near := event.Nearest(name, names); len(near) > 0 {
		return fmt.Sprintf("is not a setting, did you mean %q?", near[0])
	}
	return "is not a setting; there are " + strings.Join(names, ", ")
}

// wrong never quotes the value: it may be a secret.
func wrong(err error, t reflect.Type) string {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return fmt.Sprintf("%s: must be %s", typed.Field, kind(typed.Type))
	}
	return "must be " + kind(t)
}

func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list, each " + kind(t.Elem())
	case reflect.Map:
		return "an object, each value " + kind(t.Elem())
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.Struct:
		return "an object"
	}
	return "a whole number"
}
