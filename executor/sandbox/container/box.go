package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/runner"
)

// stopping bounds what is asked of an engine at the end of a job, when the
// job's own context is of no use any more.
const stopping = 30 * time.Second

// user is who the steps are.
type user struct{ uid, gid int }

// user is the one of this process, as the container sees it.
func (e *engine) user() user {
	if e.option["rootless"] { // its root is the user who started the engine
		return user{}
	}
	return user{os.Getuid(), os.Getgid()}
}

func (u user) String() string {
	if u.uid < 0 { // Windows knows no numbers; the engine's machine maps files by itself
		return ""
	}
	return fmt.Sprintf("%d:%d", u.uid, u.gid)
}

// box is a container of ours.
type box struct {
	engine *engine
	id     string
	name   string
	pumps  sync.WaitGroup // goroutines of its processes
}

// create makes a container that has everything but is not started.
func (r *Runner) create(ctx context.Context, e *engine, t executor.Task, img *image, bin *binary) (*box, error) {
	spec, err := r.spec(e, t, img)
	if err != nil {
		return nil, err
	}
	made, err := e.api.ContainerCreate(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("container: create: %w", err)
	}
	b := &box{engine: e, id: made.ID, name: spec.Name}
	read, write := io.Pipe()
	b.pumps.Go(func() { write.CloseWithError(bin.archive(write, e.user())) })
	_, err = e.api.CopyToContainer(ctx, b.id, client.CopyToContainerOptions{DestinationPath: "/", Content: read})
	read.Close()
	b.pumps.Wait()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("container: copy the runner into it: %w", err), b.remove(ctx))
	}
	return b, nil
}

// spec describes the container of a job.
func (r *Runner) spec(e *engine, t executor.Task, img *image) (client.ContainerCreateOptions, error) {
	dir, err := filepath.Abs(t.Job.Dir)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	// Mounts and not Binds: those would make a folder that does not exist, as
	// root, and hide that the engine looks at another machine's files.
	mounts := []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: Workspace}}
	for _, m := range r.config.Mounts {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly})
	}
	yes := true
	host := &container.HostConfig{
		Mounts:      mounts,
		Tmpfs:       map[string]string{private: "rw,nosuid,nodev,size=64m,mode=1777"},
		NetworkMode: container.NetworkMode(r.config.Network),
		Init:        &yes, // reaps what steps leave behind
		// The streams carry frames; the engine's log of them would fill a disk.
		LogConfig: container.LogConfig{Type: "none"},
		Resources: e.resources(t.Resources),
	}
	if e.option["selinux"] { // relabelling the author's tree would be worse
		host.SecurityOpt = []string{"label=disable"}
	}
	if e.option["userns"] { // with shifted ids the tree would not stay the author's
		host.UsernsMode = "host"
	}
	return client.ContainerCreateOptions{
		Name: "kici-sandbox-" + safeName(t.Job.Name) + "-" + fmt.Sprint(time.Now().UnixNano()),
		Config: &container.Config{
			Image: t.Container.Image, User: e.user().String(), WorkingDir: Workspace,
			Entrypoint: []string{home + "/kici"}, Cmd: []string{runner.ChildArg},
			Env:       childEnv(t.Container.Env),
			OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
			Labels: labels(t.Job, r.config.KeepFailed),
		},
		HostConfig: host,
	}, nil
}

// childEnv is the environment of the child itself: its temporary files hold
// mounted secrets. Steps get another one, see translate.
func childEnv(own map[string]string) []string {
	var out []string
	for k, v := range own {
		if k != "TMPDIR" {
			out = append(out, k+"="+v)
		}
	}
	slices.Sort(out)
	return append(out, "TMPDIR="+private, runner.DepthName+"=1")
}

// resources are the engine's words for what a job asked for. Requests steer
// who gets more when there is not enough; limits are enforced by the kernel.
func (e *engine) resources(r *executor.Resources) container.Resources {
	if r == nil {
		return container.Resources{}
	}
	cpus := r.Limits.CPUs
	if e.cpus > 0 && cpus > float64(e.cpus) { // an engine refuses what a machine does not have
		cpus = 0
	}
	out := container.Resources{
		Memory: r.Limits.Memory, MemorySwap: r.Limits.Memory, // equal: no swap besides
		NanoCPUs: int64(cpus * 1e9), CPUShares: int64(r.Requests.CPUs * 1024),
	}
	if r.Requests.Memory < r.Limits.Memory || r.Limits.Memory == 0 {
		out.MemoryReservation = r.Requests.Memory
	}
	return out
}

