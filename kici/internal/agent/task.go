package agent

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/link/sealed"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// task turns the assignment into what a runner takes, as a local run does.
func (p *performance) task() (executor.Task, error) {
	as, c := &p.job.a, &p.agent.config
	spec, in := &as.Spec, &as.Input
	job := &executor.Job{
		Kind: spec.Kind, Run: as.Run, Workflow: spec.Workflow, Name: spec.Name, Base: spec.Base,
		Origin:  executor.Origin{Export: spec.Source.Export, Generated: spec.Generated, Index: spec.Index, Siblings: spec.Siblings},
		Program: p.program, Event: in.Event, ChangedFiles: in.ChangedFiles, Provider: in.Provider, TestRun: in.TestRun,
		Dir: p.project, Source: p.tree, System: c.Environ,
		Meta:      map[string]string{"KICI_RUN_ID": as.Run, "KICI_WORKFLOW_NAME": spec.Workflow, "KICI_JOB_NAME": spec.Name},
		Variables: in.Variables, Secrets: secrets(as.Secrets), Needs: spec.Needs, Upstream: in.Upstream,
		Limits: c.Limits, Debug: in.Debug, Prepare: spec.Prepare, Outcome: spec.Outcome,
	}
	if len(spec.Matrix) > 0 {
		job.Matrix, _ = json.Marshal(spec.Matrix) // a map of strings always encodes
	}
	t := executor.Task{Job: job, Host: p.host, Force: p.job.force}
	lock := spec.Lock
	if lock == nil {
		return t, nil
	}
	var err error
	if t.Resources, err = executor.ParseResources(lock.Resources); err != nil {
		return t, &authorError{err.Error()}
	}
	if lock.Container != nil {
		t.Container = &executor.Container{Image: lock.Container.Image, Env: maps.Collect(lock.Container.Env.All())}
	}
	if lock.Checkout != nil && !*lock.Checkout {
		job.Dir, err = p.emptyDir()
	}
	return t, err
}

// finish masks a result and turns it into what travels.
func (p *performance) finish(raw *executor.Result) Finish {
	f := Finish{At: p.agent.config.Now()}
	if err := p.seal(raw, &f); err != nil && raw.Status == executor.Success {
		raw.Status, raw.Reason, raw.Failure = executor.Failed, err.Error(), executor.Broken(err.Error())
	}
	r := p.host.Result(*raw)
	f.Result = jobspec.Result{
		Status: r.Status, Reason: r.Reason, Rules: r.Rules, Outputs: p.host.JSON(r.Outputs),
		Environment: r.Environment, SecretsRead: r.SecretsRead, Prepared: r.Prepared,
	}
	if r.Failure != nil {
		f.Result.Failure, _ = json.Marshal(r.Failure) // strings and numbers always encode
		f.Result.Infrastructure = r.Failure.Kind == executor.Infrastructure
	}
	if row := r.FailedRow(); row != nil {
		f.Result.FailedStep = row.Name
	}
	return f
}

// seal encrypts the secret outputs for whoever holds the run's key.
func (p *performance) seal(raw *executor.Result, f *Finish) error {
	if len(raw.Secrets) == 0 {
		return nil
	}
	f.Secrets = map[string]sealed.Value{}
	for _, s := range raw.Secrets {
		v, err := sealed.Seal(p.job.a.RunPublicKey, s.Key, s.Value)
		if err != nil {
			return err
		}
		f.Secrets[s.Key] = v
	}
	return nil
}

// lookup finds a variable in KEY=VALUE entries.
func lookup(environ []string, key string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(environ[i], "="); k == key {
			return v
		}
	}
	return ""
}
