package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/kici/author"
)

// Options reads the pair's command line into o, whose Dir is the repository.
// It is an error when an argument belongs to the command alone.
func (p Pair) Options(o *author.RunOptions) error {
	args := p.Args()
	for len(args) > 0 {
		name := args[0]
		args = args[1:]
		if set := flags(o)[name]; set != nil {
			set()
			continue
		}
		use := values(o)[name]
		if use == nil {
			if strings.HasPrefix(name, "-") || o.Event != "" {
				return fmt.Errorf("scenario: argument %q belongs to the command", name)
			}
			o.Event = name
			continue
		}
		if len(args) == 0 {
			return fmt.Errorf("scenario: %s needs a value", name)
		}
		if err := use(args[0]); err != nil {
			return fmt.Errorf("scenario: %s: %w", name, err)
		}
		args = args[1:]
	}
	return nil
}

func flags(o *author.RunOptions) map[string]func() {
	return map[string]func(){
		"--keep-going":    func() { o.KeepGoing = true },
		"--in-place":      func() { o.InPlace = true },
		"--follow-events": func() { o.FollowEvents = true },
		"--debug":         func() { o.Debug = true },
		"--keep":          func() { o.Keep = true },
	}
}

func values(o *author.RunOptions) map[string]func(string) error {
	text := func(to *string) func(string) error {
		return func(v string) error { *to = v; return nil }
	}
	list := func(to *[]string) func(string) error {
		return func(v string) error { *to = append(*to, v); return nil }
	}
	return map[string]func(string) error{
		"--fixture": text(&o.Fixture), "--workflow": text(&o.Workflow), "--job": text(&o.Job), "--branch": text(&o.Branch), "--sha": text(&o.SHA),
		"--files": list(&o.Files), "--env": list(&o.Env), "--secret": list(&o.Secrets), "--context": list(&o.Contexts),
		"--payload": func(v string) (err error) {
			o.Payload, err = os.ReadFile(filepath.Join(o.Dir, filepath.FromSlash(v)))
			return err
		},
		"--concurrency": func(v string) (err error) {
			o.Concurrency, err = strconv.Atoi(v)
			return err
		},
	}
}
