package plan

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// Node is a job or group and what it needs.
type Node struct {
	ID    string
	Needs []string
}

// What can be wrong with a graph, in the order it is looked for.
const (
	SelfDependency    = "self"
	MissingDependency = "missing"
	Cycle             = "cycle"
)

// GraphError is the first thing wrong with a graph.
type GraphError struct {
	Kind  string   // SelfDependency, MissingDependency or Cycle
	Node  string   // who needs itself, or something that does not exist
	Need  string   // what does not exist
	Nodes []string // of a cycle, in node order
}

func (e *GraphError) Error() string {
	switch e.Kind {
	case SelfDependency:
		return fmt.Sprintf("plan: %q needs itself", e.Node)
	case MissingDependency:
		return fmt.Sprintf("plan: %q needs %q, which does not exist", e.Node, e.Need)
	}
	return "plan: dependency cycle: " + strings.Join(e.Nodes, " -> ")
}

// Order sorts the nodes so that everything comes after what it needs, keeping
// the given order otherwise. The error is a *GraphError.
func Order(nodes []Node) ([]string, error) {
	known := make(map[string]int, len(nodes))
	for i, n := range nodes {
		known[n.ID] = i
	}
	for _, n := range nodes {
		for _, need := range n.Needs {
			if need == n.ID {
				return nil, &GraphError{Kind: SelfDependency, Node: n.ID}
			}
		}
	}
	open := make([]int, len(nodes)) // needs not yet placed
	dependents := make([][]int, len(nodes))
	for i, n := range nodes {
		for _, need := range n.Needs {
			up, ok := known[need]
			if !ok {
				return nil, &GraphError{Kind: MissingDependency, Node: n.ID, Need: need}
			}
			dependents[up] = append(dependents[up], i)
			open[i]++
		}
	}
	var queue []int
	for i := range nodes {
		if open[i] == 0 {
			queue = append(queue, i)
		}
	}
	order := make([]string, 0, len(nodes))
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		order = append(order, nodes[i].ID)
		for _, d := range dependents[i] {
			if open[d]--; open[d] == 0 {
				queue = append(queue, d)
			}
		}
	}
	if len(order) == len(nodes) {
		return order, nil
	}
	cycle := &GraphError{Kind: Cycle}
	for i, n := range nodes {
		if open[i] > 0 {
			cycle.Nodes = append(cycle.Nodes, n.ID)
		}
	}
	return nil, cycle
}

// GroupNode is how a group of generated jobs appears in a graph.
func GroupNode(group string) string { return "__group:" + group }

// Nodes is the graph of a workflow as the compiler sees it: static jobs, and a
// node for each group that has a generator. Jobs that generators will make are
// not known, so nothing may need them but through their group.
func Nodes(w *lockfile.Workflow) []Node {
	var nodes []Node
	groups := map[string]int{}
	for _, j := range w.Jobs {
		if s := j.Static; s != nil {
			nodes = append(nodes, Node{s.Name, needIDs(s.Needs)})
		}
		if d := j.Dynamic; d != nil && d.Group != "" {
			at, seen := groups[d.Group]
			if !seen { // two generators may fill one group
				at = len(nodes)
				groups[d.Group] = at
				nodes = append(nodes, Node{ID: GroupNode(d.Group)})
			}
			nodes[at].Needs = append(nodes[at].Needs, needIDs(d.Needs)...)
		}
	}
	return nodes
}

func needIDs(needs []lockfile.Need) []string {
	var ids []string
	for _, n := range needs {
		if n.Group != "" {
			ids = append(ids, GroupNode(n.Group))
		} else {
			ids = append(ids, n.Job)
		}
	}
	return ids
}

// Check tells whether the needs of a workflow make sense. The error is a
// *GraphError.
func Check(w *lockfile.Workflow) error {
	_, err := Order(Nodes(w))
	return err
}
