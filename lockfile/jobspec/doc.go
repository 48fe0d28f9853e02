// Package jobspec is a job as it travels: what an orchestrator writes when it
// plans a run, what an agent reads when it is given a job, and what comes back.
//
// A Spec is stored with every job and sent inside a dispatch, together with an
// Input, which is only known at that moment (the event, the outputs of the jobs
// before, secrets). An agent turns both into an executor.Job and answers with a
// Result. The prepare phase asks an author's code for what a plan still needs
// (Prepare) and gets it back (Prepared); both local runs and the orchestrator
// put that into the plan with the functions here, which keeps them the same.
//
// All of it is data and functions of their arguments. Building the graph is
// lockfile/plan, deciding when a job starts engine/needs, running it
// executor/step; the frames on the wire are transport/message.
package jobspec
