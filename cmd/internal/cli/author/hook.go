package author

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// hookMarker is how an installed hook is found again; hookCommand is what it
// runs.
const (
	hookMarker  = "# KiCI: compile workflows on commit"
	hookCommand = "kici compile && git add .kici/kici.lock.json"
)

func (a *app) hookCommand() *cobra.Command {
	var forceGit bool
	install := &cobra.Command{
		Use:   "install",
		Short: "Compile workflows before every commit",
		Long: `Adds a pre-commit hook that compiles the workflows and stages the lock file, so
that sources and lock file never part. It uses the hook tool your repository has
(husky, lefthook, lint-staged, pre-commit or prek), else a plain git hook, and
leaves an installed hook alone, so it can be run again.`,
		Example: `  kici hook install            use the hook tool that is there
  kici hook install --git      write .git/hooks/pre-commit`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.banner()
			return a.hookInstall(forceGit)
		},
	}
	install.Flags().BoolVar(&forceGit, "git", false, "use a plain git hook whatever else is there")
	return a.group("hook", "Keep the lock file fresh with a git hook", "", "  kici hook install", install)
}

// hookTool is one way to install the hook. The order of hookTools is the order
// of preference when several are found and nobody can be asked.
type hookTool struct {
	name    string
	found   func(a *app) bool
	install func(a *app, root string) (file string, err error)
}

func hookTools() []hookTool {
	return []hookTool{
		{"husky", func(a *app) bool { return a.Disk.IsDir(".husky") }, installHusky},
		{"lefthook", func(a *app) bool { return a.firstFile(lefthookFiles()...) != "" }, installLefthook},
		{"lint-staged", func(a *app) bool { return a.lintStagedFile() != "" }, installLintStaged},
		{"pre-commit", func(a *app) bool { return a.Disk.Has(".pre-commit-config.yaml") }, installPreCommit},
		{"prek", func(a *app) bool { return a.firstFile("prek.toml", ".prek.toml") != "" }, installPrek},
	}
}

func rawHook() hookTool { return hookTool{name: "git", install: installRaw} }

func (a *app) hookInstall(forceGit bool) error {
	root := a.gitRoot()
	if root == "" {
		return &cli.HintedError{Err: fmt.Errorf("%s is not in a git repository", a.Dir), Hint: "run 'git init' first"}
	}
	tool, ok, err := a.chooseHook(forceGit)
	if err != nil || !ok {
		return err
	}
	file, err := tool.install(a, root)
	if err == errInstalled {
		fmt.Fprintf(a.Stdout, "%s The hook is already installed (%s): %s\n", a.style.Green("✓"), tool.name, file)
		return nil
	}
	if err != nil {
		return fmt.Errorf("install the %s hook: %w", tool.name, err)
	}
	fmt.Fprintf(a.Stdout, "%s Installed the pre-commit hook (%s): %s\n", a.style.Green("✓"), tool.name, file)
	return nil
}

func (a *app) chooseHook(forceGit bool) (hookTool, bool, error) {
	if forceGit {
		return rawHook(), true, nil
	}
	var found []hookTool
	for _, t := range hookTools() {
		if t.found(a) {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 1 || len(found) > 1 && !a.Interactive():
		return found[0], true, nil
	case len(found) > 1:
		names := make([]string, len(found))
		for i, t := range found {
			names[i] = t.name
		}
		n, err := a.choose("Several hook tools are set up here. Which one should run it?", names)
		if err != nil || n < 0 {
			return hookTool{}, false, err
		}
		return found[n], true, nil
	case a.Interactive():
		n, err := a.choose("No hook tool was found here.", []string{"write a plain git hook", "skip"})
		return rawHook(), n == 0, err
	default:
		fmt.Fprintln(a.Stdout, "No hook tool was found, so nothing was installed. 'kici hook install --git' writes a plain git hook.")
		return hookTool{}, false, nil
	}
}

// gitRoot walks up to the folder that has .git, a folder or a worktree's file.
func (a *app) gitRoot() string {
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		if a.Disk.Has(filepath.Join(dir, ".git")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func (a *app) firstFile(names ...string) string {
	for _, n := range names {
		if a.Disk.Has(n) {
			return n
		}
	}
	return ""
}

// installed reports whether a hook file already compiles workflows.
func installed(text string) bool {
	for _, sign := range []string{hookMarker, "kici compile", "kici-compile", "@kici-dev/compiler"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
