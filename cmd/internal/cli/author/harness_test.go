package author

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// terminal is a command line in a temporary folder, with a library that
// answers what the test says.
type terminal struct {
	t              *testing.T
	state          *cli.State
	stdout, stderr bytes.Buffer
	lib            library
	programs       []string // what was executed
	git            map[string]string
}

func setup(t *testing.T) *terminal {
	t.Helper()
	c := &terminal{t: t, git: map[string]string{}}
	c.state = (&cli.State{
		Env:     map[string]string{"HOME": t.TempDir(), "CI": "true"},
		Stdin:   strings.NewReader(""),
		Stdout:  &c.stdout,
		Stderr:  &c.stderr,
		Signals: func() (<-chan os.Signal, func()) { return make(chan os.Signal), func() {} },
	}).At(t.TempDir())
	c.state.Exec = func(_ string, _ []string, stdout, _ io.Writer, name string, args ...string) error {
		line := name + " " + strings.Join(args, " ")
		if name != "git" {
			c.programs = append(c.programs, line)
			return nil
		}
		if answer, ok := c.git[line]; ok {
			io.WriteString(stdout, answer+"\n")
			return nil
		}
		return errors.New("exit status 128")
	}
	c.lib = library{
		compile: func(context.Context, *cli.State, compileFlags) (compiled, error) { return compiled{Workflows: 1}, nil },
		runLocal: func(context.Context, *cli.State, runFlags, *lines) (*result, error) {
			return &result{}, nil
		},
	}
	return c
}

// run runs a command line and checks the exit code.
func (c *terminal) run(wantCode int, args ...string) string {
	c.t.Helper()
	c.stdout.Reset()
	c.stderr.Reset()
	c.state.Args = args
	if code := run(c.state, c.lib); code != wantCode {
		c.t.Fatalf("kici %s: exit %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), code, wantCode, &c.stdout, &c.stderr)
	}
	return c.stdout.String()
}

func (c *terminal) write(path, text string) {
	c.t.Helper()
	if err := c.state.Disk.Write(path, text, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *terminal) read(path string) string {
	c.t.Helper()
	text, found, err := c.state.Disk.Read(path)
	if err != nil || !found {
		c.t.Fatalf("read %s: found %v, %v", path, found, err)
	}
	return text
}

// golden compares with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs.\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}
