// Package series names what agents measure, for both who have to know: the agent
// that counts (kici/internal/agentmeter) and the orchestrator that shows what its
// agents have counted (kici/internal/observe).
//
// An agent tells its orchestrator every half minute, and the orchestrator's page
// shows each series once more with the agent's name. A registry wants one help text
// and one kind for a name, wherever it is from; so they stand here, and what an agent
// tells that does not stand here is left out.
//
// The room holds names and texts. It counts nothing and knows no registry.
package series
