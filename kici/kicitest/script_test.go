package kicitest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, body string
		options    []kicitest.Option
		status     kicitest.Status
		log        []string
		failure    string
	}{
		{"exact text", "await $`npm test`; await $`npm test -- --all`;",
			[]kicitest.Option{kicitest.Command("npm test").Prints("exact"), kicitest.Command("npm test -- --all").Prints("other")}, kicitest.Succeeded, []string{"exact", "other"}, ""},
		{"newest wins", "await $`npm test`;",
			[]kicitest.Option{kicitest.AnyCommand().Exits(9), kicitest.CommandPrefix("npm").Exits(8), kicitest.CommandMatching("t.st$").Prints("newest")}, kicitest.Succeeded, []string{"newest"}, ""},
		{"other job", "await $`x`;", []kicitest.Option{kicitest.Command("x").Prints("mine"), kicitest.Command("x").InJob("other").Exits(1), kicitest.Command("x").InStep("other").Exits(1)}, kicitest.Succeeded, []string{"mine"}, ""},
		{"this step", "await $`x`;", []kicitest.Option{kicitest.Command("x").Exits(1), kicitest.Command("x").InJob("j").InStep("s").Prints("mine")}, kicitest.Succeeded, []string{"mine"}, ""},
		{"exit", "await $`x`;", []kicitest.Option{kicitest.Command("x").Prints("before").Exits(3)}, kicitest.Failed, []string{"before"}, "x: exit code 3"},
		{"signal", "await $`x`;", []kicitest.Option{kicitest.Command("x").DiesOf("SIGSEGV")}, kicitest.Failed, nil, "SIGSEGV"},
		{"cannot start", "await $`x`;", []kicitest.Option{kicitest.Command("x").CannotStart(errors.New("no such program"))}, kicitest.Failed, nil, "no such program"},
		{"flaky", "for (let i = 0; ; i++) { try { await $`x`; break; } catch { log.info('again ' + i); } }",
			[]kicitest.Option{kicitest.Command("x").Exits(1).Then().Exits(1).Then().Prints("fine")}, kicitest.Succeeded, []string{"again 0", "again 1", "fine"}, ""},
		{"values", "log.info('[' + (await $`x`).stdout + '|' + (await $`x`.nothrow()).stderr + ']');", []kicitest.Option{kicitest.Command("x").Writes("out").Complains("err")}, kicitest.Succeeded, []string{"[out|err\n]"}, ""},
		{"quoting", "await $`echo ${'a b'}`;", []kicitest.Option{kicitest.Command("echo $'a b'").Prints("quoted")}, kicitest.Succeeded, []string{"quoted"}, ""},
		{"pipe", "log.info((await $`a`.pipe($`b`)).stdout);", []kicitest.Option{kicitest.Command("a").Prints("from a"), kicitest.Command("b").ReadsInput().Prints("from b")}, kicitest.Succeeded, []string{"from b"}, ""},
		{"child_process", "const { execFileSync } = await import('node:child_process'); log.info(String(execFileSync('git', ['rev-parse', 'HEAD'])));",
			[]kicitest.Option{kicitest.Command("git rev-parse HEAD").Prints("abc")}, kicitest.Succeeded, []string{"abc"}, ""},
		{"creates", "await $({ cwd: 'sub' })`build`; log.info((await import('node:fs')).readFileSync('sub/out/a.txt', 'utf8'));",
			[]kicitest.Option{kicitest.File("sub/x", ""), kicitest.Command("build").Creates("out/a.txt", "built")}, kicitest.Succeeded, []string{"built"}, ""},
		{"allow", "await $`whatever`;", []kicitest.Option{kicitest.AllowCommands()}, kicitest.Succeeded, nil, ""},
		{"real", "await $`echo $((1+1))`;", []kicitest.Option{kicitest.RealCommands(os.Environ())}, kicitest.Succeeded, []string{"2\n"}, ""},
		{"real beside scripted", "await $`echo real`; await $`fake`;", []kicitest.Option{kicitest.RealCommands(os.Environ()), kicitest.Command("fake").Takes(time.Minute).Prints("fake")}, kicitest.Succeeded, []string{"real", "fake"}, ""},
		{"real one that fails", "await $`exit 7`;", []kicitest.Option{kicitest.RealCommands(os.Environ())}, kicitest.Failed, nil, "exit code 7"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := flow(t, one(c.body), c.options...).Push("main").WantStatus(c.status).WantLog(c.log...)
			if c.failure != "" {
				run.Job("j").WantFailure(c.failure).Step("s").WantFailed()
			}
		})
	}
}

