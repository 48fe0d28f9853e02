package author

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// errInstalled says that there is nothing to do.
var errInstalled = errors.New("already installed")

func shellLines() string { return hookMarker + "\n" + hookCommand + "\n" }

// appendScript adds the hook to a shell script, creating it with shebang.
func (a *app) appendScript(file, shebang string) (string, error) {
	text, found, err := a.Disk.Read(file)
	if err != nil {
		return file, err
	}
	if installed(text) {
		return file, errInstalled
	}
	if !found && shebang != "" {
		text = shebang + "\n"
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return file, a.Disk.Write(file, text+shellLines(), 0o755)
}

func installHusky(a *app, _ string) (string, error) {
	return a.appendScript(".husky/pre-commit", "")
}

// installRaw follows a worktree's .git file to the hooks that all worktrees of
// the repository share.
func installRaw(a *app, root string) (string, error) {
	git := filepath.Join(root, ".git")
	if !a.Disk.IsDir(git) {
		text, _, err := a.Disk.Read(git)
		if err != nil {
			return git, err
		}
		target, ok := strings.CutPrefix(strings.TrimSpace(text), "gitdir:")
		if !ok {
			return git, fmt.Errorf("%s names no git directory", git)
		}
		git = resolve(root, strings.TrimSpace(target))
		common, found, err := a.Disk.Read(filepath.Join(git, "commondir"))
		if err != nil {
			return git, err
		}
		if found {
			git = resolve(git, strings.TrimSpace(common))
		}
	}
	file, err := a.appendScript(filepath.Join(git, "hooks", "pre-commit"), "#!/bin/sh\nset -e")
	return a.Shown(file), err
}

func resolve(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

func lefthookFiles() []string {
	return []string{"lefthook.yml", ".lefthook.yml", ".config/lefthook.yml"}
}

// installLefthook edits the text rather than the parsed document, so that
// comments and order of the author's file stay.
func installLefthook(a *app, _ string) (string, error) {
	file := a.firstFile(lefthookFiles()...)
	text, _, err := a.Disk.Read(file)
	if err != nil {
		return file, err
	}
	if installed(text) {
		return file, errInstalled
	}
	entry := "    " + hookMarker + "\n    kici-compile:\n      run: " + hookCommand + "\n"
	lines := strings.SplitAfter(text, "\n")
	section := find(lines, 0, "pre-commit:")
	switch {
	case section < 0:
		text = terminated(text) + "pre-commit:\n  parallel: true\n  commands:\n" + entry
	default:
		at, add := section+1, "  commands:\n"+entry
		if commands := findIn(lines, section, "commands:"); commands >= 0 {
			at, add = commands+1, entry
		}
		lines[at-1] = terminated(lines[at-1])
		text = strings.Join(lines[:at], "") + add + strings.Join(lines[at:], "")
	}
	if err := a.Disk.Write(file, text, 0o644); err != nil {
		return file, err
	}
	a.tryInstaller("lefthook", "install")
	return file, nil
}

// find returns the first line that is exactly key at column zero, or -1.
func find(lines []string, from int, key string) int {
	for i := from; i < len(lines); i++ {
		if strings.TrimRight(lines[i], " \r\n") == key {
			return i
		}
	}
	return -1
}

// findIn looks for an indented key inside the section that starts at line
// section.
func findIn(lines []string, section int, key string) int {
	for i := section + 1; i < len(lines); i++ {
		text := strings.TrimRight(lines[i], " \r\n")
		if text != "" && text[0] != ' ' && text[0] != '#' {
			return -1
		}
		if strings.TrimSpace(text) == key {
			return i
		}
	}
	return -1
}

func terminated(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

func (a *app) lintStagedFile() string {
	if f := a.firstFile(".lintstagedrc.json", ".lintstagedrc"); f != "" {
		return f
	}
	text, _, _ := a.Disk.Read("package.json")
	var manifest map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &manifest) == nil && manifest["lint-staged"] != nil {
		return "package.json"
	}
	return ""
}

// installLintStaged adds a pattern of its own; lint-staged stages what its
// commands change, but compile takes no file names, hence the shell.
func installLintStaged(a *app, _ string) (string, error) {
	file := a.lintStagedFile()
	text, _, err := a.Disk.Read(file)
	if err != nil {
		return file, err
	}
	if installed(text) {
		return file, errInstalled
	}
	opening := 0
	if file == "package.json" {
		key := strings.Index(text, `"lint-staged"`)
		opening = key + strings.Index(text[key:], "{")
	} else {
		opening = strings.Index(text, "{")
	}
	if opening < 0 || opening >= len(text) || text[opening] != '{' {
		return file, fmt.Errorf("%s is not the JSON form of lint-staged's configuration; add the command yourself: %s", file, hookCommand)
	}
	indent := "\n  "
	if file == "package.json" {
		indent = "\n    "
	}
	comma := ","
	if strings.HasPrefix(strings.TrimSpace(text[opening+1:]), "}") {
		comma = indent[:len(indent)-2]
	}
	pattern, _ := json.Marshal(".kici/workflows/**/*.{ts,mjs}")
	command, _ := json.Marshal(`bash -c "` + hookCommand + `"`)
	entry := indent + string(pattern) + ": " + unescape(string(command)) + comma
	return file, a.Disk.Write(file, text[:opening+1]+entry+text[opening+1:], 0o644)
}

// unescape undoes the HTML-safe spelling of encoding/json.
func unescape(s string) string { return strings.ReplaceAll(s, `\u0026`, "&") }

func installPreCommit(a *app, _ string) (string, error) { return a.preCommitConfig("pre-commit") }
func installPrek(a *app, _ string) (string, error)      { return a.preCommitConfig("prek") }

// preCommitConfig adds a local hook to the file that pre-commit and prek share.
func (a *app) preCommitConfig(tool string) (string, error) {
	const file = ".pre-commit-config.yaml"
	text, _, err := a.Disk.Read(file)
	if err != nil {
		return file, err
	}
	if installed(text) {
		return file, errInstalled
	}
	entry := `  ` + hookMarker + `
  - repo: local
    hooks:
      - id: kici-compile
        name: compile KiCI workflows
        entry: sh -c '` + hookCommand + `'
        language: system
        pass_filenames: false
        always_run: true
`
	lines := strings.SplitAfter(text, "\n")
	if at := find(lines, 0, "repos:"); at >= 0 {
		lines[at] = terminated(lines[at])
		text = strings.Join(lines[:at+1], "") + entry + strings.Join(lines[at+1:], "")
	} else if strings.Contains(text, "repos:") {
		return file, fmt.Errorf("%s keeps its repos in a form that this command does not edit; add a local hook that runs: %s", file, hookCommand)
	} else {
		text = terminated(text) + "repos:\n" + entry
	}
	if err := a.Disk.Write(file, text, 0o644); err != nil {
		return file, err
	}
	a.tryInstaller(tool, "install")
	return file, nil
}

// tryInstaller lets a hook tool register itself with git. That it is not on
// the PATH is no failure: a teammate's next install will do it.
func (a *app) tryInstaller(name string, args ...string) {
	if err := a.Exec(a.Dir, a.Environ(), io.Discard, io.Discard, name, args...); err != nil {
		fmt.Fprintf(a.Stdout, "%s run '%s %s' once so that git knows the hook\n", a.style.Yellow("note:"), name, strings.Join(args, " "))
	}
}
