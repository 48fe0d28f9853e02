package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/kici-dev/kici-go/executor"
)

// Labels of our containers.
const (
	labelSandbox = "kici-sandbox"
	labelJob     = "kici-job-id"
	labelRun     = "kici-run-id"
	labelOwner   = "kici-owner" // the process that removes it
	labelKeep    = "kici-keep-failed"
)

func labels(job *executor.Job, keep bool) map[string]string {
	out := map[string]string{labelSandbox: "true", labelJob: job.Name, labelRun: job.Run, labelOwner: owner(os.Getpid())}
	if keep {
		out[labelKeep] = "true"
	}
	return out
}

// forgotten is how long a container without a known owner may be stopped. It
// may be another machine's, whose engine we share.
const forgotten = time.Hour

// Sweep removes what an owner that was killed has left in the engine. Finding one
// does as much, so this is for who knows that something was left and may not need
// an engine soon. Where no engine answers nothing can be left.
func (r *Runner) Sweep(ctx context.Context) error {
	_, err := r.connect(ctx)
	var none *NoEngineError
	if errors.As(err, &none) {
		return nil
	}
	return err
}

// sweep removes the containers whose owner has died. They have ended by
// themselves, by the end of their input, unless their child hangs.
func (e *engine) sweep(ctx context.Context) error {
	list, err := e.api.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", labelSandbox+"=true"),
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range list.Items {
		if orphan(c, time.Now()) {
			errs = append(errs, e.removeContainer(ctx, c.ID))
		}
	}
	return errors.Join(errs...)
}

func orphan(c container.Summary, now time.Time) bool {
	running := c.State == container.StateRunning || c.State == container.StatePaused || c.State == container.StateRestarting
	if c.Labels[labelKeep] != "" && !running { // somebody wants to look into it
		return false
	}
	switch ownerState(c.Labels[labelOwner]) {
	case ownerDead:
		return true
	case ownerAlive:
		return false
	}
	return !running && now.Sub(time.Unix(c.Created, 0)) > forgotten
}

type ownership int

const (
	ownerUnknown ownership = iota
	ownerAlive
	ownerDead
)

// owner names a process so that it cannot be mistaken for a later one with the
// same number: boot, process namespace, number, time of its start. Where /proc
// does not say so the owner is unknown.
func owner(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	born, err := startTime(pid)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s/%s/%d/%s", strings.TrimSpace(string(boot)), space, pid, born)
}

func ownerState(label string) ownership {
	parts := strings.Split(label, "/")
	us := strings.Split(owner(os.Getpid()), "/")
	if len(parts) != 4 || len(us) != 4 || parts[0] != us[0] || parts[1] != us[1] {
		return ownerUnknown
	}
	pid, err := strconv.Atoi(parts[2])
	if err != nil {
		return ownerUnknown
	}
	if born, err := startTime(pid); err == nil && born == parts[3] {
		return ownerAlive
	}
	return ownerDead
}

// startTime is field 22 of /proc/PID/stat; the second field is a name that may
// hold anything, so fields count from its end.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return "", errors.New("container: /proc is not readable")
	}
	return fields[19], nil
}
