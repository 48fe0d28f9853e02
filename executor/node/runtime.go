package node

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/child"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/step"
)

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild src/host.ts host_gen.js

//go:embed host_gen.js
var hostSource []byte

// bootstrap reads our program from the pipe: on the command line it would be
// seen by everybody who lists processes, and no file has to be written.
const bootstrap = `const f=require('fs'),r=n=>{const b=Buffer.alloc(n);for(let a=0;a<n;){const g=f.readSync(3,b,a,n-a,null);if(!g)process.exit(1);a+=g}return b};` +
	`const c=r(r(4).readUInt32BE(0)).subarray(1).toString();` +
	`require('vm').runInThisContext('(function(require,module,exports,__native){'+c+'\n})',{filename:'kici:node'})(require,{},{},{import:n=>import(n)})`

// How long things may take.
const (
	startLimit = 20 * time.Second // a loaded machine starts Node in seconds
	patience   = time.Second      // for an abandoned call to be acknowledged
	closeLimit = 500 * time.Millisecond
)

// Config is what a Runtime is made of.
type Config struct {
	Command   string // of Node; see Find
	Spawner   Spawner
	Env       *Env
	Functions step.Functions    // kici:engine
	Modules   map[string]string // our modules by name: CommonJS bodies
	Output    func(executor.Stream, []byte)
	Dir       string // where commands run
	Source    string // root of the author's sources
	Captured  int    // of a command's output; default 64 MiB
}

// Spawner starts commands and numbers them. *proc.Host is one.
type Spawner interface {
	proc.Spawner
	Mark() proc.Mark
}

// Runtime is one Node process. It is safe for use by several goroutines.
type Runtime struct {
	cfg     Config
	process proc.Process
	files   []*os.File // our ends
	in      *pipe      // fd 3
	sync    *pipe      // fd 5
	out     *bufio.Reader
	raw     [2]*raw
	stderr  tail
	table   *child.Table
	work    sync.WaitGroup // answers under way
	over    chan struct{}  // closed when the process is gone and err is set
	err     error

	mu       sync.Mutex // guards what follows
	programs map[string]*executor.Program
	calls    map[int]*call
	last     int
	alive    map[int]chan struct{} // abandoned calls that wait for a word
	killed   bool
	closing  bool
}

// call is one Invoke under way.
type call struct {
	ctx    context.Context // what it asks for is done under this
	cancel context.CancelCauseFunc
	answer chan inbound
}

