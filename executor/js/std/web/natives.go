package web

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
)

// hostModule is "kici:host": where the author's code stands.
func hostModule(h js.Host) (js.Exports, error) {
	rt := h.Runtime()
	exports := rt.NewObject()
	err := exports.Set("callSite", func(c goja.FunctionCall) goja.Value {
		frames := h.Frames()
		skip := int(c.Argument(0).ToInteger())
		if skip < 0 || skip >= len(frames) {
			return goja.Undefined()
		}
		site := rt.NewObject()
		f := frames[skip]
		_ = site.Set("file", f.File)
		_ = site.Set("line", f.Line)
		_ = site.Set("column", f.Column)
		return site
	})
	if err != nil {
		return nil, err
	}
	return exports, exports.Set("runtime", "embedded")
}

func preludeNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	return map[string]any{
		"capture": func(c goja.FunctionCall) goja.Value {
			target := c.Argument(0).ToObject(rt)
			head := ""
			if rt.Try(func() { head = target.String() }) != nil {
				head = "Error"
			}
			stack := rt.ToValue(head + frameLines(h.Frames()))
			if err := target.DefineDataProperty("stack", stack, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
				panic(h.NewError(err))
			}
			return goja.Undefined()
		},
	}, nil
}

func frameLines(frames []js.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		b.WriteString("\n    at " + f.String())
	}
	return b.String()
}

func inspectNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	return map[string]any{
		"promise": func(c goja.FunctionCall) goja.Value {
			// Export would walk everything that another object leads to.
			if c.Argument(0).ExportType() != reflect.TypeFor[*goja.Promise]() {
				return rt.NewArray("pending", goja.Undefined())
			}
			p := c.Argument(0).Export().(*goja.Promise)
			state := map[goja.PromiseState]string{goja.PromiseStatePending: "pending", goja.PromiseStateFulfilled: "fulfilled", goja.PromiseStateRejected: "rejected"}[p.State()]
			result := p.Result()
			if result == nil {
				result = goja.Undefined()
			}
			return rt.NewArray(state, result)
		},
		"proxy": func(c goja.FunctionCall) goja.Value {
			return rt.ToValue(c.Argument(0).ExportType() == reflect.TypeFor[goja.Proxy]())
		},
		"stack": func(c goja.FunctionCall) goja.Value {
			o, ok := c.Argument(0).(*goja.Object)
			if !ok || o.ClassName() != "Error" {
				return goja.Undefined()
			}
			return rt.ToValue(strings.TrimPrefix(frameLines(h.Describe(o).Frames), "\n"))
		},
	}, nil
}

func consoleNatives(h js.Host) (map[string]any, error) {
	start := time.Now()
	return map[string]any{
		"write": func(c goja.FunctionCall) goja.Value {
			// The line break joins here: in JavaScript it would copy the text.
			text := c.Argument(1).String()
			line := make([]byte, 0, len(text)+1)
			h.Output(js.Stream(c.Argument(0).ToInteger()), append(append(line, text...), '\n'))
			return goja.Undefined()
		},
		"now":   func(goja.FunctionCall) goja.Value { return h.Runtime().ToValue(sinceMS(start)) },
		"trace": func(goja.FunctionCall) goja.Value { return h.Runtime().ToValue(frameLines(h.Frames())) },
	}, nil
}

func sinceMS(start time.Time) float64 { return float64(time.Since(start)) / float64(time.Millisecond) }

func timerNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	timer := func(c goja.FunctionCall) *js.Timer {
		t, _ := c.Argument(0).Export().(*js.Timer)
		if t == nil {
			panic(rt.NewTypeError("not a timer"))
		}
		return t
	}
	return map[string]any{
		"set": func(c goja.FunctionCall) goja.Value {
			fn, _ := goja.AssertFunction(c.Argument(2))
			d := time.Duration(c.Argument(0).ToInteger()) * time.Millisecond
			return rt.ToValue(h.Timer(d, c.Argument(1).ToBoolean(), func() error {
				_, err := fn(goja.Undefined())
				return err
			}))
		},
		"stop": func(c goja.FunctionCall) goja.Value { timer(c).Stop(); return goja.Undefined() },
		"ref": func(c goja.FunctionCall) goja.Value {
			timer(c).SetRef(c.Argument(1).ToBoolean())
			return goja.Undefined()
		},
		"refresh": func(c goja.FunctionCall) goja.Value { timer(c).Refresh(); return goja.Undefined() },
	}, nil
}

