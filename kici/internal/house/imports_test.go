package house

import (
	"fmt"
	"strings"
	"testing"
)

// wall says what a room may not import. Room and Forbidden are paths below the
// module for our own rooms, and import paths otherwise; a path covers
// everything below it.
type wall struct {
	Room      string
	Exactly   bool // the room itself, not what lies below it
	Except    []string
	Forbidden map[string]string // forbidden → why
}

// purely is what a pure room gives up: a function of its arguments has no use
// for any of it.
func purely(more map[string]string) map[string]string {
	out := map[string]string{
		"context":  "a pure function cannot be cancelled: it ends",
		"os":       "a pure function reads its arguments, not the machine",
		"net":      "a pure function reads its arguments, not the network",
		"log/slog": "a pure function says what it has to say in its result",
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func walls() []wall {
	upward := "no arrow runs upward"
	return []wall{
		{Room: "lockfile", Forbidden: purely(map[string]string{
			"engine": upward, "executor": upward, "transport": upward, "kici": upward, "cmd": upward,
		})},
		{Room: "transport", Forbidden: map[string]string{
			"engine": "siblings never import each other", "executor": "siblings never import each other",
			"kici": upward, "cmd": upward, "database/sql": "the wire carries; it does not remember",
		}},
		{Room: "executor", Forbidden: map[string]string{
			"engine": "what runs a job must not know how decisions are made", "transport": "siblings never import each other",
			"kici": upward, "cmd": upward, "database/sql": "the executor remembers nothing",
		}},
		{Room: "engine", Forbidden: map[string]string{
			"executor": "siblings never import each other; declare the port and let kici inject it", "transport": "siblings never import each other",
			"kici": upward, "cmd": upward,
		}},
		{Room: "engine", Exactly: true, Forbidden: map[string]string{
			"engine/": "the vocabulary knows no room that speaks it",
		}},
		{Room: "engine/state", Forbidden: purely(nil)},
		{Room: "engine/trigger", Forbidden: purely(nil)},
		{Room: "engine/needs", Forbidden: purely(nil)},
		{Room: "kici", Forbidden: map[string]string{"cmd": upward, "examples": upward}},
		{Room: "kici/internal/agent", Forbidden: map[string]string{
			"engine": "an agent must not know how decisions are made",
		}},
		{Room: "cmd", Except: generators(), Forbidden: thinMain()},
		{Room: "examples", Forbidden: thinMain()},
	}
}

// generators are run by `go generate` and shipped in no binary, so they may
// reach into a room.
func generators() []string {
	return []string{"cmd/internal/tsbuild", "cmd/internal/zodbuild", "cmd/internal/uibuild"}
}

func thinMain() map[string]string {
	why := "a main uses what every embedder can use: kici, kici/author, kici/standard, kici/adminclient, lockfile"
	return map[string]string{"engine": why, "executor": why, "transport": why, "kici/internal": why}
}

// owners says which rooms may import a third-party library. A library that
// stands in no row may be imported nowhere: adding one is a decision, and this
// table is where it is written down.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/dop251/goja":            {"executor/js"},
		"github.com/go-sourcemap/sourcemap": {"executor/js"},
		"github.com/evanw/esbuild":          {"executor/bundle"},
		"github.com/gobwas/glob":            {"lockfile/pattern"},
		"github.com/ohler55/ojg":            {"lockfile/pattern"},
		"github.com/robfig/cron":            {"lockfile/pattern"},
		"github.com/dlclark/regexp2":        {"lockfile/pattern", "executor/js"},
		"github.com/spf13/cobra":            {"cmd"},
		"github.com/spf13/pflag":            {"cmd"},
		"golang.org/x/term":                 {"cmd"},
		"github.com/fsnotify/fsnotify":      {"executor/compile"},
		"github.com/gofrs/flock":            {"kici/internal/grouplock", "kici/internal/agent", "kici/internal/dev", "executor/clone"},
		"github.com/moby/moby":              {"executor/sandbox/container"},
		"github.com/containerd/errdefs":     {"executor/sandbox/container"},
		"github.com/distribution/reference": {"executor/sandbox/container"},
		"github.com/nlnwa/whatwg-url":       {"executor/js/std"},
		"github.com/klauspost/compress":     {"executor/cache", "engine/logs"},
		"github.com/jackc/pgx":              {"engine/store/postgres"},
		"modernc.org/sqlite":                {"engine/store/sqlite"},
		"github.com/gorilla/websocket":      {"transport/ws"},
		"github.com/hashicorp/raft":         {"engine/cluster/raft"},
		"github.com/prometheus":             {"kici"},
		"go.opentelemetry.io/otel":          {"kici"},
		"golang.org/x/sync":                 {"kici", "executor", "engine", "cmd", "examples"},
		"golang.org/x/time":                 {"engine/intake"},
		"golang.org/x/sys":                  {"executor", "kici/internal", "cmd"},
		"golang.org/x/net":                  {"executor/js"},
		"golang.org/x/text":                 {"executor/js", "lockfile/pattern"},
		"go.yaml.in/yaml":                   {"kici/internal", "cmd/internal/cli"},
		"golang.org/x/crypto":               {"executor/js/std", "engine"},
	}
}

