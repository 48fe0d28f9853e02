package author

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// choose asks for one of the options and returns its index, or -1 when the
// answer is empty. Plain numbered lines on purpose: they work in every
// terminal, over every connection, and for a screen reader.
func (a *app) choose(question string, options []string) (int, error) {
	fmt.Fprintln(a.Stdout, a.style.Bold(question))
	for i, o := range options {
		fmt.Fprintf(a.Stdout, "  %d) %s\n", i+1, o)
	}
	for {
		fmt.Fprintf(a.Stdout, "Number (Enter to leave): ")
		answer, err := a.readLine()
		if err != nil {
			return -1, err
		}
		if answer == "" {
			return -1, nil
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(options) {
			return n - 1, nil
		}
		fmt.Fprintf(a.Stdout, "%q is none of 1 to %d.\n", answer, len(options))
	}
}

// readLine reads one answer; the end of the input is an empty one at first and
// an interruption when it ends in the middle of asking.
func (a *app) readLine() (string, error) {
	if a.answers == nil {
		a.answers = bufio.NewReader(a.Stdin)
	}
	text, err := a.answers.ReadString('\n')
	if errors.Is(err, io.EOF) {
		if text == "" {
			return "", cli.ErrInterrupted
		}
		err = nil
	}
	return strings.TrimSpace(text), err
}