// eventNatives: schedule is a timer that keeps no call waiting, as those of
// AbortSignal.timeout are on Node.
func eventNatives(h js.Host) (map[string]any, error) {
	return map[string]any{
		"schedule": func(c goja.FunctionCall) goja.Value {
			fn, ok := goja.AssertFunction(c.Argument(1))
			if !ok {
				panic(h.Runtime().NewTypeError("schedule wants a function"))
			}
			t := h.Timer(time.Duration(c.Argument(0).ToInteger())*time.Millisecond, false, func() error {
				_, err := fn(goja.Undefined())
				return err
			})
			t.SetRef(false)
			return goja.Undefined()
		},
	}, nil
}

func perfNatives(h js.Host) (map[string]any, error) {
	start := time.Now()
	return map[string]any{
		"origin": float64(start.UnixMicro()) / 1000,
		"now":    func(goja.FunctionCall) goja.Value { return h.Runtime().ToValue(sinceMS(start)) },
	}, nil
}

func processNatives(h js.Host) (map[string]any, error) {
	rt, start := h.Runtime(), time.Now()
	exe, err := os.Executable()
	if err != nil {
		exe = "kici"
	}
	return map[string]any{
		"env":      envObject(h),
		"dir":      h.Dir(),
		"platform": platform(),
		"arch":     arch(),
		"pid":      os.Getpid(),
		"ppid":     os.Getppid(),
		"execPath": filepath.ToSlash(exe),
		"write": func(c goja.FunctionCall) goja.Value {
			h.Output(js.Stream(c.Argument(0).ToInteger()), chunk(rt, c.Argument(1)))
			return goja.Undefined()
		},
		"now": func(goja.FunctionCall) goja.Value { return rt.ToValue(sinceMS(start)) },
		"hrtime": func(goja.FunctionCall) goja.Value {
			return rt.ToValue(strconv.FormatInt(int64(time.Since(start))+int64(time.Hour), 10))
		},
		"memory": func(goja.FunctionCall) goja.Value {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return rt.ToValue(map[string]any{"rss": m.Sys, "heapTotal": m.HeapSys, "heapUsed": m.HeapAlloc, "external": 0, "arrayBuffers": 0})
		},
	}, nil
}

// chunk is what a stream was given: bytes, or anything as text.
func chunk(rt *goja.Runtime, v goja.Value) []byte {
	switch x := v.Export().(type) {
	case goja.ArrayBuffer:
		return x.Bytes()
	case []byte:
		return x
	}
	if o, ok := v.(*goja.Object); ok {
		if b, ok := o.Get("buffer").Export().(goja.ArrayBuffer); ok {
			from := o.Get("byteOffset").ToInteger()
			return b.Bytes()[from : from+o.Get("byteLength").ToInteger()]
		}
	}
	return []byte(v.String())
}

func envObject(h js.Host) map[string]any {
	rt, env := h.Runtime(), h.Env()
	return map[string]any{
		"get": func(c goja.FunctionCall) goja.Value {
			if v, ok := env.Get(c.Argument(0).String()); ok {
				return rt.ToValue(v)
			}
			return goja.Undefined()
		},
		"set": func(c goja.FunctionCall) goja.Value {
			env.Set(c.Argument(0).String(), c.Argument(1).String())
			return goja.Undefined()
		},
		"del": func(c goja.FunctionCall) goja.Value {
			env.Delete(c.Argument(0).String())
			return goja.Undefined()
		},
		"keys": func(goja.FunctionCall) goja.Value {
			keys := env.Keys()
			values := make([]any, len(keys))
			for i, k := range keys {
				values[i] = k
			}
			return rt.NewArray(values...)
		},
	}
}

// platform and arch are Node's names.
func platform() string {
	if runtime.GOOS == "windows" {
		return "win32"
	}
	return runtime.GOOS
}

func arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return runtime.GOARCH
}
