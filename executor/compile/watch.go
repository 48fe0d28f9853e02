package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// DefaultDebounce is how long files must have been quiet before they are
// compiled. An editor that writes in several steps is waited out: every event
// starts the count again, which covers the 100 ms of stability a file needs.
const DefaultDebounce = 200 * time.Millisecond

// Watch compiles the project, and again whenever a file changes that the last
// compile read, or a workflow file comes or goes. show gets every outcome, on
// the calling goroutine; Watch ends with ctx, whose cause it returns.
//
// There is one goroutine: while a compile runs, events wait in the kernel, so
// that any number of changes leads to exactly one more compile.
func Watch(ctx context.Context, o Options, debounce time.Duration, show func(*Result, error)) error {
	if debounce <= 0 {
		debounce = DefaultDebounce
	}
	o.Check = false
	c, err := Open(o)
	if err != nil {
		return err
	}
	defer c.Close()
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("compile: watch: %w", err)
	}
	defer notify.Close()
	w := &watcher{compiler: c, notify: notify, debounce: debounce, watched: map[string]bool{}}
	for {
		// Watching starts before reading, so that no change falls between.
		w.follow(nil)
		result, err := c.Compile(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		w.follow(result)
		show(result, err)
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
}

type watcher struct {
	compiler *Compiler
	notify   *fsnotify.Watcher
	debounce time.Duration
	watched  map[string]bool // directories
	inputs   map[string]bool // absolute paths
	failed   bool            // the last compile: a missing file may be the cure
}

// follow watches the directories of everything that was read. Directories, not
// files: editors replace files, and a watch on the old one would see nothing.
func (w *watcher) follow(result *Result) {
	p := w.compiler.project
	w.watch(existing(p.Workflows, p.Root))
	w.watch(p.KiciDir)
	w.watch(p.Workflows)
	if result == nil {
		return
	}
	w.inputs, w.failed = map[string]bool{}, result.Failed()
	inputs := result.Inputs
	if result.Lock != nil {
		for i := range result.Lock.Workflows {
			inputs = append(inputs[:len(inputs):len(inputs)], result.Lock.Workflows[i].ResolvedHashFiles...)
		}
	}
	for _, d := range result.Diagnostics {
		inputs = append(inputs[:len(inputs):len(inputs)], d.File)
	}
	for _, file := range inputs {
		path := filepath.Join(p.Root, filepath.FromSlash(file))
		if path == p.Lock || strings.Contains(file, "node_modules/") {
			continue
		}
		w.inputs[path] = true
		w.watch(filepath.Dir(path))
	}
}

// existing is the nearest directory above path that is there: what is missing
// may come.
func existing(path, stop string) string {
	for !isDir(path) && path != stop && path != filepath.Dir(path) {
		path = filepath.Dir(path)
	}
	return path
}

func (w *watcher) watch(dir string) {
	if w.watched[dir] || !isDir(dir) {
		return
	}
	if err := w.notify.Add(dir); err != nil {
		w.compiler.o.Log.Warn("cannot watch a directory", "dir", dir, "error", err)
		return
	}
	w.watched[dir] = true
}

// wait returns nil when something has changed and then been quiet for the
// debounce.
func (w *watcher) wait(ctx context.Context) error {
	quiet := time.NewTimer(w.debounce)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case event, ok := <-w.notify.Events:
			if !ok {
				return errors.New("compile: watch ended")
			}
			if w.matters(event) {
				quiet.Reset(w.debounce)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return errors.New("compile: watch ended")
			}
			// Events were lost, or a directory went: look again.
			w.compiler.o.Log.Warn("watching had trouble", "error", err)
			quiet.Reset(w.debounce)
		case <-quiet.C:
			return nil
		}
	}
}

// matters tells changes of sources from everything else that happens in their
// directories, our own lock first of all.
func (w *watcher) matters(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	p := w.compiler.project
	switch {
	case w.inputs[event.Name]:
		return true
	case event.Name == p.KiciDir || event.Name == p.Workflows:
		delete(w.watched, event.Name) // made again under the same name, it is another directory
		return true
	case filepath.Dir(event.Name) == p.Workflows:
		return isWorkflowName(filepath.Base(event.Name))
	}
	return w.failed && isSource(event.Name)
}

func isSource(name string) bool {
	switch filepath.Ext(name) {
	case ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json":
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
