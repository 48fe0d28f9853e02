package js

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// preludeModule is instantiated by New when Config.Modules has it.
const preludeModule = "kici:prelude"

// Errors to branch on.
var (
	// ErrClosed is returned by calls on a VM that is closed or closing.
	ErrClosed = errors.New("js: vm is closed")
	// ErrNeverSettles is returned by a call whose promise can never settle:
	// nothing is queued, no timer is set, no host work is under way.
	ErrNeverSettles = errors.New("js: promise never settles: nothing is left that could settle it")
	// ErrModuleNotFound is the cause of requiring a name no module has.
	ErrModuleNotFound = errors.New("js: module not found")
)

// Limits bound what a VM may use. Zero values mean the defaults.
type Limits struct {
	CallStack  int           // nested calls; default 2000
	CloseGrace time.Duration // how long Close waits for host work to answer; default 5s
}

// Config is what a VM is made of.
type Config struct {
	Modules map[string]Module             // what require reaches, by bare name ("fs", "@kici-dev/sdk", "kici:host")
	Output  func(stream Stream, p []byte) // console.* and process.stdout/stderr; may block; p is only lent
	Env     *Env                          // live environment; nil means empty
	Dir     string                        // process.cwd() and base of relative paths
	Limits  Limits
	Log     *slog.Logger // default: discard
}

// VM is one JavaScript runtime and the goroutine that owns it.
type VM struct {
	cfg    Config
	ctx    context.Context // ends when the VM closes; parent of every call's
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when the loop has ended
	wake   chan struct{} // one slot: something for the loop to look at
	unwind func() bool

	mu          sync.Mutex // guards what follows
	queue       []task
	registered  int // Defers not yet answered
	calls       map[*call]struct{}
	flow        *flow // what the running turn serves
	running     bool  // a turn is running
	turns       uint64
	interrupted bool // the running turn was told to stop
	closing     bool
	leak        error // what Close reports

	// Only the loop's goroutine touches what follows.
	rt          *goja.Runtime
	base        *flow // the flow the running turn began with
	timers      timers
	rejections  []rejection
	instances   map[string]Exports
	views       map[viewKey]*goja.Object
	loading     map[string]bool
	sources     map[string]string // goja's spelling of mapped files → theirs
	onClose     []func()
	requireFunc goja.Value
	importFunc  goja.Value
	intrinsics  intrinsics
}

// New makes a VM. It lives until Close, or until ctx ends, after which Close
// must still be called.
func New(ctx context.Context, cfg Config) (*VM, error) {
	if cfg.Env == nil {
		cfg.Env = NewEnv(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Output == nil {
		cfg.Output = func(Stream, []byte) {}
	}
	if cfg.Limits.CallStack <= 0 {
		cfg.Limits.CallStack = 2000
	}
	if cfg.Limits.CloseGrace <= 0 {
		cfg.Limits.CloseGrace = 5 * time.Second
	}
	vm := &VM{
		cfg:       cfg,
		done:      make(chan struct{}),
		wake:      make(chan struct{}, 1),
		calls:     map[*call]struct{}{},
		flow:      &flow{},
		instances: map[string]Exports{},
		views:     map[viewKey]*goja.Object{},
		loading:   map[string]bool{},
		sources:   map[string]string{},
	}
	vm.ctx, vm.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	vm.timers.vm = vm
	vm.rt = goja.New()
	if err := vm.setup(); err != nil {
		vm.cancel(ErrClosed)
		return nil, err
	}
	vm.unwind = context.AfterFunc(ctx, func() { vm.shut(context.Cause(ctx)) })
	go vm.loop()
	if err := vm.prelude(ctx); err != nil {
		return nil, errors.Join(err, vm.Close())
	}
	return vm, nil
}

func (vm *VM) setup() error {
	rt := vm.rt
	rt.SetMaxCallStackSize(vm.cfg.Limits.CallStack)
	rt.SetAsyncContextTracker(tracker{vm})
	rt.SetPromiseRejectionTracker(vm.trackRejection)
	if err := vm.captureIntrinsics(); err != nil {
		return err
	}
	vm.requireFunc = rt.ToValue(func(c goja.FunctionCall) goja.Value {
		v, err := vm.require(c.Argument(0).String())
		if err != nil {
			panic(vm.thrown(err))
		}
		return v
	})
	if err := vm.requireFunc.(*goja.Object).Set("view", vm.viewOf); err != nil {
		return err
	}
	vm.importFunc = rt.ToValue(vm.dynamicImport)
	return vm.guardDynamicSource()
}

func (vm *VM) prelude(ctx context.Context) error {
	if _, ok := vm.cfg.Modules[preludeModule]; !ok {
		return nil
	}
	_, err := vm.Require(ctx, preludeModule)
	return err
}

// require returns the exports of a module, instantiating it at first.
func (vm *VM) require(name string) (Exports, error) {
	name = strings.TrimPrefix(name, "node:")
	if v, ok := vm.instances[name]; ok {
		return v, nil
	}
	m, ok := vm.cfg.Modules[name]
	if !ok {
		return nil, fmt.Errorf("%w: cannot find module '%s'", ErrModuleNotFound, name)
	}
	if vm.loading[name] {
		return nil, fmt.Errorf("js: module %s imports itself while it is being made", name)
	}
	vm.loading[name] = true
	defer delete(vm.loading, name)
	v, err := m.Instance(host{vm})
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = goja.Undefined()
	}
	vm.instances[name] = v
	return v, nil
}

// dynamicImport is import() of a module outside the bundle: a promise of a
// namespace whose default is the module's exports.
func (vm *VM) dynamicImport(c goja.FunctionCall) goja.Value {
	promise, resolve, reject := vm.rt.NewPromise()
	v, err := vm.require(c.Argument(0).String())
	if err == nil {
		err = resolve(vm.namespace(v))
	} else {
		err = reject(vm.reason(err))
	}
	if err != nil {
		panic(vm.thrown(err))
	}
	return vm.rt.ToValue(promise)
}

func (vm *VM) namespace(v goja.Value) goja.Value {
	o, ok := v.(*goja.Object)
	ns := vm.rt.NewObject()
	if ok {
		if m := o.Get("__esModule"); m != nil && m.ToBoolean() {
			return o
		}
		for _, key := range o.Keys() {
			_ = ns.Set(key, o.Get(key))
		}
	}
	_ = ns.Set("default", v)
	return ns
}

// Close interrupts what runs, ends every context that host functions hold,
// waits until all host work has answered and the loop has ended. An error says
// that something was left behind. Close may be called more than once.
func (vm *VM) Close() error {
	vm.unwind()
	vm.shut(ErrClosed)
	// The loop gives host work the grace; the rest is for a host function
	// that holds the loop itself.
	select {
	case <-vm.done:
	case <-time.After(vm.cfg.Limits.CloseGrace + time.Second):
		return errors.New("js: close: a host function holds the loop and ignores its context")
	}
	vm.mu.Lock()
	defer vm.mu.Unlock()
	return vm.leak
}

// shut begins the end: calls fail with cause, running JavaScript stops.
func (vm *VM) shut(cause error) {
	vm.mu.Lock()
	if vm.closing {
		vm.mu.Unlock()
		return
	}
	vm.closing = true
	vm.queue = nil
	for c := range vm.calls {
		c.settle(nil, cause)
	}
	clear(vm.calls)
	vm.rt.Interrupt(cause)
	vm.mu.Unlock()
	vm.cancel(cause)
	vm.nudge()
}
