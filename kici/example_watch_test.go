package kici_test

import (
	"fmt"
	"strings"
)

// Watch gives what has happened to a run and then what happens, until it is over.
// The data of an update is JSON; engine/runs has its types.
func ExampleOrchestrator_Watch() {
	house := startHouse(exampleWorkflow)
	defer house.stop()

	delivery, err := house.orch.Trigger(house.ctx, "shop", "push", "main")
	must(err)
	runs, err := house.orch.Runs(house.ctx, delivery)
	must(err)
	for update, err := range house.orch.Watch(house.ctx, runs[0].ID) {
		must(err)
		if !strings.HasPrefix(update.Kind, "step.") {
			fmt.Println(update.Kind)
		}
	}
	// Output:
	// run.created
	// job.created
	// job.queued
	// job.started
	// run.started
	// job.finished
	// run.finished
}
