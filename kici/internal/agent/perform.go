package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/checkout"
	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/executor/report"
)

// performance is one job on its way through the stages.
type performance struct {
	agent   *Agent
	job     *job
	runner  executor.Runner
	reports context.Context // under which reports are made

	out     *outbox
	lines   *lines
	host    *host
	folder  string // of the attempt: tree, and more
	tree    string // the work tree
	project string // the directory in it that holds .kici
	program *executor.Program
}

// run is the whole life of a job. Its slot is free before its end is reported:
// whoever hears of the end may send the next one at once.
func (p *performance) run() {
	a, j := p.agent, p.job
	limit := j.a.LogCap
	if limit <= 0 {
		limit = a.config.LogCap
	}
	p.lines = newLines(p.out, limit)
	masks := mask.NewSet(p.hidden()...)
	p.host = &host{Sink: report.New(masks, told{p}), p: p, masks: masks}
	reported := make(chan struct{})
	a.work.Go(func() {
		defer close(reported)
		p.out.run(p.reports)
	})

	log := a.config.Log.With("delivery", j.a.TraceID, "run", j.a.Run, "job", j.a.Job, "attempt", j.a.Attempt, "name", j.a.Spec.Name)
	log.Info("agent: job started")
	p.out.call(j.rep.Accepted)
	began := a.config.Now()
	p.out.call(func(ctx context.Context) error { return j.rep.Started(ctx, began) })
	p.setupRow(true, nil)
	result := p.perform(j.ctx)
	p.host.Flush()
	p.lines.flush(p.reports)
	p.setupRow(false, result)
	finish := p.finish(result)
	log.Info("agent: job ended", "status", finish.Result.Status, "reason", finish.Result.Reason, "took", a.config.Now().Sub(began))
	a.free(j)
	p.out.call(func(ctx context.Context) error { return j.rep.Finished(ctx, finish) })
	p.out.close()
	if p.folder != "" {
		if err := checkout.RemoveAll(p.folder); err != nil {
			a.config.Log.Error("agent: the folder of a job cannot be removed", "attempt", j.a.Attempt, "err", err)
		}
	}
	<-reported
	a.forget(j)
}

// hidden are the values that must not leave this machine.
func (p *performance) hidden() []string {
	as := &p.job.a
	var values []string
	for _, s := range as.Secrets {
		values = append(values, s.Value)
	}
	for _, v := range as.InstallSecrets {
		values = append(values, v)
	}
	for _, r := range as.Registries {
		values = append(values, r.Token)
	}
	if as.Source.Auth != nil {
		values = append(values, as.Source.Auth.Secret)
	}
	if token := p.agent.config.GitHubToken; token != "" {
		values = append(values, token)
	}
	return values
}

// perform takes the job through its stages. Whatever goes wrong becomes its
// result.
func (p *performance) perform(ctx context.Context) *executor.Result {
	began := p.agent.config.Now()
	result, err := p.stages(ctx)
	if err != nil {
		result = failed(ctx, err)
	}
	result.Duration = p.agent.config.Now().Sub(began)
	select {
	case <-p.job.force:
		if result.Status == executor.Cancelled && ctx.Err() != nil {
			result.Reason = fmt.Sprintf("%v (by force)", context.Cause(ctx))
		}
	default:
	}
	return result
}

func (p *performance) stages(ctx context.Context) (*executor.Result, error) {
	if err := p.checkout(ctx); err != nil {
		return nil, err
	}
	if err := checkDrift(p.tree, &p.job.a.Spec); err != nil {
		return nil, err
	}
	if err := p.bundle(ctx); err != nil {
		return nil, err
	}
	task, err := p.task()
	if err != nil {
		return nil, err
	}
	p.tell(task)
	return p.runner.Run(ctx, task), nil
}

