package chaos

import "fmt"

// Kinds of nodes.
const (
	KindOrchestrator = "orchestrator"
	KindAgent        = "agent"
	KindPostgres     = "postgres"
	KindClient       = "client" // not a process: where deliveries are sent
)

// Topology is what runs and what it is connected by. It is data: a further tier
// is more nodes, more wires, and a row in [kinds].
type Topology struct {
	Name  string
	Nodes []Node
	Wires []Wire
}

// Node is a service.
type Node struct {
	Name  string
	Kind  string
	Slots int // of an agent
}

// Wire is a link from one node to others, of which any will do.
type Wire struct {
	Name   string // "agent-1>orchestrators"
	From   string
	To     []string
	Speaks string // SpeaksPostgres, SpeaksSocket, SpeaksHTTP
}

// What is spoken over a wire, for those who listen in.
const (
	SpeaksPostgres = "postgres"
	SpeaksSocket   = "websocket"
	SpeaksHTTP     = "http"
)

// Shared is several orchestrators on one Postgres, with agents that come in by
// any of them.
func Shared(orchestrators, agents, slots int) Topology {
	t := Topology{Name: fmt.Sprintf("postgres, %d orchestrators, %d agents", orchestrators, agents)}
	t.Nodes = append(t.Nodes, Node{Name: "postgres", Kind: KindPostgres})
	var all []string
	for i := range orchestrators {
		name := fmt.Sprintf("orchestrator-%d", i+1)
		all = append(all, name)
		t.Nodes = append(t.Nodes, Node{Name: name, Kind: KindOrchestrator})
		t.Wires = append(t.Wires, Wire{name + ">postgres", name, []string{"postgres"}, SpeaksPostgres})
	}
	return t.withAgents(all, agents, slots)
}

// Embedded is one orchestrator on SQLite.
func Embedded(agents, slots int) Topology {
	t := Topology{Name: fmt.Sprintf("sqlite, 1 orchestrator, %d agents", agents)}
	t.Nodes = append(t.Nodes, Node{Name: "orchestrator-1", Kind: KindOrchestrator})
	return t.withAgents([]string{"orchestrator-1"}, agents, slots)
}

func (t Topology) withAgents(orchestrators []string, agents, slots int) Topology {
	for i := range agents {
		name := fmt.Sprintf("agent-%d", i+1)
		t.Nodes = append(t.Nodes, Node{Name: name, Kind: KindAgent, Slots: slots})
		t.Wires = append(t.Wires, Wire{name + ">orchestrators", name, orchestrators, SpeaksSocket})
	}
	t.Nodes = append(t.Nodes, Node{Name: "clients", Kind: KindClient})
	t.Wires = append(t.Wires, Wire{"clients>orchestrators", "clients", orchestrators, SpeaksHTTP})
	return t
}

// of lists the names of a kind.
func (t *Topology) of(kind string) []string {
	var out []string
	for i := range t.Nodes {
		if t.Nodes[i].Kind == kind {
			out = append(out, t.Nodes[i].Name)
		}
	}
	return out
}

// wires lists the names of those that speak something.
func (t *Topology) wires(speaks string) []string {
	var out []string
	for i := range t.Wires {
		if t.Wires[i].Speaks == speaks {
			out = append(out, t.Wires[i].Name)
		}
	}
	return out
}