// Start starts Node and waits until it listens.
func Start(ctx context.Context, cfg Config) (*Runtime, error) {
	if !supported {
		return nil, errors.New("node: the Node runtime is not available on Windows yet: use WSL, or runtime: 'embedded'")
	}
	r := &Runtime{cfg: cfg, over: make(chan struct{}), programs: map[string]*executor.Program{}, calls: map[int]*call{}, alive: map[int]chan struct{}{}}
	r.table = child.NewTable(child.TableOptions{
		Options: child.Options{Spawner: cfg.Spawner, Limit: cfg.Captured}, Dir: cfg.Dir, Environ: cfg.Env.Environ,
		Output: func(s js.Stream, p []byte) { cfg.Output(executor.Stream(s), p) },
	})
	if err := r.spawn(ctx); err != nil {
		return nil, err
	}
	ready := make(chan inbound, 1)
	go r.read(ready)
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	var err error
	select {
	case hello := <-ready:
		if err = checkVersion(hello.Version); err == nil {
			return r, nil
		}
	case <-r.over:
		err = fmt.Errorf("node: %s did not start: %w\n%s", cfg.Command, r.err, r.stderr.String())
	case <-timer.C:
		err = fmt.Errorf("node: %s did not answer within %v", cfg.Command, startLimit)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return nil, errors.Join(err, r.Close())
}

// spawn opens the pipes and starts the process.
func (r *Runtime) spawn(ctx context.Context) (err error) {
	var theirs []*os.File
	closeAll := func(files []*os.File) {
		for _, f := range files {
			_ = f.Close()
		}
	}
	defer func() { closeAll(theirs) }()
	for i := range 5 { // 1 and 2 read raw, 3 and 5 written, 4 read
		a, b, err := os.Pipe()
		if err != nil {
			closeAll(r.files)
			return fmt.Errorf("node: %w", err)
		}
		if i == 2 || i == 4 {
			a, b = b, a
		}
		r.files, theirs = append(r.files, a), append(theirs, b)
		if err := blocking(b); err != nil {
			closeAll(r.files)
			return fmt.Errorf("node: %w", err)
		}
	}
	r.process, err = r.cfg.Spawner.Start(ctx, proc.Command{
		Args: []string{r.cfg.Command, "-e", bootstrap}, Dir: r.cfg.Dir, Env: r.cfg.Env.start(),
		Stdout: theirs[0], Stderr: theirs[1], Extra: theirs[2:],
	})
	if err != nil {
		closeAll(r.files)
		return fmt.Errorf("node: %w", err)
	}
	r.in, r.sync, r.out = &pipe{w: r.files[2]}, &pipe{w: r.files[4]}, bufio.NewReaderSize(r.files[3], 64<<10)
	r.raw[0] = newRaw(r.files[0], func(p []byte) { r.cfg.Output(executor.Stdout, p) })
	r.raw[1] = newRaw(r.files[1], func(p []byte) { r.stderr.write(p); r.cfg.Output(executor.Stderr, p) })
	// What cannot be written is a process that died; read says so.
	r.work.Go(func() {
		_ = r.in.frame(frameRaw, hostSource)
		setup, _ := json.Marshal(r.setup())
		_ = r.in.frame(frameMessage, setup)
	})
	return nil
}

func (r *Runtime) setup() map[string]any {
	names := func(m map[string]step.Function) []string {
		out := []string{}
		for name := range m {
			out = append(out, name)
		}
		return out
	}
	modules := []string{}
	for name := range r.cfg.Modules {
		modules = append(modules, name)
	}
	return map[string]any{"modules": modules, "sync": names(r.cfg.Functions.Sync), "async": names(r.cfg.Functions.Async), "dir": r.cfg.Dir}
}

// Load runs a program; arguments of Invoke may be its namespace from then on.
func (r *Runtime) Load(ctx context.Context, p *executor.Program) (Namespace, error) {
	r.mu.Lock()
	r.programs[p.Hash] = p
	r.mu.Unlock()
	_, err := r.Invoke(ctx, "", "load", map[string]string{"hash": p.Hash, "file": filepath.Join(r.cfg.Source, filepath.FromSlash(p.Entry))})
	return Namespace{p.Hash}, err
}

// Namespace stands for the exports of a loaded program.
type Namespace struct {
	Hash string `json:"$namespace"`
}

// Invoke calls a function of one of our modules and awaits it. When ctx ends
// the call is abandoned and its cause returned.
func (r *Runtime) Invoke(ctx context.Context, module, method string, args ...any) (json.RawMessage, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := &call{answer: make(chan inbound, 1)}
	c.ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	r.mu.Lock()
	r.last++
	id := r.last
	r.calls[id] = c
	r.mu.Unlock()
	err := r.in.send(outbound{Type: "invoke", ID: id, Module: module, Method: method, Args: args, Mark: uint64(r.cfg.Spawner.Mark()), Env: r.cfg.Env.take()})
	if err != nil && !errors.Is(err, os.ErrClosed) && !isPipe(err) {
		return nil, err
	}
	select {
	case m := <-c.answer:
		return m.outcome()
	case <-r.over:
		return nil, r.err
	case <-ctx.Done():
	}
	c.cancel(context.Cause(ctx))
	if m := r.abandon(id, c); m != nil {
		return m.outcome()
	}
	return nil, context.Cause(ctx)
}

func (m *inbound) outcome() (json.RawMessage, error) {
	switch {
	case m.Never:
		return nil, js.ErrNeverSettles
	case m.Error != nil:
		return nil, m.Error
	case len(m.Value) == 0:
		return json.RawMessage("null"), nil
	}
	return m.Value, nil
}

// abandon gives a call up, and kills a process that does not hear of it. An
// answer that crossed our message counts.
func (r *Runtime) abandon(id int, c *call) *inbound {
	heard := make(chan struct{})
	r.mu.Lock()
	r.alive[id] = heard
	r.mu.Unlock()
	go func() { _ = r.in.send(outbound{Type: "abandon", ID: id}) }() // a stuck process may not even read
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-heard:
	case <-r.over:
	case <-timer.C:
		r.kill()
		<-r.over
	}
	r.mu.Lock()
	delete(r.calls, id)
	delete(r.alive, id)
	r.mu.Unlock()
	select {
	case m := <-c.answer:
		return &m
	default:
		return nil
	}
}

// Err is nil while the process lives, then how it ended.
func (r *Runtime) Err() error {
	select {
	case <-r.over:
		return r.err
	default:
		return nil
	}
}

func (r *Runtime) kill() {
	r.mu.Lock()
	r.killed = true
	r.mu.Unlock()
	_ = r.process.Signal(proc.KILL)
}

// Close ends the process and everything that serves it.
func (r *Runtime) Close() error {
	r.mu.Lock()
	again := r.closing
	r.closing = true
	r.mu.Unlock()
	if again {
		<-r.over
		return nil
	}
	_ = r.files[2].Close() // Node leaves when nobody can ask it anything
	timer := time.NewTimer(closeLimit)
	defer timer.Stop()
	select {
	case <-r.over:
	case <-timer.C:
		r.kill()
		<-r.over
	}
	r.table.Close()
	r.work.Wait()
	return nil
}
