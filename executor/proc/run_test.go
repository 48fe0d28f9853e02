package proc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

func TestRun(t *testing.T) {
	t.Parallel()
	out := &proc.Tail{Limit: 5}
	exit, err := proc.Run(t.Context(), "test", 0, bash("echo 123456789; exit 3", out, nil))
	if err != nil || exit.Code != 3 {
		t.Errorf("%+v, %v", exit, err)
	}
	if got := string(out.Bytes()); got != "6789\n" {
		t.Errorf("kept %q", got)
	}
	_, err = proc.Run(t.Context(), "test", 0, proc.Command{Args: []string{"no-such-program"}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

// The end of the context ends what the command started as well.
func TestRunIsEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	go func() {
		_, _ = r.Read(make([]byte, 1)) // both traps stand
		cancel()
		_, _ = io.Copy(io.Discard, r)
	}()
	exit, err := proc.Run(ctx, "test", 10*time.Millisecond, bash(`trap '' TERM; (trap '' TERM; sleep 300) & echo ready; wait`, w, nil))
	w.Close()
	if err != nil || exit.Signal != proc.KILL {
		t.Errorf("%+v, %v", exit, err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	tail := &proc.Tail{Limit: 10}
	var all bytes.Buffer
	for _, s := range []string{"", "a", strings.Repeat("b", 25), "cd", "efghijk"} {
		all.WriteString(s)
		if n, err := tail.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
		want := all.String()[max(0, all.Len()-10):]
		if got := string(tail.Bytes()); got != want {
			t.Errorf("after %q: %q, want %q", s, got, want)
		}
	}
}