// checkout makes the work tree.
func (p *performance) checkout(ctx context.Context) (err error) {
	spec := &p.job.a.Spec
	// .kici/workflows/x.ts: the project is what holds .kici.
	file := path.Clean(spec.Source.File)
	if !filepath.IsLocal(filepath.FromSlash(file)) || path.Dir(path.Dir(file)) == "." {
		return &authorError{fmt.Sprintf("agent: the workflow's file %q is in no .kici/workflows of the repository", spec.Source.File)}
	}
	if p.folder, err = p.agent.folder(p.job.a.Attempt); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, defaultClone, fmt.Errorf("agent: the checkout took longer than %s", defaultClone))
	defer cancel()
	source := p.job.a.Source
	source.Standalone = p.contained()
	if token := p.agent.config.GitHubToken; source.Auth == nil && token != "" && strings.HasPrefix(source.URL, "https://github.com/") {
		source.Auth = &clone.Auth{Kind: clone.AuthBasic, Secret: token}
	}
	began := time.Now()
	tree, err := p.agent.trees.Create(ctx, source, filepath.Join(p.folder, "tree"))
	if err != nil {
		return err
	}
	p.tree = tree.Dir
	p.project = filepath.Join(tree.Dir, filepath.FromSlash(path.Dir(path.Dir(path.Dir(file)))))
	from := "objects were here"
	if tree.Fetched {
		from = "fetched"
	}
	p.say("checked out %s (%s, %s)", tree.SHA, from, time.Since(began).Round(time.Millisecond))
	return nil
}

// setupRow opens and ends the one row that a job has which evaluates instead of
// running steps: all its output belongs there.
func (p *performance) setupRow(running bool, r *executor.Result) {
	if p.job.a.Spec.Kind != executor.KindPrepare {
		return
	}
	u := StepUpdate{Row: executor.Row{Kind: executor.RowStep, Name: "setup"}, At: p.agent.config.Now(), Running: running}
	if r != nil {
		m := p.host.Result(*r)
		u.Status, u.Duration, u.Failure, u.Rules = m.Status, m.Duration, m.Failure, m.Rules
	}
	told{p}.step(u)
}

// contained tells whether the job runs in a container.
func (p *performance) contained() bool {
	spec := &p.job.a.Spec
	if spec.Lock != nil && spec.Lock.Container != nil {
		return true
	}
	return p.agent.config.Image != "" && spec.Kind == executor.KindJob
}

// say writes a line of our own into the job's prepare bucket.
func (p *performance) say(format string, args ...any) {
	p.host.Log(executor.PrepareRow, executor.Stdout, fmt.Appendf(nil, format+"\n", args...))
}

// tell says where the job runs.
func (p *performance) tell(t executor.Task) {
	c := Context{
		At: p.agent.config.Now(), Sandbox: "bare-metal", Runtime: string(p.program.Runtime),
		WorkingDir: t.Job.Dir, Ref: p.job.a.Source.Ref, SHA: p.job.a.Source.SHA,
	}
	if p.contained() {
		c.Sandbox = "container"
	}
	if p.program.Reason != "" {
		p.say("runs on Node: %s", p.program.Reason)
	}
	rep := p.job.rep
	p.out.call(func(ctx context.Context) error { return rep.Context(ctx, c) })
}

// emptyDir is where a job without a checkout works.
func (p *performance) emptyDir() (string, error) {
	dir := filepath.Join(p.folder, "empty")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("agent: %w", err)
	}
	return dir, nil
}

// authorError is a mistake of the repository's, not of this machine.
type authorError struct{ text string }

func (e *authorError) Error() string { return e.text }

// failed turns what went wrong around a job into its result.
func failed(ctx context.Context, err error) *executor.Result {
	if ctx.Err() != nil {
		return &executor.Result{Status: executor.Cancelled, Reason: context.Cause(ctx).Error()}
	}
	var f *executor.Failure
	if !errors.As(err, &f) {
		f = executor.Broken(err.Error())
	}
	if isAuthors(err) {
		f = &executor.Failure{Kind: executor.Thrown, Message: err.Error()}
	}
	return &executor.Result{Status: executor.Failed, Reason: f.Message, Failure: f}
}
