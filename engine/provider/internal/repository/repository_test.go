package repository

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, g := context.Background(), New([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "SECRET_OF_THE_MACHINE=1", "https_proxy=http://p"}, 0)
	out, err := g.Run(ctx, Call{Args: []string{"-c", "alias.env=!env", "env"}, Setting: []Setting{{"user.name", "a b=c"}}})
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Split(string(out), "\n")
	for want, there := range map[string]bool{"SECRET_OF_THE_MACHINE=1": false, "https_proxy=http://p": true, "GIT_TERMINAL_PROMPT=0": true, "GIT_CONFIG_VALUE_0=a b=c": true} {
		if slices.Contains(env, want) != there {
			t.Errorf("%s: want %v in %q", want, there, env)
		}
	}
	if name, err := g.Run(ctx, Call{Args: []string{"config", "user.name"}, Setting: []Setting{{"user.name", "a b=c"}}}); string(name) != "a b=c\n" {
		t.Errorf("got %q, %v", name, err)
	}
	if _, err := g.Run(ctx, Call{Args: []string{"-c", "alias.much=!yes", "much"}, Limit: 1000}); !errors.Is(err, provider.ErrTooLarge) {
		t.Errorf("much output: %v", err)
	}
	var failed *Error
	if _, err := g.Run(ctx, Call{Args: []string{"no-such-command"}}); !errors.As(err, &failed) || failed.Command != "no-such-command" || !strings.Contains(failed.Stderr, "not a git command") {
		t.Errorf("got %v", err)
	}
	if _, err := g.Run(ctx, Call{Dir: "/no/such/folder", Args: []string{"version"}}); !errors.Is(err, provider.ErrNoRepository) {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsEverything(t *testing.T) {
	t.Parallel()
	// git waits for a grandchild that holds the output open and does not listen.
	stubborn := []string{"-c", "alias.hang=!trap '' TERM INT HUP; sleep 600", "hang"}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := New(nil, 0).Run(ctx, Call{Args: stubborn}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := New(nil, 50*time.Millisecond).Run(context.Background(), Call{Args: stubborn}); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCapped(t *testing.T) {
	t.Parallel()
	c := &capped{limit: 5}
	if n, err := io.Copy(c, bytes.NewReader([]byte("1234567"))); err == nil || c.String() != "12345" || !c.over {
		t.Errorf("got %d, %v, %q", n, err, c.String())
	}
	quiet := &capped{limit: 5, quiet: true}
	if n, err := quiet.Write([]byte("1234567")); err != nil || n != 7 || quiet.String() != "12345" {
		t.Errorf("got %d, %v, %q", n, err, quiet.String())
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	one, rest, err := object([]byte("abc blob 3\nx\ny\nabc missing\n"))
	if err != nil || one.kind != "blob" || string(one.data) != "x\ny" {
		t.Errorf("got %+v, %v", one, err)
	}
	if two, _, err := object(rest); two != nil || err != nil {
		t.Errorf("missing: %+v, %v", two, err)
	}
	for _, broken := range []string{"", "abc blob 3", "abc blob 9\nx\n", "abc blob -1\nx\n", "abc blob x\nx\n"} {
		if got, _, err := object([]byte(broken)); err == nil {
			t.Errorf("%q: got %+v", broken, got)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{
		strings.Repeat("0", 40): {true, true}, strings.Repeat("a", 40): {true, false}, strings.Repeat("0", 64): {true, true}, strings.Repeat("0", 41): {},
		strings.Repeat("A", 40): {}, strings.Repeat("a", 40) + "\n": {}, "": {}, "HEAD": {},
	} {
		if got := [2]bool{IsSHA(text), IsZero(text)}; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
