package inline

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"
)

// lazyFrom is the size of JSON from which on a member is parsed only when it is
// looked at. The payload of a push has hundreds of kilobytes, and most
// functions read a branch.
const lazyFrom = 4 << 10

// eventOf makes the event's object. It need not be frozen: it belongs to this
// evaluation alone.
func eventOf(rt *goja.Runtime, raw []byte) (goja.Value, error) {
	if len(raw) < lazyFrom && !json.Valid(raw) { // a larger one is scanned on its way
		return nil, ErrEvent
	}
	return materialise(rt, raw)
}

// materialise makes a value of valid JSON.
func materialise(rt *goja.Runtime, raw []byte) (goja.Value, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) < lazyFrom || raw[0] != '{' {
		parse, ok := goja.AssertFunction(rt.Get("JSON").(*goja.Object).Get("parse"))
		if !ok {
			return nil, fmt.Errorf("%w: no parser", ErrEvent)
		}
		return parse(goja.Undefined(), rt.ToValue(string(raw)))
	}
	return members(rt, raw)
}

// members makes an object whose large members wait.
func members(rt *goja.Runtime, raw []byte) (goja.Value, error) {
	o := rt.NewObject()
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrEvent, err)
		}
		var member json.RawMessage
		if err := d.Decode(&member); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrEvent, err)
		}
		if err := put(rt, o, key.(string), member); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func put(rt *goja.Runtime, o *goja.Object, key string, raw []byte) error {
	define := func(v goja.Value) error {
		return o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	if len(raw) < lazyFrom {
		v, err := materialise(rt, raw)
		if err != nil {
			return err
		}
		return define(v)
	}
	get := func(goja.FunctionCall) goja.Value {
		v, err := materialise(rt, raw)
		if err == nil {
			err = define(v)
		}
		if err != nil {
			panic(err)
		}
		return v
	}
	return o.DefineAccessorProperty(key, rt.ToValue(get), nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
}
