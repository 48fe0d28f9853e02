package kicitest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

// Script says what a command does instead of running. It reads as a sentence,
// and its parts happen in the order they are written:
//
//	wf.Command("npm test").Prints("1 of 2").Takes(20 * time.Minute).Prints("2 of 2").Exits(3)
//
// Without Exits a command succeeds. The newest script that fits a command is
// taken; [Script.Then] begins what the next call does. A script must not be
// changed while an event is under way.
type Script struct {
	what    string // for messages
	fits    func(text string) bool
	job     string
	step    string
	answers []answer
}

// answer is what one call of a command does.
type answer struct {
	acts       []act
	exit       proc.Exit
	startError error
	stubborn   bool
}

// act is one thing that a command does; false when it was ended meanwhile.
type act func(*command) bool

func newScript(what string, fits func(string) bool) *Script {
	return &Script{what: what, fits: fits, answers: make([]answer, 1)}
}

func (s *Script) apply(to *settings) { to.scripts = append(to.scripts, s) }

// Command scripts the command with exactly this text, as it stands in `$`; of
// child_process, the arguments joined by spaces.
func Command(text string) *Script {
	text = strings.TrimSpace(text)
	return newScript(fmt.Sprintf("%q", text), func(got string) bool { return got == text })
}

// CommandPrefix scripts the commands that begin with a text.
func CommandPrefix(prefix string) *Script {
	return newScript(fmt.Sprintf("%q…", prefix), func(got string) bool { return strings.HasPrefix(got, prefix) })
}

// CommandMatching scripts the commands that a regular expression finds a match
// in. An expression that does not compile panics.
func CommandMatching(expression string) *Script {
	re := regexp.MustCompile(expression)
	return newScript("/"+expression+"/", re.MatchString)
}

// AnyCommand scripts every command that has no newer script.
func AnyCommand() *Script {
	return newScript("any command", func(string) bool { return true })
}

// InJob limits the script to a job, by its name with or without the matrix.
func (s *Script) InJob(name string) *Script { s.job = name; return s }

// InStep limits the script to a step, hook or init of that name.
func (s *Script) InStep(name string) *Script { s.step = name; return s }

func (s *Script) now() *answer { return &s.answers[len(s.answers)-1] }

func (s *Script) does(a act) *Script {
	s.now().acts = append(s.now().acts, a)
	return s
}

// Prints writes lines to standard output.
func (s *Script) Prints(lines ...string) *Script { return s.Writes(text(lines)) }

// Complains writes lines to standard error.
func (s *Script) Complains(lines ...string) *Script {
	return s.does(func(c *command) bool { c.write(c.spec.Stderr, text(lines)); return true })
}

// Writes writes exactly this to standard output.
func (s *Script) Writes(out string) *Script {
	return s.does(func(c *command) bool { c.write(c.spec.Stdout, out); return true })
}

func text(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// Takes lets time pass.
func (s *Script) Takes(d time.Duration) *Script {
	return s.does(func(c *command) bool { return c.wait(time.After(d)) })
}

// Hangs never ends by itself.
func (s *Script) Hangs() *Script {
	return s.does(func(c *command) bool { return c.wait(nil) })
}

// ReadsInput waits for the end of standard input.
func (s *Script) ReadsInput() *Script {
	return s.does(func(c *command) bool { return c.read() })
}

// Creates writes a file, relative to where the command runs.
func (s *Script) Creates(name, content string) *Script {
	return s.does(func(c *command) bool {
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.spec.Dir, filepath.FromSlash(name))
		}
		if err := writeFile(name, content); err != nil {
			c.write(c.spec.Stderr, "kicitest: "+err.Error()+"\n")
		}
		return true
	})
}

// Exports sets a variable for later steps, through $KICI_ENV.
func (s *Script) Exports(key, value string) *Script {
	return s.does(func(c *command) bool {
		name := c.call.Env["KICI_ENV"]
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(key + "=" + value + "\n")
			_ = f.Close()
		}
		if err != nil {
			c.write(c.spec.Stderr, "kicitest: $KICI_ENV: "+err.Error()+"\n")
		}
		return true
	})
}

// Calls hands the call to a function of the test, for what scripts cannot say.
// The function runs inside the run's virtual time and must not end the test.
func (s *Script) Calls(f func(Call)) *Script {
	return s.does(func(c *command) bool { f(c.snapshot()); return true })
}

// Exits ends the command with a status.
func (s *Script) Exits(code int) *Script {
	s.now().exit = proc.Exit{Code: code}
	return s
}

// DiesOf ends the command by a signal, "SIGSEGV".
func (s *Script) DiesOf(signal string) *Script {
	s.now().exit = proc.Exit{Code: -1, Signal: proc.Signal(signal)}
	return s
}

// CannotStart fails as a program does that does not exist.
func (s *Script) CannotStart(err error) *Script { s.now().startError = err; return s }

// IgnoresSignals ends for SIGKILL only, however nicely it is asked.
func (s *Script) IgnoresSignals() *Script { s.now().stubborn = true; return s }

// Then begins what the next call does. The last answer is repeated.
func (s *Script) Then() *Script {
	s.answers = append(s.answers, answer{})
	return s
}

// covers tells whether the script is meant for this command.
func (s *Script) covers(c *Call, base string) bool {
	return (s.job == "" || s.job == c.Job || s.job == base) && (s.step == "" || s.step == c.Step) && s.fits(c.Text)
}

// String describes the script as messages do.
func (s *Script) String() string {
	out := s.what
	if s.job != "" {
		out += " in job " + s.job
	}
	if s.step != "" {
		out += " in step " + s.step
	}
	return out
}
