package chaos

import "fmt"

// Kinds of nodes.
const (
	KindRelay        = "relay"
	KindOrchestrator = "orchestrator"
	KindAgent        = "agent"
	KindPostgres     = "postgres"
	KindClient       = "client"   // not a process: where deliveries are sent
	KindOperator     = "operator" // not a process, either: who asks how things are
)

// Topology is what runs and what it is connected by. It is data: everything that is
// drawn, broken and checked goes by kinds and wires, and what differs between
// services stands in kinds.
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
	SpeaksRelay    = "relay" // orchestrators, to relays
	SpeaksPeer     = "peer"  // relays, to each other
	SpeaksAdmin    = "admin" // http that nobody listens in on, and that is left alone
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

// Relayed is Shared behind relays on the same Postgres: clients reach nobody else.
func Relayed(relays, orchestrators, agents, slots int) Topology {
	t := Shared(orchestrators, agents, slots)
	t.Name = fmt.Sprintf("%d relays, %s", relays, t.Name)
	var all []string
	for i := range relays {
		name := fmt.Sprintf("relay-%d", i+1)
		all = append(all, name)
		t.Nodes = append(t.Nodes, Node{Name: name, Kind: KindRelay})
		t.Wires = append(t.Wires, Wire{name + ">postgres", name, []string{"postgres"}, SpeaksPostgres}, Wire{"relays>" + name, "relays", []string{name}, SpeaksPeer})
	}
	for i := range t.Wires {
		if t.Wires[i].Speaks == SpeaksHTTP {
			t.Wires[i] = Wire{"clients>relays", "clients", all, SpeaksHTTP}
		}
	}
	for _, o := range t.of(KindOrchestrator) {
		t.Wires = append(t.Wires, Wire{o + ">relays", o, all, SpeaksRelay})
	}
	t.Wires = append(t.Wires, Wire{"operator>relays", "relay-operator", all, SpeaksAdmin})
	return t
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
	t.Nodes = append(t.Nodes, Node{Name: "clients", Kind: KindClient}, Node{Name: "operator", Kind: KindOperator})
	t.Wires = append(t.Wires, Wire{"clients>orchestrators", "clients", orchestrators, SpeaksHTTP}, Wire{"operator>orchestrators", "operator", orchestrators, SpeaksAdmin})
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

// from is the name of the wire that leaves a node and speaks something.
func (t *Topology) from(node, speaks string) string {
	for i := range t.Wires {
		if t.Wires[i].From == node && t.Wires[i].Speaks == speaks {
			return t.Wires[i].Name
		}
	}
	return ""
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
