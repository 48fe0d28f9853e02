package proc_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

func TestScripted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := (&proc.Scripted{}).
			On("build", proc.Play{Stdout: "built\n", Stderr: "warn\n", Code: 3, Takes: 40 * time.Minute}).
			On("read", proc.Play{ReadsStdin: true}).
			On("missing", proc.Play{StartError: fs.ErrNotExist})
		defer s.Close()
		var out, errs bytes.Buffer
		began := time.Now()
		p, err := s.Start(t.Context(), proc.Command{Args: []string{"bash", "-c", "make build"}, Stdout: &out, Stderr: &errs})
		if err != nil {
			t.Fatal(err)
		}
		if exit := p.Wait(); exit.Code != 3 || exit.Duration != 40*time.Minute || time.Since(began) != 40*time.Minute {
			t.Errorf("exit %+v after %v", exit, time.Since(began))
		}
		if out.String() != "built\n" || errs.String() != "warn\n" || !errors.Is(p.Signal(proc.TERM), proc.ErrFinished) {
			t.Errorf("out %q err %q", out.String(), errs.String())
		}

		p, _ = s.Start(t.Context(), proc.Command{Args: []string{"read"}, Stdin: true})
		io.WriteString(p.Stdin(), "typed")
		p.Stdin().Close()
		if exit := p.Wait(); exit.Code != 0 {
			t.Errorf("reader: %+v", exit)
		}
		if calls := s.Calls(); len(calls) != 2 || calls[0].Text() != "make build" || calls[1].Input() != "typed" {
			t.Errorf("calls %+v", calls)
		}

		p, _ = s.Start(t.Context(), proc.Command{Args: []string{"build"}})
		p.Signal(proc.TERM)
		if exit := p.Wait(); exit.Signal != proc.TERM {
			t.Errorf("killed: %+v", exit)
		}
		for _, text := range []string{"missing", "unknown"} {
			var start *proc.StartError
			if _, err := s.Start(t.Context(), proc.Command{Args: []string{text}}); !errors.As(err, &start) {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}
