package child

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

// commandKey hides the Go side of a handle from scripts but not from pipe.
const commandKey = "__command"

// handle is the JavaScript object of a command. What it can do hangs on one
// prototype for all: a dozen functions for each command cost more than the rest
// of its start on our side.
func (r *room) handle(c *command) *goja.Object {
	if r.methods == nil {
		r.methods = r.prototype()
	}
	o := r.rt.CreateObject(r.methods)
	_ = o.DefineDataProperty(commandKey, r.rt.ToValue(c), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	_ = o.Set("pid", c.proc.Pid())
	return o
}

func (r *room) prototype() *goja.Object {
	o := r.rt.NewObject()
	for name, run := range map[string]func(c *command, call goja.FunctionCall) goja.Value{
		"open": func(c *command, call goja.FunctionCall) goja.Value {
			c.open(call.Argument(0).ToBoolean(), call.Argument(1).ToBoolean())
			return goja.Undefined()
		},
		"write": func(c *command, call goja.FunctionCall) goja.Value {
			return r.write(c, write{data: r.bytes(call.Argument(0))})
		},
		"end": func(c *command, _ goja.FunctionCall) goja.Value { return r.write(c, write{end: true}) },
		"idle": func(c *command, _ goja.FunctionCall) goja.Value {
			if c.in != nil {
				c.in.idle()
			}
			return goja.Undefined()
		},
		"takeInput": func(c *command, _ goja.FunctionCall) goja.Value {
			return r.rt.ToValue(c.in == nil || c.in.take())
		},
		"kill":   func(c *command, call goja.FunctionCall) goja.Value { return r.kill(c, call.Argument(0).String()) },
		"text":   func(c *command, call goja.FunctionCall) goja.Value { return r.text(c, streamOf(call)) },
		"bytes":  func(c *command, call goja.FunctionCall) goja.Value { return r.captured(c, streamOf(call)) },
		"lost":   func(c *command, call goja.FunctionCall) goja.Value { return r.rt.ToValue(c.out.isLost(streamOf(call))) },
		"follow": func(c *command, call goja.FunctionCall) goja.Value { return r.follow(c, streamOf(call)) },
		"pipe":   r.pipe,
		"pipeFile": func(c *command, call goja.FunctionCall) goja.Value {
			return r.pipeFile(c, streamOf(call), call.Argument(1).String())
		},
		"stop": func(c *command, _ goja.FunctionCall) goja.Value { c.stop(); return goja.Undefined() },
	} {
		_ = o.Set(name, func(call goja.FunctionCall) goja.Value {
			c := r.commandOf(call.This)
			if c == nil {
				panic(r.rt.NewTypeError(name + " is called on a command's handle"))
			}
			return run(c, call)
		})
	}
	return o
}

// commandOf is the command of a handle; nil for anything else.
func (r *room) commandOf(v goja.Value) *command {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	hidden := o.Get(commandKey)
	if hidden == nil {
		return nil
	}
	c, _ := hidden.Export().(*command)
	return c
}

func streamOf(call goja.FunctionCall) int {
	switch call.Argument(0).String() {
	case "stdout":
		return stdout
	case "stderr":
		return stderr
	}
	return all
}

// bytes reads a string, an ArrayBuffer or a typed array; nil for anything else.
func (r *room) bytes(v goja.Value) []byte {
	if !set(v) {
		return nil
	}
	switch x := v.Export().(type) {
	case string:
		return []byte(x)
	case []byte:
		return append([]byte{}, x...)
	case goja.ArrayBuffer:
		return append([]byte{}, x.Bytes()...)
	}
	return nil
}

// write resolves with an error's code, or with undefined once it is done:
// a rejection would fail the step when a child does not care for its input.
func (r *room) write(c *command, w write) goja.Value {
	promise, resolve, _ := r.rt.NewPromise()
	if c.in == nil {
		_ = resolve("EPIPE")
		return r.rt.ToValue(promise)
	}
	answer := r.h.Defer()
	stop := context.AfterFunc(r.h.Context(), func() { answer(nil) })
	w.done = func(err error) {
		stop()
		answer(func() error {
			if err != nil {
				return resolve("EPIPE")
			}
			return resolve(goja.Undefined())
		})
	}
	c.in.put(w)
	return r.rt.ToValue(promise)
}

// kill is true when the signal was sent, false when the command was over.
func (r *room) kill(c *command, name string) goja.Value {
	switch err := c.proc.Signal(proc.Signal(name)); {
	case err == nil:
		return r.rt.ToValue(true)
	case isFinished(err):
		return r.rt.ToValue(false)
	default:
		panic(r.h.NewError(err))
	}
}

func (r *room) text(c *command, stream int) goja.Value {
	s, err := c.out.read(stream)
	if err != nil {
		panic(r.h.NewError(err))
	}
	return r.rt.ToValue(s)
}

func (r *room) captured(c *command, stream int) goja.Value {
	s, err := c.out.read(stream)
	if err != nil {
		panic(r.h.NewError(err))
	}
	return r.rt.ToValue(r.rt.NewArrayBuffer([]byte(s)))
}

// follow returns {next(): Promise<ArrayBuffer|undefined>, close()}.
func (r *room) follow(c *command, stream int) goja.Value {
	f := r.follower(c, stream)
	o := r.rt.NewObject()
	_ = o.Set("next", func(goja.FunctionCall) goja.Value {
		r.busy.Add(1)
		return js.Async(r.h, func(ctx context.Context) ([]byte, error) {
			defer r.busy.Done()
			defer context.AfterFunc(ctx, f.close)()
			return f.next(), nil
		}, func(b []byte, _ error) goja.Value {
			if b == nil {
				return goja.Undefined()
			}
			return r.rt.ToValue(r.rt.NewArrayBuffer(append([]byte(nil), b...)))
		})
	})
	_ = o.Set("close", func(goja.FunctionCall) goja.Value { f.close(); return goja.Undefined() })
	return o
}

// follower throws when it is too late for one.
func (r *room) follower(c *command, stream int) *follower {
	f, err := c.out.follow(stream)
	if err != nil {
		panic(r.h.NewError(err))
	}
	return f
}

// pipe(handle) feeds this command's stdout to another's stdin.
func (r *room) pipe(c *command, call goja.FunctionCall) goja.Value {
	to := r.commandOf(call.Argument(0))
	if to == nil || to.in == nil {
		panic(r.rt.NewTypeError("the command piped to takes no input"))
	}
	f := r.follower(c, stdout)
	r.busy.Add(1)
	go func() {
		defer r.busy.Done()
		feed(f, to.in.to, c.stop)
	}()
	return goja.Undefined()
}

// pipeFile(stream, path) writes the stream to a new file; the promise resolves
// when the stream has ended.
func (r *room) pipeFile(c *command, stream int, path string) goja.Value {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.h.Dir(), path)
	}
	f := r.follower(c, stream)
	r.busy.Add(1)
	return js.Async(r.h, func(ctx context.Context) (struct{}, error) {
		defer r.busy.Done()
		defer context.AfterFunc(ctx, f.close)()
		defer f.close()
		file, err := os.Create(path)
		if err != nil {
			return struct{}{}, err
		}
		for b := f.next(); b != nil && err == nil; b = f.next() {
			_, err = io.Writer(file).Write(b)
		}
		if e := file.Close(); err == nil {
			err = e
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) goja.Value {
		if err != nil {
			panic(r.h.NewError(err))
		}
		return goja.Undefined()
	})
}
