package child

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

// room is one module instance's commands.
type room struct {
	h       js.Host
	rt      *goja.Runtime
	spawner proc.Spawner
	limit   int
	silence atomic.Bool
	busy    sync.WaitGroup
	live    map[*command]struct{} // on the loop only
	methods *goja.Object          // prototype of handles; on the loop only
}

// Options of the primitives.
type Options struct {
	Spawner proc.Spawner
	Limit   int // of a captured stream; zero is Limit
}

// Natives builds the primitives for one VM.
func Natives(h js.Host, opts Options) (map[string]any, error) {
	if opts.Spawner == nil {
		return nil, errors.New("child: commands cannot run here: no spawner was given")
	}
	if opts.Limit == 0 {
		opts.Limit = Limit
	}
	r := &room{h: h, rt: h.Runtime(), spawner: opts.Spawner, limit: opts.Limit, live: map[*command]struct{}{}}
	h.OnClose(r.close)
	return map[string]any{
		"spawn":     r.spawn,
		"spawnSync": r.spawnSync,
		"site":      r.site,
		"print":     r.print,
		"dir":       h.Dir(),
	}, nil
}

// close runs after the last JavaScript: commands still running are killed and
// every goroutine of ours has ended when it returns.
func (r *room) close() {
	r.silence.Store(true)
	for c := range r.live {
		c.open(false, false)
		c.out.finish() // releases pumps and followers
		_ = c.proc.Signal(proc.KILL)
		c.proc.StopOutput(stdout)
		c.proc.StopOutput(stderr)
	}
	r.busy.Wait()
}

// spec reads the object that describes a command.
func (r *room) spec(v goja.Value) proc.Command {
	o := v.ToObject(r.rt)
	var c proc.Command
	if err := r.rt.ExportTo(o.Get("args"), &c.Args); err != nil {
		panic(r.rt.NewTypeError("args must be strings"))
	}
	if a := o.Get("argv0"); set(a) {
		c.Argv0 = a.String()
	}
	c.Dir = r.h.Dir()
	if d := o.Get("cwd"); set(d) {
		c.Dir = d.String()
		if !filepath.IsAbs(c.Dir) {
			c.Dir = filepath.Join(r.h.Dir(), c.Dir)
		}
	}
	if e := o.Get("env"); set(e) {
		env := e.ToObject(r.rt)
		for _, k := range env.Keys() {
			if v := env.Get(k); set(v) {
				c.Env = append(c.Env, k+"="+v.String())
			}
		}
	} else {
		c.Env = r.h.Env().Environ()
	}
	c.Stdin = o.Get("stdin") != nil && o.Get("stdin").ToBoolean()
	return c
}

func set(v goja.Value) bool { return v != nil && !goja.IsUndefined(v) && !goja.IsNull(v) }

func (r *room) start(spec proc.Command) *command {
	c := &command{out: newCapture(r.limit), gate: make(chan struct{}), output: r.h.Output, silence: &r.silence}
	spec.Stdout, spec.Stderr = stream{c, stdout}, stream{c, stderr}
	p, err := r.spawner.Start(r.h.Context(), spec)
	if err != nil {
		panic(r.startError(spec, err))
	}
	c.proc = p
	if w := p.Stdin(); w != nil {
		c.in = &input{to: w, busy: &r.busy}
	}
	return c
}

// startError is Node's, as an object of this VM.
func (r *room) startError(spec proc.Command, err error) goja.Value {
	o := r.h.NewError(err)
	for k, v := range startFacts(spec, err) {
		_ = o.Set(k, v)
	}
	return o
}

// spawn(spec, onEnd) starts a command; onEnd(exit) is called once it is over.
func (r *room) spawn(call goja.FunctionCall) goja.Value {
	onEnd, ok := goja.AssertFunction(call.Argument(1))
	if !ok {
		panic(r.rt.NewTypeError("spawn needs a callback"))
	}
	c := r.start(r.spec(call.Argument(0)))
	r.live[c] = struct{}{}
	answer := r.h.Defer()
	// An abandoned call asks its commands to end and waits for none of them;
	// the owner of the Spawner gives them their grace, close kills the rest.
	stop := context.AfterFunc(r.h.Context(), func() {
		c.open(false, false)
		_ = c.proc.Signal(proc.TERM)
		answer(nil)
	})
	r.busy.Add(1)
	go func() {
		defer r.busy.Done()
		exit := c.proc.Wait()
		c.finish()
		if !stop() {
			r.h.Enqueue(func() error { delete(r.live, c); return nil })
			return
		}
		answer(func() error {
			delete(r.live, c)
			_, err := onEnd(goja.Undefined(), r.exit(c, exit))
			return err
		})
	}()
	return r.handle(c)
}

// spawnSync(spec, {input, timeout, killSignal, echo}) returns the handle of a
// command that is over, with its exit. It holds the loop, as on Node; the end
// of the call's context kills the command.
func (r *room) spawnSync(call goja.FunctionCall) goja.Value {
	opts := call.Argument(1).ToObject(r.rt)
	spec := r.spec(call.Argument(0))
	data := r.bytes(opts.Get("input"))
	spec.Stdin = data != nil
	c := r.start(spec)
	echo := func(k string) bool { v := opts.Get(k); return v != nil && v.ToBoolean() }
	c.open(echo("echoOut"), echo("echoErr"))
	if c.in != nil {
		c.in.put(write{data: data, end: true})
	}
	limit := time.Duration(0)
	if t := opts.Get("timeout"); set(t) && t.ToFloat() > 0 {
		limit = time.Duration(t.ToFloat() * float64(time.Millisecond))
	}
	sig := proc.TERM
	if s := opts.Get("killSignal"); set(s) {
		sig = proc.Signal(s.String())
	}
	exit, timedOut := c.waitSync(r.h.Context(), &r.busy, limit, sig)
	c.out.finish()
	h := r.handle(c)
	e := r.exit(c, exit)
	_ = e.Set("timedOut", timedOut)
	_ = h.Set("exit", e)
	return h
}

func (r *room) exit(c *command, e proc.Exit) *goja.Object {
	o := r.rt.NewObject()
	_ = o.Set("code", goja.Null())
	_ = o.Set("signal", goja.Null())
	if e.Signal != "" {
		_ = o.Set("signal", string(e.Signal))
	} else {
		_ = o.Set("code", e.Code)
	}
	_ = o.Set("duration", float64(e.Duration.Microseconds())/1000)
	_ = o.Set("stopped", c.stopped.Load())
	return o
}

// site(error) is the author's position that an Error object was made at.
func (r *room) site(call goja.FunctionCall) goja.Value {
	d := r.h.Describe(call.Argument(0))
	if d == nil || len(d.Frames) == 0 {
		return goja.Undefined()
	}
	v, err := r.h.FromGo(map[string]any{"file": d.Frames[0].File, "line": d.Frames[0].Line, "column": d.Frames[0].Column})
	if err != nil {
		return goja.Undefined()
	}
	return v
}

// print(stream, text) writes to the log beside the commands' output.
func (r *room) print(call goja.FunctionCall) goja.Value {
	r.h.Output(js.Stream(call.Argument(0).ToInteger()), []byte(call.Argument(1).String()))
	return goja.Undefined()
}