func TestCallsAreRecorded(t *testing.T) {
	t.Parallel()
	var seen []string
	wf := flow(t, `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x', env: { A: 'job' }, steps: [
  step('one', async ({ $, setEnv, addPath }) => { await $`+"`first`"+`; setEnv('A', 'step'); addPath('/opt/bin'); }),
  step('two', async ({ $ }) => { const p = $({ cwd: 'pkg' })`+"`second`"+`; p.stdin.end('text'); await p; }),
] })] });`, kicitest.File("pkg/x", ""), kicitest.Variable("B", "org"), kicitest.Env("C", "typed"))
	wf.Command("first").Exports("D", "file")
	wf.Command("second").ReadsInput().Takes(time.Second).Calls(func(c kicitest.Call) { seen = append(seen, c.Step+" "+c.Input) })
	run := wf.Push("main").WantSuccess()
	type call struct{ Step, Text, Dir, A, B, C, D, Path, Input string }
	var got []call
	for _, c := range run.Calls {
		got = append(got, call{c.Step, c.Text, c.Dir, c.Env["A"], c.Env["B"], c.Env["C"], c.Env["D"], c.Env["PATH"], c.Input})
	}
	want := []call{{"one", "first", ".", "job", "org", "typed", "", "", ""}, {"two", "second", "pkg", "step", "org", "typed", "file", "/opt/bin", "text"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"two text"}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if d := run.Calls[1].Duration; d != time.Second {
		t.Errorf("second took %v", d)
	}
}

func TestUnscriptedCommandFailsTheTest(t *testing.T) {
	t.Parallel()
	got := failures(t, func(t kicitest.T) {
		flow(t, one("await $`npm ci`;"), kicitest.Command("npm test").InJob("j"), kicitest.CommandPrefix("git ")).Push("main").WantFailed()
	})
	wantText(t, got, `no script for the command "npm ci" (job j, step s)`, `scripted are: "git "…, "npm test" in job j`)
	got = failures(t, func(t kicitest.T) { flow(t, one("await $`npm ci`.nothrow();")).Push("main") })
	wantText(t, got, `no script for the command "npm ci"`, "no command is scripted")
}

func TestFetch(t *testing.T) {
	t.Parallel()
	wf := flow(t, one(`const r = await fetch('https://api.example.com/v1/x', { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'x-key': 'k' } });
    log.info(r.status + ' ' + (await r.json()).id + ' ' + r.headers.get('x-id'));`))
	wf.Fetch("https://api.example.com/*").Replies(404, nil)
	wf.Fetch("post https://api.example.com/v1/x").Replies(201, map[string]int{"id": 7}).Header("X-Id", "seven").Takes(time.Minute)
	run := wf.Push("main").WantSuccess().WantLog("201 7 seven").WantDuration(time.Minute)
	if len(run.Requests) != 1 || run.Requests[0].Body != `{"a":1}` || run.Requests[0].Header.Get("X-Key") != "k" || run.Requests[0].Status != 201 {
		t.Errorf("requests: %+v", run.Requests)
	}
	wf.Push("main", kicitest.Fetch("https://api.example.com/v1/x").Fails(errors.New("line cut"))).WantFailed().Job("j").WantFailure("fetch failed")
	got := failures(t, func(t kicitest.T) { wf.With(t).Push("main", kicitest.Fetch("https://other.example.com/")) })
	if got != "" {
		t.Errorf("a reply for another address got in the way: %s", got)
	}
	got = failures(t, func(t kicitest.T) {
		flow(t, one("await fetch('https://nowhere.example.com/');")).Push("main").WantFailed()
	})
	wantText(t, got, "no reply for the request GET https://nowhere.example.com/ (job j)")
}

// One project serves tests side by side, each with scripts of its own.
func TestSharedProject(t *testing.T) {
	t.Parallel()
	wf := flow(t, one("await $`x`;"), kicitest.Command("x").Exits(1))
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			mine := wf.With(t, kicitest.File("n.txt", fmt.Sprint(i)))
			line := strings.Repeat(fmt.Sprint(i), 10)
			mine.Command("x").Prints(line).Takes(time.Duration(i) * time.Hour / 20)
			run := mine.Push("main").WantSuccess().WantDuration(time.Duration(i) * time.Hour / 20)
			if run.Log != line+"\n" {
				t.Errorf("log %q", run.Log)
			}
			if text, err := os.ReadFile(filepath.Join(run.Dir, "n.txt")); err != nil || string(text) != fmt.Sprint(i) {
				t.Errorf("n.txt: %q %v", text, err)
			}
		})
	}
}
