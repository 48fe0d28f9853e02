// Package container runs jobs in containers, through the API that Docker
// Engine and Podman share.
//
// It is an [executor.Runner] in front of another one: a task that names an
// image runs in a container of that image, every other task goes to the next
// runner. A caller needs a few lines:
//
//	pool := runner.NewPool(runner.Command{Environ: environ})
//	jobs := container.New(container.Config{Next: pool, Environ: environ})
//	defer jobs.Close()
//	result := jobs.Run(ctx, executor.Task{
//		Job: job, Host: host, Force: force,
//		Container: &executor.Container{Image: "golang:1.26"},
//		Resources: resources, // executor.ParseResources of the lock's value
//	})
//
// A task flows like this. The engine is found ([NoEngineError] names every
// place that was tried), the image is pulled when it is missing, with lines in
// the job's log and the login that Docker's or Podman's own command keeps on this
// machine for its registry, and a container is made that runs nothing of the image's own:
// its one program is a static Linux kici, copied in through the engine's
// archive API, started as a child that speaks executor/runner's frames over
// the container's standard streams. So a step in a container is run by the
// same code as a step outside, and only this room knows the difference. The
// job's folder is mounted at [Workspace]; the user is the one of this process,
// so that files stay the author's. The image's variables and the container's
// own take the place of the machine's. A tmpfs holds what the child writes for
// itself, mounted secrets above all. Whatever way the job ends, the container
// is killed and removed; one whose owner was itself killed ends by the end of
// its input, and the next Runner on the machine sweeps it away by its labels.
//
// An image needs bash, because that is what $ runs, and a /tmp; nothing else,
// neither Node nor git nor kici. The engine must see the same file system as
// this process: a remote one cannot mount the job's folder. Caches of a job in
// a container may name paths in the workspace only, because the home folder is
// the container's and goes with it.
//
// House.md plans this room as one of several below executor/sandbox, beside
// firecracker and kubernetes; that is why it lives here and not in
// executor/container. What these rooms have in common is the port
// runner.Launcher: a place is a way to start a child. The room decides neither
// which job wants a container nor what an image is called by default, and does
// not touch what a step does.
package container
