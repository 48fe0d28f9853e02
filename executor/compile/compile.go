package compile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/lockfile"
)

// Options says what to compile and how. Only Dir is required.
type Options struct {
	Dir     string // working directory
	KiciDir string // absolute or relative to Dir; default .kici
	Check   bool   // validate only, write nothing
	Locked  bool   // with Check: a lock that differs is an error, not a warning

	Modules     map[string]js.Module             // what workflow files may import; default Modules()
	Env         *js.Env                          // process.env of top-level code
	Output      func(stream js.Stream, p []byte) // what top-level code prints
	UserAgent   string                           // npm_config_user_agent, a hint on the package manager
	LoadTimeout time.Duration                    // for each file; default DefaultLoadTimeout
	Log         *slog.Logger
}

// Result is the outcome of one compile. It is complete even when it failed:
// what could be found out is there.
type Result struct {
	Project     Project
	Diagnostics []Diagnostic     // sorted by file and position
	Files       []File           // every workflow file, in order
	Lock        *lockfile.File   // nil when there are errors
	Text        []byte           // Lock as it is written
	Written     bool             // the lock on disk is Text now, because of us
	Unchanged   bool             // the lock on disk was Text already
	Drift       []Drift          // how the lock on disk differed
	Programs    []bundle.Program // by file, for whoever runs them next
	Inputs      []string         // every file that was read, relative to the root
	Phases      []Phase

	choices map[string]choice // by file
}

// File is one workflow file and what came of it.
type File struct {
	Path      string // relative to the root
	Workflows []string
	Load      time.Duration
	Failed    bool
}

// Phase is how long a part of the compile took.
type Phase struct {
	Name string
	Took time.Duration
}

// Failed reports whether any diagnostic is an error.
func (r *Result) Failed() bool { return r.Err() != nil }

// Err is nil, or a *Failure.
func (r *Result) Err() error {
	for _, d := range r.Diagnostics {
		if d.Severity == Error {
			return &Failure{Diagnostics: r.Diagnostics}
		}
	}
	return nil
}

// Compile compiles the project once. The error is for what is no author's
// mistake: the end of ctx, a disk that cannot be written.
func Compile(ctx context.Context, o Options) (*Result, error) {
	c, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.once = true
	return c.Compile(ctx)
}

// Compiler compiles a project again and again; what did not change between two
// compiles is not bundled, parsed or loaded twice. It is for one goroutine.
type Compiler struct {
	o       Options
	project Project

	once    bool // nothing has to be kept for a next compile
	bundler *bundle.Incremental
	entries []string
	parsed  map[string]*js.Program     // by hash
	loaded  map[string]json.RawMessage // by hash: what a file described without complaint
}

// Open finds the project; nothing else is read before Compile.
func Open(o Options) (*Compiler, error) {
	if o.LoadTimeout <= 0 {
		o.LoadTimeout = DefaultLoadTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	project, err := Locate(o.Dir, o.KiciDir)
	if err != nil {
		return nil, err
	}
	if o.Modules == nil {
		o.Modules = Modules()
	}
	return &Compiler{o: o, project: project}, nil
}

// Project tells where things are.
func (c *Compiler) Project() Project { return c.project }

// Close releases what is kept between compiles.
func (c *Compiler) Close() {
	if c.bundler != nil {
		c.bundler.Close()
		c.bundler = nil
	}
}

// run is one compile under way.
type run struct {
	*Compiler
	result  *Result
	report  *report
	sources *sources
	flows   []flow
	started time.Time
}

// Compile compiles the project as it is on disk now.
func (c *Compiler) Compile(ctx context.Context) (*Result, error) {
	sources := newSources(c.project.Root)
	r := &run{
		Compiler: c, result: &Result{Project: c.project}, sources: sources,
		report: &report{sources: sources}, started: time.Now(),
	}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	r.result.Diagnostics = r.report.sorted()
	return r.result, nil
}

func (r *run) phase(name string) {
	now := time.Now()
	r.result.Phases = append(r.result.Phases, Phase{name, now.Sub(r.started)})
	r.started = now
}

func (r *run) all(ctx context.Context) error {
	files := r.readable(r.project.discover(r.report))
	r.phase("discover")
	if len(files) > 0 {
		programs, err := r.bundle(ctx, files)
		if err != nil {
			return err
		}
		r.phase("bundle")
		if err := r.load(ctx, programs); err != nil {
			return err
		}
		r.phase("load")
	}
	for i := range r.flows {
		r.flows[i].settle(r.sources)
	}
	(&checker{r.report, r.sources}).all(r.flows)
	lock := r.lock()
	r.phase("emit")
	if r.report.failed() {
		return nil
	}
	return r.finish(lock)
}

// maxSource bounds a workflow file. Ten megabytes of workflow are somebody's
// mistake, and the engine would take minutes to say so.
const maxSource = 4 << 20

// readable reads the files, which the hashes need anyway, and sets aside those
// that no bundler has to see.
func (r *run) readable(files []string) []string {
	var good []string
	for _, file := range files {
		s := r.sources.get(file)
		d := Diagnostic{File: file}
		zero := bytes.IndexByte(s.text[:min(len(s.text), 8000)], 0)
		switch {
		case s.err != nil:
			d.Code, d.Message = NoWorkflows, "the file cannot be read: "+plainError(s.err)
		case len(s.text) > maxSource:
			d.Code = TooMuch
			d.Message = fmt.Sprintf("the file has %.1f MB, more than the %d MB a workflow file may have", float64(len(s.text))/(1<<20), maxSource>>20)
			d.Hint = "load large data at run time, inside of a step"
		case zero >= 0:
			d.Code, d.Line = LoadFailed, 1+bytes.Count(s.text[:zero], []byte("\n"))
			d.Column = zero - bytes.LastIndexByte(s.text[:zero], '\n')
			d.Message = "the file is not text: it contains a zero byte"
			d.Hint = "workflow files are UTF-8"
		default:
			good = append(good, file)
			continue
		}
		r.report.add(d)
		r.result.Files = append(r.result.Files, File{Path: file, Failed: true})
	}
	return good
}

// plainError drops the path from a file error: it stands in front already.
func plainError(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// finish encodes, compares and writes.
func (r *run) finish(lock *lockfile.File) error {
	text, err := lockfile.Encode(lock)
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	if len(text) > lockfile.MaxBytes {
		r.report.add(Diagnostic{
			Code: TooMuch, File: r.project.Rel(r.project.Lock),
			Message: fmt.Sprintf("the lock would have %d bytes, more than the %d anybody reads", len(text), lockfile.MaxBytes),
		})
		return nil
	}
	r.result.Lock, r.result.Text = lock, text
	old, readErr := os.ReadFile(r.project.Lock)
	r.result.Unchanged = readErr == nil && bytes.Equal(old, text)
	if !r.result.Unchanged {
		r.result.Drift = compare(old, readErr, lock)
	}
	if r.o.Check {
		r.reportDrift()
		return nil
	}
	if !r.result.Unchanged {
		if err := writeAtomic(r.project.Lock, text); err != nil {
			return err
		}
		r.result.Written = true
	}
	r.phase("write")
	return nil
}

// rel is for files below the kici directory when messages name commands.
func (r *run) kiciFlag() string {
	rel, err := filepath.Rel(r.o.Dir, r.project.KiciDir)
	if err != nil || rel == DefaultKiciDir || rel == "." {
		return ""
	}
	return " --kici-dir " + filepath.ToSlash(rel)
}
