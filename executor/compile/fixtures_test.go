package compile

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func fixturesOf(t *testing.T, files map[string]string) *FixtureSet {
	t.Helper()
	repo := newRepo(t, "")
	for name, text := range files {
		write(t, repo, name, text)
	}
	set, err := Fixtures(context.Background(), Options{Dir: repo})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const someFixtures = `import { fixture, push, pr, schedule } from '@kici-dev/sdk';
let asked = 0;
export const z = fixture('push-z', async () => ({ event: push({ branches: 'main' }), branch: 'b' + (++asked), secrets: { db: 'test' } }));
export const a = fixture('pr-a', { event: pr({ actions: ['closed'] }), pr: 7, repo: 'o/r', sha: 'abc', workflowName: 'ci' });
export const notOne = { id: '', options: {} };
export default fixture('default-is-ignored', { event: schedule({ cron: '0 0 * * *' }) });
`

func TestFixtures(t *testing.T) {
	t.Parallel()
	set := fixturesOf(t, map[string]string{
		".kici/tests/deep/er/two.ts": strings.ReplaceAll(strings.ReplaceAll(someFixtures, "push-z", "push-y"), "pr-a", "pr-b"),
		".kici/tests/one.ts":         someFixtures,
		".kici/tests/types.d.ts":     "export const broken: nonsense(",
		".kici/tests/data.json":      "{",
	})
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	if got, want := set.IDs(), []string{"pr-b", "push-y", "pr-a", "push-z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	z := set.Fixtures[3]
	if z.Branch != "b1" || z.Secrets["db"] != "test" || z.Event[0].Type != "push" || z.File != ".kici/tests/one.ts" {
		t.Errorf("got %+v", z)
	}
	if a := set.Fixtures[2]; a.PR != 7 || a.Repo != "o/r" || a.SHA != "abc" || a.Workflow != "ci" || a.Event[0].Events[0] != "closed" {
		t.Errorf("got %+v", a)
	}
	for name, want := range map[string]string{"push-y": "push-y", "push-*": "push-y push-z", "*": "pr-a pr-b push-y push-z", "nope": "", "pr": ""} {
		found, err := set.Select(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join((&FixtureSet{Fixtures: found}).IDs(), " "); got != want {
			t.Errorf("select %q: got %q, want %q", name, got, want)
		}
	}
	if _, err := set.Select("{"); err == nil {
		t.Error("a broken glob was accepted")
	}
}

func TestBrokenFixtures(t *testing.T) {
	t.Parallel()
	head := "import { fixture, push } from '@kici-dev/sdk';\n"
	for name, c := range map[string]struct{ text, want string }{
		"throws":      {head + "export const a = fixture('a', async () => { throw new Error('no net'); });", "fixture \"a\": its options threw Error: no net"},
		"no options":  {head + "export const a = fixture('a', () => undefined as any);", "expected an options object"},
		"no event":    {head + "export const a = fixture('a', () => ({ branch: 'x' }) as any);", "event: got undefined"},
		"static":      {head + "export const a = fixture('a', { event: 'push' as any });", "event: got 'push'"},
		"unknown key": {head + "export const a = fixture('a', async () => ({ event: push(), brunch: 'x' }) as any);", "brunch"},
		"twice":       {head + "export const a = fixture('a', { event: push() });\nexport const b = fixture('a', { event: push() });", "a in .kici/tests/t.ts and b in .kici/tests/t.ts"},
		"syntax":      {"export const a = (", "unexpected end of file"},
		"never":       {head + "export const a = fixture('a', () => new Promise(() => {}));", "never"},
		"top level":   {"throw new Error('at the top')", "at the top"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := fixturesOf(t, map[string]string{".kici/tests/t.ts": c.text})
			if err := set.Err(); err == nil || !strings.Contains(render(set.Diagnostics), c.want) {
				t.Errorf("want %q, got:\n%s", c.want, render(set.Diagnostics))
			}
		})
	}
	set := fixturesOf(t, map[string]string{
		".kici/tests/a.ts": head + "export const a = fixture('same', { event: push() });",
		".kici/tests/b.ts": head + "export const b = fixture('same', { event: push() });",
	})
	if got := render(set.Diagnostics); !strings.Contains(got, "a in .kici/tests/a.ts and b in .kici/tests/b.ts") {
		t.Errorf("got:\n%s", got)
	}
}

func TestNoFixtures(t *testing.T) {
	t.Parallel()
	if set := fixturesOf(t, nil); len(set.Fixtures) != 0 || set.Err() != nil {
		t.Errorf("got %+v", set)
	}
}
