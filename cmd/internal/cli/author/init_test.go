package author

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func TestInit(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.git["git symbolic-ref --short HEAD"] = "feature/new-thing"
	out := term.run(cli.ExitOK, "init")
	golden(t, "init", out)
	for _, file := range []string{
		".kici/workflows/hello-world.ts", ".kici/workflows/pr-checks.ts", ".kici/tests/push-test.ts", ".kici/package.json",
		".kici/tsconfig.json", ".kici/types/sdk.d.ts", ".kici/AGENTS.md", ".kiciignore", ".gitignore",
	} {
		if strings.Contains(term.read(file), "{{") {
			t.Errorf("%s has an unfilled blank:\n%s", file, term.read(file))
		}
	}
	contains(t, term.read(".kici/tests/push-test.ts"), "export const pushFeatureNewThing = fixture('push-feature-new-thing'")
	contains(t, term.read(".kici/workflows/pr-checks.ts"), "target: 'feature/new-thing'")
	contains(t, term.read(".kici/package.json"), `"@kici-dev/sdk": "^`+cli.ThisBuild().Version+`"`)
	var config struct {
		CompilerOptions struct{ Paths map[string][]string }
	}
	if err := json.Unmarshal([]byte(term.read(".kici/tsconfig.json")), &config); err != nil || config.CompilerOptions.Paths["@kici-dev/sdk"][0] != "./types/sdk.d.ts" {
		t.Errorf("the editor would not find the types: %+v, %v", config, err)
	}
	if len(term.programs) != 1 || term.programs[0] != "npm install" {
		t.Errorf("ran %q", term.programs)
	}
}

func TestInitTwice(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write(".gitignore", "dist\n.kici/node_modules")
	term.run(cli.ExitOK, "init", "--skip-install")
	term.run(cli.ExitFailed, "init", "--skip-install")
	contains(t, term.stderr.String(), ".kici already exists", "'kici init --force'")
	term.write(".kici/workflows/mine.ts", "gone with --force")
	term.run(cli.ExitOK, "init", "--force", "--skip-install")
	if term.state.Disk.Has(".kici/workflows/mine.ts") {
		t.Error("--force left an old file")
	}
	if got, want := term.read(".gitignore"), "dist\n.kici/node_modules\n.kici/.secrets\n"; got != want {
		t.Errorf(".gitignore is %q, want %q", got, want)
	}
	if len(term.programs) != 0 {
		t.Errorf("--skip-install ran %q", term.programs)
	}
}

func TestInitIgnoredFolder(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write(".gitignore", "/.kici/\n")
	term.run(cli.ExitOK, "init", "--skip-install")
	if got := term.read(".gitignore"); got != "/.kici/\n" {
		t.Errorf(".gitignore became %q", got)
	}
}

func TestInitJavaScript(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.run(cli.ExitOK, "init", "--mjs", "--no-agents-md")
	for _, absent := range []string{".kici/package.json", ".kici/tsconfig.json", ".kici/types", ".kici/AGENTS.md", ".kici/workflows/hello-world.ts"} {
		if term.state.Disk.Has(absent) {
			t.Errorf("--mjs wrote %s", absent)
		}
	}
	contains(t, term.read(".kici/workflows/hello-world.mjs"), "export default workflow")
	if len(term.programs) != 0 {
		t.Errorf("--mjs ran %q", term.programs)
	}
}

func TestInitPrivateRegistry(t *testing.T) {
	t.Parallel()
	term := setup(t)
	args := []string{"init", "--skip-install", "--private-registry", "https://npm.pkg.github.com", "--private-registry-scope", "@my-org", "--private-registry-secret", "production:GH_TOKEN"}
	term.run(cli.ExitOK, args...)
	contains(t, term.read(".kici/workflows/private-registry-example.ts.example"),
		"url: 'https://npm.pkg.github.com',\n      scope: '@my-org',", "tokenSecret: 'production:GH_TOKEN'")
	if got, want := term.read(".kici/.npmrc.example"), "@my-org:registry=https://npm.pkg.github.com\n//npm.pkg.github.com/:_authToken=${GH_TOKEN}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInitAsks(t *testing.T) {
	t.Parallel()
	term := setup(t)
	delete(term.state.Env, "CI")
	term.state.StdinTTY, term.state.StdoutTTY = true, true
	term.state.Stdin = strings.NewReader("7\n2\n")
	out := term.run(cli.ExitOK, "init", "--skip-install")
	contains(t, out, `"7" is none of 1 to 3.`)
	if term.state.Disk.Has(".kici/workflows/pr-checks.ts") || !term.state.Disk.Has(".kici/workflows/hello-world.ts") {
		t.Error("the answer was not followed")
	}
}

func TestPackageManager(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, forced, agent string
		files               map[string]string
		want                manager
	}{
		{"nothing known", "", "", nil, manager{Name: "npm"}},
		{"the field", "", "", map[string]string{"package.json": `{"packageManager":"pnpm@9.1.0"}`, "yarn.lock": ""}, manager{Name: "pnpm"}},
		{"yarn berry by field", "", "", map[string]string{"package.json": `{"packageManager":"yarn@4.0.0"}`}, manager{Name: "yarn", Berry: true}},
		{"yarn classic by field", "", "", map[string]string{"package.json": `{"packageManager":"yarn@1.22.0"}`, ".yarnrc.yml": ""}, manager{Name: "yarn"}},
		{"unknown field", "", "", map[string]string{"package.json": `{"packageManager":"bun@1"}`, "package-lock.json": ""}, manager{Name: "npm"}},
		{"broken package.json", "", "", map[string]string{"package.json": `{`, "yarn.lock": "# yarn lockfile v1\n"}, manager{Name: "yarn"}},
		{"berry by lock file", "", "", map[string]string{"yarn.lock": "# c\n\n__metadata:\n  version: 8\n"}, manager{Name: "yarn", Berry: true}},
		{"pnpm before yarn", "", "", map[string]string{"yarn.lock": "", "pnpm-lock.yaml": ""}, manager{Name: "pnpm"}},
		{"who called", "", "pnpm/9.1.0 npm/? node/v24", nil, manager{Name: "pnpm"}},
		{"forced", "yarn", "", map[string]string{"pnpm-lock.yaml": ""}, manager{Name: "yarn"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			term := setup(t)
			for name, text := range c.files {
				term.write(name, text)
			}
			term.state.Env["npm_config_user_agent"] = c.agent
			got, err := (&app{State: term.state}).packageManager(c.forced)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}
