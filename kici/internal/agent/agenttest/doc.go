// Package agenttest makes repositories for tests of agents: real ones, with
// compiled workflows and commits, in a folder of the test's own. A test names the
// files, asks for the spec of a job as an orchestrator would plan it, and dispatches
// that; what becomes of it is the test's business. Flow and Job write the plain
// workflows that most tests need. Nothing of it is for production, and nothing
// here knows an agent, so that the agent's own tests can use it.
package agenttest
