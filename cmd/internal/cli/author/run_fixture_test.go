package author

import (
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

const fixtureWorkflow = `import { job, pr, push, step, workflow } from '@kici-dev/sdk';

const show = job('show', {
  runsOn: 'default',
  environment: 'db',
  steps: [step('show', async ({ $, rawPayload, secrets, ctx }) => {
    const payload = rawPayload as any;
    await $` + "`echo ref=${payload.ref ?? payload.pull_request.head.ref} number=${payload.number ?? 0} repo=${payload.repository.full_name}`" + `;
    console.log('word has', (await secrets.get('WORD')).length, 'letters');
  })],
});

export default workflow('ci', { on: [push({ branches: ['main', 'feature/*'] }), pr({ target: 'main' })], jobs: [show] });
export const other = workflow('other', { on: pr({ target: 'never' }), jobs: [job('j', { runsOn: 'x', run: async () => {} })] });
`

const fixtureTests = `import { fixture, pr, push } from '@kici-dev/sdk';

export const main = fixture('push-main', { event: push({ branches: 'main' }), secrets: { db: 'test-db' } });
export const feature = fixture('push-feature', async () => ({ event: push(), branch: 'feature/x', repo: 'me/mine', secrets: { db: 'nowhere' } }));
export const open = fixture('pr', { event: pr({ target: 'main' }), branch: 'topic', pr: 42 });
export const direct = fixture('direct', { event: push(), workflowName: 'other' });
`

func fixtureRepo(t *testing.T) *terminal {
	term := repo(t, fixtureWorkflow)
	term.write(".kici/tests/nested/ours.ts", fixtureTests)
	term.write(".kici/.secrets", "WORD = flat\n[test-db]\nWORD = context\n")
	return term
}

func TestRunFixture(t *testing.T) {
	t.Parallel()
	term := fixtureRepo(t)
	contains(t, term.run(cli.ExitOK, "run", "local", "--fixture", "push-main"), "[show] ref=refs/heads/main", "word has 7 letters")
	contains(t, term.run(cli.ExitOK, "run", "local", "--fixture", "pr"), "ref=topic number=42")
	contains(t, term.run(cli.ExitOK, "run", "local", "--fixture", "push-main", "--branch", "feature/typed", "--secret", "WORD=typed!"), "ref=refs/heads/feature/typed", "word has 6 letters")
	contains(t, term.run(cli.ExitOK, "run", "local", "--fixture", "push-feature"),
		`fixture "push-feature" asks for the secrets of "nowhere", and no local file has that section; there are: test-db`,
		"ref=refs/heads/feature/x number=0 repo=me/mine", "word has 4 letters")
	out := term.run(cli.ExitOK, "run", "local", "--fixture", "direct")
	contains(t, out, "Running workflow: other", "[ok] j")
	if strings.Contains(out, "Workflow: ci") {
		t.Errorf("a fixture that names a workflow runs no other:\n%s", out)
	}
	out = term.run(cli.ExitOK, "run", "local", "--fixture", "push-*")
	if first, second := strings.Index(out, "heads/feature/x"), strings.Index(out, "heads/main"); first < 0 || second < first {
		t.Errorf("a glob runs the fixtures in the order of their names:\n%s", out)
	}
	contains(t, term.run(cli.ExitOK, "__complete", "run", "local", "--fixture", ""), "push-main\n", "direct\n")
}

func TestRunFixtureUsage(t *testing.T) {
	t.Parallel()
	term := fixtureRepo(t)
	for args, want := range map[string]string{
		"--fixture push-mian":       `did you mean "push-main"?`,
		"--fixture zzz-*":           "fixtures: direct, push-feature, push-main, pr",
		"--fixture {":               "{",
		"push --fixture push-main":  "brings its own event",
		"--pick --fixture pr":       "brings its own event",
		"--fixture pr --job nope":   "nope",
		"--fixture direct --job k":  "unknown job",
		"--fixture pr --workflow c": "unknown workflow",
	} {
		term.run(cli.ExitUsage, append([]string{"run", "local"}, strings.Fields(args)...)...)
		contains(t, term.stderr.String(), want)
	}
	term.write(".kici/tests/twin.ts", strings.Replace(fixtureTests, "push-main", "another", 1))
	term.run(cli.ExitFailed, "run", "local", "--fixture", "pr")
	contains(t, term.stderr.String(), "E217", ".kici/tests/nested/ours.ts", ".kici/tests/twin.ts")

	none := repo(t, fixtureWorkflow)
	none.run(cli.ExitUsage, "run", "local", "--fixture", "a")
	contains(t, none.stderr.String(), "the project has none", ".kici/tests")
}