// safeName makes a job's name one that engines accept.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 64)]
}

// launch starts the container's program. It is a runner.Launcher.
func (b *box) launch(ctx context.Context, stderr io.Writer) (runner.Process, error) {
	// The stream outlives ctx, which ends the starting only.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := b.engine.api.ContainerAttach(run, b.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		stop()
		return nil, fmt.Errorf("container: attach: %w", err)
	}
	if _, err := b.engine.api.ContainerStart(ctx, b.id, client.ContainerStartOptions{}); err != nil {
		stream.Close()
		stop()
		return nil, fmt.Errorf("container: start: %w", err)
	}
	out, demuxed := io.Pipe()
	p := &process{box: b, stream: stream.HijackedResponse, out: out, done: make(chan struct{})}
	b.pumps.Go(func() {
		// A reader that does not read blocks this, then the engine, then the child.
		_, err := stdcopy.StdCopy(demuxed, stderr, stream.Reader)
		demuxed.CloseWithError(err)
		stream.Close()
	})
	b.pumps.Go(func() {
		defer stop()
		defer close(p.done)
		p.err = b.wait(run)
	})
	return p, nil
}

// process is the child in a container.
type process struct {
	box    *box
	stream client.HijackedResponse
	out    *io.PipeReader
	done   chan struct{}
	err    error // read after done
}

var _ runner.Process = (*process)(nil)

func (p *process) Stdin() io.WriteCloser { return stdin{p.stream} }
func (p *process) Stdout() io.ReadCloser { return p.out }
func (p *process) Done() <-chan struct{} { return p.done }
func (p *process) Err() error            { return p.err }

// Kill implements runner.Process. Removing the container kills what a kill
// could not.
func (p *process) Kill() {
	ctx, stop := context.WithTimeout(context.Background(), stopping)
	defer stop()
	_, _ = p.box.engine.api.ContainerKill(ctx, p.box.id, client.ContainerKillOptions{Signal: "SIGKILL"})
}

// stdin is one direction of the stream.
type stdin struct{ stream client.HijackedResponse }

func (s stdin) Write(p []byte) (int, error) { return s.stream.Conn.Write(p) }
func (s stdin) Close() error                { return s.stream.CloseWrite() }

// wait returns when the container has stopped, with how.
func (b *box) wait(ctx context.Context) error {
	w := b.engine.api.ContainerWait(ctx, b.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case end := <-w.Result:
		if end.Error != nil && end.Error.Message != "" {
			return errors.New(end.Error.Message)
		}
		if end.StatusCode != 0 {
			return fmt.Errorf("exit status %d", end.StatusCode)
		}
		return nil
	case err := <-w.Error:
		return fmt.Errorf("the engine lost it: %w", err)
	}
}

// outOfMemory tells whether the kernel has ended a process of the container.
func (b *box) outOfMemory(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer stop()
	got, err := b.engine.api.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{})
	return err == nil && got.Container.State != nil && got.Container.State.OOMKilled
}

// lacks tells whether a program is in none of the folders of a PATH.
func (b *box) lacks(ctx context.Context, program, path string) bool {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer stop()
	for dir := range strings.SplitSeq(path, ":") {
		_, err := b.engine.api.ContainerStatPath(ctx, b.id, client.ContainerStatPathOptions{Path: dir + "/" + program})
		if !errdefs.IsNotFound(err) {
			return false // it is there, or we cannot tell
		}
	}
	return true
}

// stop ends a container that is to be kept.
func (b *box) stop(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer stop()
	_, err := b.engine.api.ContainerKill(ctx, b.id, client.ContainerKillOptions{Signal: "SIGKILL"})
	if errdefs.IsConflict(err) || errdefs.IsNotFound(err) { // it has stopped by itself
		err = nil
	}
	b.pumps.Wait()
	return err
}

// remove kills and removes the container, and waits for what served it.
func (b *box) remove(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer stop()
	err := b.engine.removeContainer(ctx, b.id)
	b.pumps.Wait()
	return err
}

func (e *engine) removeContainer(ctx context.Context, id string) error {
	_, err := e.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
		return nil
	}
	return err
}
