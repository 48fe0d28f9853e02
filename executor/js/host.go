package js

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/dop251/goja"
)

// Stream names where output goes.
type Stream int

// The two streams of a process.
const (
	Stdout Stream = iota + 1
	Stderr
)

// Host is all that a module sees of its VM. Its methods are called on the
// loop, that is, from Instance and from functions JavaScript calls; those
// marked "anywhere" are safe on any goroutine.
type Host interface {
	// Context is that of the call being served: it ends when the call is
	// abandoned or the VM closes. Work that takes time must heed it. Anywhere,
	// but take it on the loop, before work begins.
	Context() context.Context
	// Runtime is the engine. It must never leave the loop.
	Runtime() *goja.Runtime
	// Defer registers asynchronous work. The function it returns takes the
	// answer, anywhere, exactly once (more are ignored); the answer runs on
	// the loop, as part of the call that was served at Defer. nil only ends
	// the registration. While unanswered, promises may still settle.
	Defer() (answer func(func() error))
	// Enqueue runs fn on the loop without registration: an event that may or
	// may not come. False when the VM is closing. Anywhere.
	Enqueue(fn func() error) bool
	// Timer calls fn on the loop after d, again every d when repeat is set.
	Timer(d time.Duration, repeat bool, fn func() error) *Timer
	// OnClose adds a function called on the loop's goroutine when the VM
	// closes, after the last JavaScript has run.
	OnClose(fn func())
	// Store and SetStore hold a value that follows the asynchronous flow:
	// through promises, timers and Defers.
	Store() any
	SetStore(v any)

	Env() *Env                      // anywhere
	Dir() string                    // anywhere
	Output(stream Stream, p []byte) // may block; anywhere
	Log() *slog.Logger              // anywhere
	Require(name string) (Exports, error)
	RequireFunc() goja.Value // the require that module bodies get

	// NewError makes an Error object of a Go error, which stays reachable for
	// errors.Is once the object reaches Go again.
	NewError(err error) *goja.Object
	// ToJSON is JSON.stringify with undefined as null; FromJSON is JSON.parse;
	// FromGo converts a Go value by way of JSON. Values pass unchanged.
	ToJSON(v goja.Value) []byte
	FromJSON(data []byte) (goja.Value, error)
	FromGo(v any) (goja.Value, error)
	// Describe maps the frames of an error or of the present stack.
	Describe(v goja.Value) *Error
	Frames() []Frame
}

type host struct{ vm *VM }

var _ Host = host{}

func (h host) Context() context.Context       { return h.vm.callContext() }
func (h host) Runtime() *goja.Runtime         { return h.vm.rt }
func (h host) Defer() func(func() error)      { return h.vm.register() }
func (h host) Enqueue(fn func() error) bool   { return h.vm.push(task{run: fn, flow: h.vm.flowNow()}) }
func (h host) OnClose(fn func())              { h.vm.onClose = append(h.vm.onClose, fn) }
func (h host) Env() *Env                      { return h.vm.cfg.Env }
func (h host) Dir() string                    { return h.vm.cfg.Dir }
func (h host) Output(stream Stream, p []byte) { h.vm.cfg.Output(stream, p) }
func (h host) Log() *slog.Logger              { return h.vm.cfg.Log }
func (h host) RequireFunc() goja.Value        { return h.vm.requireFunc }

func (h host) Require(name string) (Exports, error) { return h.vm.require(name) }

func (h host) Timer(d time.Duration, repeat bool, fn func() error) *Timer {
	return h.vm.timers.add(d, repeat, fn, h.vm.flowNow())
}

func (h host) Store() any { return h.vm.flowNow().store }

func (h host) SetStore(v any) {
	h.vm.enter(&flow{call: h.vm.flowNow().call, store: v})
}

func (h host) NewError(err error) *goja.Object          { return h.vm.newError(err) }
func (h host) Describe(v goja.Value) *Error             { return h.vm.describe(v) }
func (h host) Frames() []Frame                          { return h.vm.frames(h.vm.rt.CaptureCallStack(0, nil)) }
func (h host) FromJSON(data []byte) (goja.Value, error) { return h.vm.parseJSON(data) }

func (h host) ToJSON(v goja.Value) []byte {
	data, err := h.vm.toJSON(v)
	if err != nil {
		panic(h.vm.thrown(err))
	}
	return data
}

func (h host) FromGo(v any) (goja.Value, error) {
	switch v := v.(type) {
	case nil:
		return goja.Undefined(), nil
	case goja.Value:
		return v, nil
	case string, bool, int, int64, float64:
		return h.vm.rt.ToValue(v), nil
	case json.RawMessage:
		return h.vm.parseJSON(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return h.vm.parseJSON(data)
}
