package dev

import (
	"context"
	"errors"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
)

// follower reads one run out of the store, while it goes on or afterwards, and
// tells it in the events of a local run. Events and lines have no common order
// in the store, but a step's lines are committed before its end is: so lines are
// fetched whenever a step ends, and whatever is there while steps run.
type follower struct {
	rooms   *orchestrator.Rooms
	observe local.Observer
	run     engine.RunID

	seq      int64 // of the last event that was told
	listener store.Listener
	topics   []string // it listens to, beside the runs
	planned  bool     // the jobs are known and were told
	created  bool     // some are
	jobs     map[engine.JobID]*branch
	result   local.WorkflowResult
}

// page is how many events are read at once.
const page = 500

// follow tells a run from its beginning to its end. The error is of the store,
// or the cause of ctx's end.
func follow(ctx context.Context, rooms *orchestrator.Rooms, run engine.RunID, observe local.Observer) (local.WorkflowResult, error) {
	f := &follower{rooms: rooms, observe: observe, run: run, jobs: map[engine.JobID]*branch{}}
	f.listener = rooms.Store.Listen(store.TopicRuns)
	defer func() { f.listener.Close() }()
	for {
		over, more, err := f.look(ctx)
		if err != nil || over {
			return f.result, err
		}
		if f.listen() || more {
			continue
		}
		if _, err := f.listener.Wait(ctx); err != nil {
			return f.result, err
		}
	}
}

// look tells what has happened since.
func (f *follower) look(ctx context.Context) (over, more bool, err error) {
	var events []engine.Event
	err = f.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		events, err = tx.Events().After(ctx, f.run, f.seq, page)
		return err
	})
	if err != nil {
		return false, false, err
	}
	for i := range events {
		e := &events[i]
		f.seq = e.Seq
		if err := f.apply(ctx, e); err != nil {
			return false, false, err
		}
		if e.Kind == runs.KindRunFinished {
			return true, false, f.settle(ctx, e)
		}
	}
	for _, b := range f.jobs {
		if err := f.lines(ctx, b, b.open()); err != nil {
			return false, false, err
		}
	}
	return false, len(events) == page, nil
}

// listen follows the logs of the jobs that run now. It reports whether that
// changed what is listened to: something may have been said in between.
func (f *follower) listen() bool {
	var topics []string
	for _, b := range f.jobs {
		if b.running {
			topics = append(topics, logs.Topic(b.attempt))
		}
	}
	slices.Sort(topics)
	if slices.Equal(topics, f.topics) {
		return false
	}
	old := f.listener
	f.listener, f.topics = f.rooms.Store.Listen(append([]string{store.TopicRuns}, topics...)...), topics
	old.Close()
	return true
}

// mostLines bounds what is told at once of a job that floods.
const mostLines = 64 << 10

// lines tells what rows of a job have printed since.
func (f *follower) lines(ctx context.Context, b *branch, rows []int) error {
	if b.attempt == "" {
		return nil
	}
	reader := f.rooms.Logs
	for _, row := range rows {
		var text []byte
		say := func() {
			if len(text) > 0 {
				f.observe(local.Output{Workflow: f.result.Name, Job: b.name, Row: row, Stream: stdout, Data: text})
			}
			text = text[:0]
		}
		for line, err := range reader.Read(ctx, logs.Query{Attempt: b.attempt, Steps: []int{row}, From: b.told[row]}) {
			if errors.Is(err, engine.ErrNotFound) { // retention was faster
				break
			}
			if err != nil {
				return err
			}
			b.told[row]++
			text = append(append(text, line.Text...), '\n')
			if len(text) >= mostLines {
				say()
			}
		}
		say()
	}
	return nil
}
