package runner

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cgroup"
)

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	g, err := cgroup.New("kici-test-probe", cgroup.Limits{Memory: 1 << 30})
	if errors.Is(err, cgroup.ErrUnavailable) {
		t.Skipf("NOT TESTED: %v", err)
	}
	if err := errors.Join(err, g.Close()); err != nil {
		t.Fatal(err)
	}
	tk := task("hog", &recorder{})
	tk.Resources = &executor.Resources{Limits: executor.Amount{Memory: 128 << 20}}
	res := open(t).Run(context.Background(), tk)
	if res.Status != executor.Failed || !res.OutOfMemory || !strings.Contains(res.Failure.Message, "128 MiB (resources.limits.memory)") {
		t.Errorf("%+v %+v", res, res.Failure)
	}
}

// Limits that the job keeps change nothing.
func TestLimitsAreNotFelt(t *testing.T) {
	t.Parallel()
	tk := task("plain", &recorder{})
	tk.Resources = &executor.Resources{Limits: executor.Amount{Memory: 4 << 30, CPUs: 2}}
	if res := open(t).Run(context.Background(), tk); res.Status != executor.Success || res.OutOfMemory {
		t.Errorf("%+v", res)
	}
}

func TestOnceReportsWhatCannotStart(t *testing.T) {
	t.Parallel()
	res := Once(context.Background(), task("plain", &recorder{}), Command{Args: []string{"/no/such/program"}, Environ: os.Environ()}.launch, 0)
	if res.Status != executor.Failed || !strings.Contains(res.Reason, "/no/such/program") {
		t.Errorf("%+v", res)
	}
}
