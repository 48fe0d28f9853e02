package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// resolve puts what the author's code said into the shapes of the plan.
func resolve(w *lockfile.Workflow, p *executor.Prepared) (plan.Resolved, error) {
	out := plan.Resolved{Matrices: map[string]*lockfile.Matrix{}, Generated: map[int][]lockfile.StaticJob{}}
	for i, raw := range p.Matrices {
		m, err := matrixOf(raw)
		if err != nil {
			return out, err
		}
		out.Matrices[w.Jobs[i].Static.Name] = m
	}
	for i, jobs := range p.Generators {
		made := make([]lockfile.StaticJob, 0, len(jobs))
		for _, g := range jobs {
			j, err := staticOf(g)
			if err != nil {
				return out, fmt.Errorf("generated job %q: %w", g.Name, err)
			}
			made = append(made, j)
		}
		out.Generated[i] = made
	}
	return out, nil
}

// matrixOf reads what a matrix function returned: a list or lists by name.
func matrixOf(raw json.RawMessage) (*lockfile.Matrix, error) {
	m := &lockfile.Matrix{Type: lockfile.MatrixStatic}
	var err error
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		err = json.Unmarshal(raw, &m.Values)
	} else {
		err = json.Unmarshal(raw, &m.Dimensions)
	}
	return m, err
}

func staticOf(g executor.Generated) (lockfile.StaticJob, error) {
	j := lockfile.StaticJob{Type: "static", Name: g.Name, RunsOn: lockfile.Labels{g.RunsOn}, Checkout: g.Checkout}
	for _, n := range g.Needs {
		j.Needs = append(j.Needs, lockfile.Need{Job: n.Job, Group: n.Group, IfFailed: n.IfFailed})
	}
	j.Include, j.Exclude = g.Include, g.Exclude
	if len(g.Matrix) == 0 || string(g.Matrix) == "null" {
		return j, nil
	}
	m, err := matrixOf(g.Matrix)
	j.Matrix = m
	return j, err
}

func tempDir() string { return os.TempDir() }

func userID() string { return strconv.Itoa(os.Getuid()) }
