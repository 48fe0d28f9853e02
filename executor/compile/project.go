package compile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// DefaultKiciDir is where workflows live unless somebody says otherwise.
const DefaultKiciDir = ".kici"

// Project is where things are. All paths are absolute, with symbolic links
// of the working directory resolved, as git prints them.
type Project struct {
	Root      string // the git root, or the working directory outside of git
	KiciDir   string
	Workflows string // KiciDir/workflows
	Lock      string // KiciDir/kici.lock.json
}

// Locate finds the project of a working directory. kiciDir may be empty, and
// is relative to dir. Nothing is required to exist but dir.
func Locate(dir, kiciDir string) (Project, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Project{}, fmt.Errorf("compile: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return Project{}, fmt.Errorf("compile: working directory: %w", err)
	}
	if kiciDir == "" {
		kiciDir = DefaultKiciDir
	}
	kici := kiciDir
	if !filepath.IsAbs(kici) {
		kici = filepath.Join(dir, kici)
	}
	// Somebody who stands inside .kici means this one.
	if kiciDir == DefaultKiciDir && !isDir(filepath.Join(kici, "workflows")) &&
		filepath.Base(dir) == DefaultKiciDir && isDir(filepath.Join(dir, "workflows")) {
		kici = dir
	}
	return Project{
		Root:      gitRoot(dir),
		KiciDir:   kici,
		Workflows: filepath.Join(kici, "workflows"),
		Lock:      filepath.Join(kici, "kici.lock.json"),
	}, nil
}

// Rel names a path relative to the root with forward slashes.
func (p Project) Rel(path string) string {
	rel, err := filepath.Rel(p.Root, path)
	if err != nil { // another drive on Windows
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// gitRoot walks up to the directory that holds .git: a directory, or the file
// that worktrees and submodules have. Asking git would cost as much time as
// the rest of a small compile.
func gitRoot(dir string) string {
	for at := dir; ; {
		if isGitDir(filepath.Join(at, ".git")) {
			return at
		}
		parent := filepath.Dir(at)
		if parent == at {
			return dir
		}
		at = parent
	}
}

func isGitDir(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.IsDir() { // an empty .git is none, as git sees it
		_, err := os.Lstat(filepath.Join(path, "HEAD"))
		return err == nil
	}
	text, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(text, []byte("gitdir:"))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// discover lists the workflow files, relative to the root, in byte order.
func (p Project) discover(r *report) []string {
	where := p.Rel(p.Workflows)
	entries, err := os.ReadDir(p.Workflows)
	if err != nil {
		r.add(Diagnostic{Code: NoWorkflows, File: where, Message: p.missing(err), Hint: "run `kici init` to create a first workflow, or name the directory with --kici-dir"})
		return nil
	}
	var files []string
	for _, e := range entries {
		if !isWorkflowName(e.Name()) {
			continue
		}
		file := where + "/" + e.Name()
		switch {
		case e.Type().IsRegular():
			files = append(files, file)
		case e.Type()&os.ModeSymlink != 0:
			r.add(Diagnostic{
				Code: SkippedFile, Severity: Warning, File: file,
				Message: "symbolic links are not workflow files",
				Hint:    "import the target from a real file in " + where,
			})
		}
	}
	if len(files) == 0 {
		r.add(Diagnostic{Code: NoWorkflows, File: where, Message: "no workflow files (*.ts, *.mjs) found", Hint: "run `kici init` to create a first workflow"})
	}
	return files
}

func isWorkflowName(name string) bool {
	return strings.HasSuffix(name, ".ts") || strings.HasSuffix(name, ".mjs")
}

// missing says in what way the workflows directory is not there.
func (p Project) missing(err error) string {
	info, kiciErr := os.Stat(p.KiciDir)
	name := p.Rel(p.KiciDir)
	switch {
	case os.IsNotExist(kiciErr):
		return fmt.Sprintf("there is no %s directory", name)
	case kiciErr == nil && !info.IsDir():
		return fmt.Sprintf("%s is a file, not a directory", name)
	case os.IsNotExist(err):
		return "there is no workflows directory in " + name
	case os.IsPermission(err):
		return "the workflows directory cannot be read (permission denied)"
	default:
		if info, err := os.Stat(p.Workflows); err == nil && !info.IsDir() {
			return "workflows is a file, not a directory"
		}
		return "the workflows directory cannot be read"
	}
}
