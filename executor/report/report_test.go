package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/executor/report"
)

const secret = "hunter2-hunter2"

// tape writes down what arrives.
type tape struct{ text strings.Builder }

func (t *tape) Begin(r executor.Row) { fmt.Fprintf(&t.text, "begin %d %s\n", r.Index, r.Name) }
func (t *tape) Log(row int, stream executor.Stream, p []byte) {
	fmt.Fprintf(&t.text, "log %d/%d %q\n", row, stream, p)
}
func (t *tape) Rule(row int, r executor.RuleResult) {
	fmt.Fprintf(&t.text, "rule %d %s\n", row, r.Error)
}
func (t *tape) End(r executor.RowResult) {
	fmt.Fprintf(&t.text, "end %d %s %v %v\n", r.Index, r.Outputs, r.Failure, r.Rules)
}

func setup() (*report.Sink, *tape) {
	t := &tape{}
	return report.New(mask.NewSet(secret, "12345678"), t), t
}

func TestOrderAndMasks(t *testing.T) {
	t.Parallel()
	s, got := setup()
	s.Log(executor.PrepareRow, executor.Stdout, []byte("setting up hunter2-"))
	s.Begin(executor.Row{Index: 0, Name: "build"}) // the held-back part comes first
	s.Log(0, executor.Stdout, []byte("a hunter2-"))
	s.Log(0, executor.Stderr, []byte("hunter2 of its own\n"))
	s.Log(0, executor.Stdout, []byte("hunter2 b\n"))
	s.Rule(0, executor.RuleResult{Error: "no " + secret})
	s.End(executor.RowResult{Row: executor.Row{Index: 0}, Outputs: json.RawMessage(`{"k":"` + secret + `"}`), Failure: &executor.Failure{Message: secret}})
	want := `log -1/1 "setting up "
log -1/1 "hunter2-"
begin 0 build
log 0/1 "a "
log 0/2 "hunter2 of its own\n"
log 0/1 "*** b\n"
rule 0 no ***
end 0 {"k":"***"} *** []
`
	if got.text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.text.String(), want)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s, _ := setup()
	for in, want := range map[string]string{
		``: ``, `null`: `null`, `{"a": 1.50}`: `{"a": 1.50}`, `12345678`: `"***"`, `{"pin":12345678,"n":1.50}`: `{"n":1.50,"pin":"***"}`,
		`["x` + secret + `y",{"` + secret + `":true}]`: `["x***y",{"***":true}]`, `{"` + secret: `{"***`,
	} {
		if got := string(s.JSON(json.RawMessage(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	s, _ := setup()
	in := executor.Result{
		Reason: secret, Failure: &executor.Failure{Message: "m " + secret, Tail: secret, Stack: secret, Command: secret, Frame: secret},
		Rules: []executor.RuleResult{{Error: secret}}, Rows: []executor.RowResult{{Row: executor.Row{Name: secret}, Rules: []executor.RuleResult{{Error: secret}}, Outputs: json.RawMessage(`"` + secret + `"`)}},
		Secrets: []executor.Secret{{Key: "K", Value: secret}}, Outputs: json.RawMessage(`"` + secret + `"`),
	}
	out := s.Result(in)
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), secret); n != 1 {
		t.Errorf("%d secrets are left, want the outputs' one: %s", n, raw)
	}
	if in.Failure.Message != "m "+secret || in.Rows[0].Name != secret {
		t.Error("the original was changed")
	}
}