// covers reports whether path is prefix or lies below it; a prefix that ends in
// a slash covers only what lies below.
func covers(prefix, path string) bool {
	if strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(path, prefix)
	}
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func (w wall) stands(p *pkg) bool {
	if w.Exactly {
		return p.Rel == w.Room
	}
	if !p.under(w.Room) {
		return false
	}
	for _, e := range w.Except {
		if p.under(e) {
			return false
		}
	}
	return true
}

func checkImports(tr *tree, walls []wall) []string {
	var out []string
	for _, p := range tr.Pkgs {
		for _, path := range p.Imports {
			ours, own := strings.CutPrefix(path, modulePath+"/")
			if !own {
				ours = path
			}
			for _, w := range walls {
				if !w.stands(p) {
					continue
				}
				for forbidden, why := range w.Forbidden {
					if covers(forbidden, ours) {
						out = append(out, fmt.Sprintf("%s imports %s: %s", p.Rel, ours, why))
					}
				}
			}
			if covers("lockfile", p.Rel) && p.Rel == "lockfile" && (own || strings.Contains(firstElement(path), ".")) {
				out = append(out, fmt.Sprintf("lockfile imports %s: the contract's root is the standard library only, so that anybody can read a lock", path))
			}
		}
	}
	return out
}

func firstElement(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func checkOwners(tr *tree, owners map[string][]string) []string {
	var out []string
	for _, p := range tr.Pkgs {
		for _, path := range p.Imports {
			if !strings.Contains(firstElement(path), ".") || covers(modulePath, path) {
				continue
			}
			if c := checkOwner(p, path, owners); c != "" {
				out = append(out, c)
			}
		}
	}
	return out
}

func checkOwner(p *pkg, path string, owners map[string][]string) string {
	for library, rooms := range owners {
		if !covers(library, path) {
			continue
		}
		for _, room := range rooms {
			if p.under(room) {
				return ""
			}
		}
		return fmt.Sprintf("%s imports %s, which only %s may: one room owns a library, so that changing it is a one-room job", p.Rel, path, strings.Join(rooms, ", "))
	}
	return fmt.Sprintf("%s imports %s, which has no owner: enter it in owners() with the room that will wrap it", p.Rel, path)
}

func TestImports(t *testing.T) {
	t.Parallel()
	report(t, checkImports(house(t), walls()))
}

func TestOwners(t *testing.T) {
	t.Parallel()
	report(t, checkOwners(house(t), owners()))
}

func TestImportsCanFail(t *testing.T) {
	t.Parallel()
	tr := sketch(t, map[string]string{
		"lockfile/a.go":             "package lockfile\nimport _ \"" + modulePath + "/lockfile/plan\"",
		"lockfile/plan/a.go":        "package plan\nimport _ \"context\"",
		"executor/step/a.go":        "package step\nimport _ \"" + modulePath + "/engine/needs\"",
		"engine/a.go":               "package engine\nimport _ \"" + modulePath + "/engine/state\"",
		"engine/state/a.go":         "package state\nimport _ \"" + modulePath + "/engine\"",
		"cmd/kici/main.go":          "package main\nimport _ \"" + modulePath + "/executor/js\"",
		"cmd/internal/tsbuild/m.go": "package main\nimport _ \"" + modulePath + "/executor/bundle\"",
		"engine/runs/a.go":          "package runs\nimport _ \"github.com/dop251/goja\"\nimport _ \"example.com/new\"",
		"engine/runs/a_test.go":     "package runs\nimport _ \"" + modulePath + "/kici\"",
	})
	complaints := append(checkImports(tr, walls()), checkOwners(tr, owners())...)
	mustComplain(t, complaints,
		"lockfile imports "+modulePath+"/lockfile/plan", "lockfile/plan imports context",
		"executor/step imports engine/needs", "engine imports engine/state", "cmd/kici imports executor/js",
		"engine/runs imports github.com/dop251/goja", "example.com/new, which has no owner")
	if len(complaints) != 7 {
		t.Errorf("want 7 complaints, got %d:\n%s", len(complaints), strings.Join(complaints, "\n"))
	}
}
