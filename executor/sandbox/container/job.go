package container

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/runner"
)

// contain runs a task in a container of its own.
func (r *Runner) contain(ctx context.Context, t executor.Task) *executor.Result {
	start := time.Now()
	b, img, err := r.prepare(ctx, t)
	if ctx.Err() != nil {
		if b != nil {
			err = b.remove(ctx)
		}
		return cancelled(start, context.Cause(ctx).Error(), err)
	}
	if err != nil {
		return failed(start, err)
	}
	result := runner.Once(ctx, translate(t, img, b.engine.user()), b.launch, greeting)
	if result.Status == executor.Failed {
		b.explain(ctx, t, img, result)
		reframe(result, t.Job.Source)
	}
	if r.config.KeepFailed && result.Status == executor.Failed {
		logLine(t, executor.Stderr, "the container is kept: %s", b.name)
		err = b.stop(ctx)
	} else {
		err = b.remove(ctx)
	}
	if err != nil {
		return failed(start, fmt.Errorf("container: remove %s: %w", b.name, err))
	}
	result.Duration = time.Since(start)
	return result
}

func cancelled(start time.Time, reason string, err error) *executor.Result {
	if err != nil && !strings.Contains(err.Error(), reason) {
		reason += "; " + err.Error()
	}
	return &executor.Result{Status: executor.Cancelled, Reason: reason, Duration: time.Since(start)}
}

// prepare does everything that comes before the container starts.
func (r *Runner) prepare(ctx context.Context, t executor.Task) (*box, *image, error) {
	if t.Job.Dir == "" {
		return nil, nil, fmt.Errorf("container: job %s has no folder", t.Job.Name)
	}
	// Podman would make a folder that does not exist.
	if _, err := os.Stat(t.Job.Dir); err != nil {
		return nil, nil, fmt.Errorf("container: the job's folder: %w", err)
	}
	e, err := r.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	img, err := e.image(ctx, t.Container.Image, func(format string, args ...any) {
		logLine(t, executor.Stdout, format, args...)
	})
	if err != nil {
		return nil, nil, err
	}
	bin, err := r.runnerFor(img.arch)
	if err != nil {
		return nil, nil, err
	}
	b, err := r.create(ctx, e, t, img, bin)
	return b, img, err
}

func logLine(t executor.Task, stream executor.Stream, format string, args ...any) {
	t.Host.Log(executor.PrepareRow, stream, fmt.Appendf(nil, format+"\n", args...))
}

// searchPath is where programs are when an image does not say so.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// machine is what a container's environment has to say in place of the
// machine's: the image's variables, and over them the container's own.
func machine(c *executor.Container, img *image, u user) map[string]string {
	out := map[string]string{"PATH": searchPath, "HOME": home + "/home"}
	if u.uid <= 0 {
		out["HOME"], out["USER"] = "/root", "root"
	}
	for _, kv := range img.env {
		k, v, _ := strings.Cut(kv, "=")
		// Run metadata must not be forged by an image.
		if k != "" && !strings.HasPrefix(k, "KICI_") {
			out[k] = v
		}
	}
	maps.Copy(out, c.Env)
	return out
}

// translate makes the task that the child in the container gets: its paths are
// the container's, and so is its machine. The variables of a container are not
// filtered as those of a machine are, because nobody's tokens are among them;
// so they travel with the variables that steps see anyway, below them.
func translate(t executor.Task, img *image, u user) executor.Task {
	job := *t.Job
	job.Variables = machine(t.Container, img, u)
	maps.Copy(job.Variables, t.Job.Variables)
	job.System = nil
	job.Dir = Workspace
	job.Source = Workspace
	if rel, err := filepath.Rel(t.Job.Dir, t.Job.Source); err == nil && filepath.IsLocal(rel) {
		job.Source = path.Join(Workspace, filepath.ToSlash(rel))
	}
	out := t
	out.Job = &job
	out.Host = &host{Host: t.Host, dir: t.Job.Dir}
	return out
}

// host translates paths back.
type host struct {
	executor.Host
	dir string
}

func (h *host) RestoreCache(ctx context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	dir, c, err := h.outside(dir, c)
	if err != nil {
		return executor.CacheHit{}, err
	}
	return h.Host.RestoreCache(ctx, dir, c)
}

func (h *host) SaveCache(ctx context.Context, dir string, c executor.Cache) error {
	dir, c, err := h.outside(dir, c)
	if err != nil {
		return err
	}
	return h.Host.SaveCache(ctx, dir, c)
}

// outside is a cache call in this machine's paths. Nothing but the workspace
// is on both sides.
func (h *host) outside(dir string, c executor.Cache) (string, executor.Cache, error) {
	rel, ok := inWorkspace(dir)
	if !ok {
		return "", c, fmt.Errorf("container: cache: %s is outside of the workspace", dir)
	}
	paths := make([]string, len(c.Paths))
	for i, p := range c.Paths {
		paths[i] = p
		if path.IsAbs(p) || strings.HasPrefix(p, "~") {
			in, ok := inWorkspace(p)
			if !ok {
				return "", c, fmt.Errorf("container: cache: %s is inside of the container and goes with it; cache paths below %s", p, Workspace)
			}
			paths[i] = filepath.Join(h.dir, filepath.FromSlash(in))
		}
	}
	c.Paths = paths
	return filepath.Join(h.dir, filepath.FromSlash(rel)), c, nil
}

func inWorkspace(p string) (rel string, ok bool) {
	rel, err := filepath.Rel(Workspace, path.Clean(p))
	return rel, err == nil && filepath.IsLocal(rel)
}

// explain says what only this room knows about a failure.
func (b *box) explain(ctx context.Context, t executor.Task, img *image, result *executor.Result) {
	var why string
	switch {
	case result.OutOfMemory || b.outOfMemory(ctx): // the latter when the child itself was ended
		result.OutOfMemory = true
		why = t.Resources.OutOfMemory()
	case b.lacks(ctx, "bash", machine(t.Container, img, b.engine.user())["PATH"]):
		why = fmt.Sprintf("image %q has no bash, which $ needs", t.Container.Image)
	default:
		return
	}
	result.Explain(why)
	logLine(t, executor.Stderr, "%s", why)
}

// maxSource is more than anybody writes by hand.
const maxSource = 4 << 20

// reframe shows the author's lines where the child could not: a job without a
// checkout has no sources in its folder.
func reframe(result *executor.Result, source string) {
	all := []*executor.Failure{result.Failure}
	for i := range result.Rows {
		all = append(all, result.Rows[i].Failure)
	}
	for _, f := range all {
		if f == nil || f.Frame != "" || source == "" || f.Line == 0 || !filepath.IsLocal(filepath.FromSlash(f.File)) {
			continue
		}
		name := filepath.Join(source, filepath.FromSlash(f.File))
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
			continue
		}
		if text, err := os.ReadFile(name); err == nil {
			f.Frame = strings.TrimRight(executor.CodeFrame(text, f.Line, f.Column), "\n")
		}
	}
}
