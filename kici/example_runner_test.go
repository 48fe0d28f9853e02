package kici_test

import (
	"context"
	"fmt"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici"
)

// paper is a sandbox in which nothing runs: it says what it would do.
type paper struct{}

func (paper) Run(_ context.Context, t executor.Task) *executor.Result {
	fmt.Println("would run", t.Job.Workflow, t.Job.Name)
	return &executor.Result{Status: executor.Success}
}

// A sandbox is an executor.Runner: it gets a job, and says what became of it.
func ExampleWithRunner() {
	house := startHouse(exampleWorkflow, kici.WithRunner(paper{}))
	defer house.stop()

	delivery, err := house.orch.Trigger(house.ctx, "shop", "push", "main")
	must(err)
	runs, err := house.orch.Runs(house.ctx, delivery)
	must(err)
	run, err := house.orch.Wait(house.ctx, runs[0].ID)
	must(err)
	fmt.Println(run.Status)
	// Output:
	// would run ci test
	// success
}
