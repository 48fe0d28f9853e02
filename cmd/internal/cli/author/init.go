package author

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

//go:embed templates
var templates embed.FS

// initOptions is the command line of init.
type initOptions struct {
	Force, SkipInstall, MJS, NoAgents       bool
	Manager                                 string
	Registry, RegistryScope, RegistrySecret string
}

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Scaffold .kici/ with starter workflows",
		Long: `Creates .kici/ with two starter workflows, a test fixture, editor types and the
files around them. The types come out of this binary, so completion and checking
in your editor need no npm.`,
		Example: `  kici init                              everything, asking what to include
  kici init --mjs                        plain JavaScript, nothing to install
  kici init --force --skip-install       start over, install nothing
  kici init --private-registry https://npm.pkg.github.com/ --private-registry-scope @my-org`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.init(o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.Force, "force", false, "replace an existing .kici/ folder")
	f.BoolVar(&o.SkipInstall, "skip-install", false, "write files only, install nothing")
	f.StringVar(&o.Manager, "package-manager", "", "npm, pnpm or yarn (default: what your repository uses)")
	f.BoolVar(&o.MJS, "mjs", false, "plain JavaScript: .mjs workflows, no dependencies")
	f.BoolVar(&o.NoAgents, "no-agents-md", false, "leave out .kici/AGENTS.md")
	f.StringVar(&o.Registry, "private-registry", "", "add an example for the private npm registry at this URL")
	f.StringVar(&o.RegistryScope, "private-registry-scope", "", "npm scope served by the private registry, such as @my-org")
	f.StringVar(&o.RegistrySecret, "private-registry-secret", "production:NPM_TOKEN", "secret that holds its token, as environment:NAME")
	_ = cmd.RegisterFlagCompletionFunc("package-manager", cobra.FixedCompletions(managers(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) init(o initOptions) error {
	manager, err := a.packageManager(o.Manager)
	if err != nil {
		return err
	}
	if err := checkRegistry(o); err != nil {
		return err
	}
	a.banner()
	if a.Disk.Has(".kici") {
		if !o.Force {
			return &cli.HintedError{Err: fmt.Errorf(".kici already exists"), Hint: "'kici init --force' replaces it"}
		}
		if err := a.Disk.Remove(".kici"); err != nil {
			return err
		}
	}
	chosen, err := a.chooseTemplates()
	if err != nil {
		return err
	}
	s := scaffold{app: a, o: o, branch: a.defaultBranch(), ext: "ts"}
	if o.MJS {
		s.ext = "mjs"
	}
	if err := s.write(chosen); err != nil {
		return err
	}
	if !o.SkipInstall && !o.MJS {
		a.install(manager)
	}
	if a.Interactive() && a.gitRoot() != "" {
		n, err := a.choose("Compile workflows before every commit?", []string{"yes, install a pre-commit hook", "no"})
		if err == nil && n == 0 {
			err = a.hookInstall(false)
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(a.Stdout, "\nNext: kici compile, then kici run local push\n")
	return nil
}

// chooseTemplates asks on a terminal; everywhere else all of them are written.
func (a *app) chooseTemplates() ([]string, error) {
	all := []string{"hello-world", "pr-checks"}
	if !a.Interactive() {
		return all, nil
	}
	n, err := a.choose("Which starter workflows?", []string{"both", all[0], all[1]})
	if err != nil || n <= 0 {
		return all, err
	}
	return all[n-1 : n], nil
}

func checkRegistry(o initOptions) error {
	env, name, ok := strings.Cut(o.RegistrySecret, ":")
	if !ok || env == "" || name == "" {
		return &cli.UsageError{
			Message: fmt.Sprintf("--private-registry-secret %q is not of the form environment:NAME", o.RegistrySecret),
			Hint:    "for example production:NPM_TOKEN",
		}
	}
	if o.RegistryScope != "" && !strings.HasPrefix(o.RegistryScope, "@") {
		return &cli.UsageError{Message: fmt.Sprintf("--private-registry-scope %q does not begin with @", o.RegistryScope)}
	}
	return nil
}

// defaultBranch is the remote's, else the current one, else main.
func (a *app) defaultBranch() string {
	if name, ok := a.git("symbolic-ref", "--short", "refs/remotes/origin/HEAD"); ok {
		return strings.TrimPrefix(name, "origin/")
	}
	if name, ok := a.git("symbolic-ref", "--short", "HEAD"); ok {
		return name
	}
	return "main"
}

// git asks git a question; false when it has no answer.
func (a *app) git(args ...string) (string, bool) {
	var out strings.Builder
	err := a.Exec(a.Dir, a.Environ(), &out, &strings.Builder{}, "git", args...)
	answer := strings.TrimSpace(out.String())
	return answer, err == nil && answer != ""
}

// install lets the package manager fetch what .kici/package.json names. The
// workflows run without it (the SDK is in the binary), so that a machine
// without a network loses nothing but editor extras.
func (a *app) install(manager manager) {
	fmt.Fprintf(a.Stdout, "Installing dependencies with %s...\n", manager.Name)
	if err := a.Exec(a.Path(".kici"), a.Environ(), a.Stderr, a.Stderr, manager.Name, manager.install()...); err != nil {
		fmt.Fprintf(a.Stderr, "%s %s install did not succeed (%v); the workflows run without it, try again in .kici/ when you add packages\n",
			a.style.Yellow("warning:"), manager.Name, err)
	}
}

// development reports whether generated files should accept prereleases.
func (a *app) development() bool {
	if a.Env["KICI_DEV"] == "true" {
		return true
	}
	text, _, _ := a.Disk.Read("package.json")
	var manifest struct {
		Kici struct{ Development bool }
	}
	return json.Unmarshal([]byte(text), &manifest) == nil && manifest.Kici.Development
}
