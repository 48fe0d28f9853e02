package state

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile/status"
)

var update = flag.Bool("update", false, "rewrite the diagram in doc.go")

// expected is the table once more, written the way the specification has it, so
// that a slip in one of the two shows.
const expected = `
pending: ENQUEUE>queued CANCEL>cancelled SKIP>skipped HOLD>held WAIT>waiting FAIL>failed
held: APPROVE>queued REJECT>cancelled EXPIRE>cancelled CANCEL>cancelled FAIL>failed
waiting: TIMER_DONE>queued CANCEL>cancelled FAIL>failed
queued: START>running FAIL>failed CANCEL>cancelled SKIP>skipped
running: SUCCEED>success FAIL>failed CANCEL>cancelled CANCEL_GRACEFUL>cancelling RECOVER>recovering SKIP>skipped
cancelling: CANCEL_FORCE>cancelled COMPLETE>cancelled FAIL>failed
recovering: START>running FAIL>failed CANCEL>cancelled`

func TestEveryStateWithEveryEvent(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(expected), "\n") {
		from, moves, _ := strings.Cut(line, ": ")
		for m := range strings.FieldsSeq(moves) {
			on, to, _ := strings.Cut(m, ">")
			want[from+" "+on] = to
		}
	}
	if len(want) != len(table) || len(Events()) != 16 || len(status.Machines()) != 11 {
		t.Fatalf("%d moves in the table, %d expected", len(table), len(want))
	}
	for _, s := range status.Machines() {
		for _, e := range Events() {
			got, err := Transition(s, e)
			to, possible := want[string(s)+" "+string(e)]
			var invalid *InvalidError
			switch {
			case possible && (err != nil || string(got) != to):
				t.Errorf("%s on %s: got %s %v, want %s", e, s, got, err, to)
			case !possible && (!errors.As(err, &invalid) || !errors.Is(err, ErrInvalid) || invalid.State != s || invalid.Event != e || got != s):
				t.Errorf("%s on %s: got %s %v, want an error", e, s, got, err)
			}
			if Can(s, e) != possible {
				t.Errorf("Can(%s, %s)", s, e)
			}
		}
		if IsTerminal(s) != (len(Valid(s)) == 0) {
			t.Errorf("%s: terminal %v, but %v are possible", s, IsTerminal(s), Valid(s))
		}
	}
	if _, err := Transition("made-up", Start); err == nil {
		t.Error("an unknown state moved")
	}
}

// From everywhere some terminal state can be reached: nothing hangs by design.
func TestNoDeadEnds(t *testing.T) {
	t.Parallel()
	for _, s := range status.Machines() {
		if !reaches(s, map[status.Machine]bool{}) {
			t.Errorf("%s leads nowhere", s)
		}
	}
}

func reaches(s status.Machine, seen map[status.Machine]bool) bool {
	if IsTerminal(s) {
		return true
	}
	seen[s] = true
	for _, e := range Valid(s) {
		if to, _ := Transition(s, e); !seen[to] && reaches(to, seen) {
			return true
		}
	}
	return false
}

func TestDiagramInTheDocumentation(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var diagram strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(Mermaid(), "\n"), "\n") {
		diagram.WriteString("//\t" + line + "\n")
	}
	if strings.Contains(string(doc), diagram.String()) {
		return
	}
	if !*update {
		t.Fatal("the diagram in doc.go is stale; run go test ./engine/state -update")
	}
	const marker = "-update).\n//\n"
	head, _, _ := strings.Cut(string(doc), marker)
	if err := os.WriteFile("doc.go", []byte(head+marker+diagram.String()+"package state\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
