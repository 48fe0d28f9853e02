package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	if got, want := DidYouMean("zzz", "events", []string{"a", "b"}), "events: a, b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := DidYouMean("zzz", "events", nil); got != "" {
		t.Errorf("nothing known gives no advice, got %q", got)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		ExitOK:          nil,
		ExitFailed:      errors.New("x"),
		ExitUsage:       fmt.Errorf("wrapped: %w", &UsageError{Message: "x", Hint: "y"}),
		ExitInterrupted: fmt.Errorf("wrapped: %w", ErrInterrupted),
	} {
		if got := ExitCode(err); got != want {
			t.Errorf("%v: exit %d, want %d", err, got, want)
		}
	}
	if got := Hint(fmt.Errorf("wrapped: %w", &HintedError{Err: errors.New("x"), Hint: "y"})); got != "y" {
		t.Errorf("the hint got lost: %q", got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	env := environment([]string{"A=1", "B=x=y", "EMPTY=", "=C:=C:\\dir", "broken", ""})
	for k, want := range map[string]string{"A": "1", "B": "x=y", "EMPTY": "", "=C:": "C:\\dir"} {
		if got, ok := env[k]; !ok || got != want {
			t.Errorf("%s = %q, %v, want %q", k, got, ok, want)
		}
	}
	if len(env) != 4 {
		t.Errorf("got %q", env)
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	s := (&State{}).At(t.TempDir())
	if got := s.Shown(s.Path("a/b.ts")); got != "a/b.ts" {
		t.Errorf("got %q", got)
	}
	outside := filepath.Join(filepath.Dir(s.Dir), "other")
	if got := s.Shown(outside); got != outside {
		t.Errorf("got %q", got)
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	d := (&State{}).At(t.TempDir()).Disk
	if _, found, err := d.Read("none"); found || err != nil {
		t.Errorf("an absent file: %v, %v", found, err)
	}
	if _, _, err := d.Read("."); err == nil {
		t.Error("reading a folder is an error")
	}
	for _, mode := range []os.FileMode{0o755, 0o644} {
		if err := d.Write("a/b", "text", mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(d.at("a/b"))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, want %v, %v", info.Mode().Perm(), mode, err)
		}
	}
	if err := d.Write("a/b/c", "x", 0o644); err == nil {
		t.Error("a file below a file is an error")
	}
}
