package author

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *struct{}     `xml:"skipped"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes the result as JUnit XML: a suite per workflow, a case per
// job.
func writeJUnit(w io.Writer, r result) error {
	out := junitSuites{Name: "kici-local", Time: seconds(r.Summary.TotalDurationMs)}
	for _, wf := range r.Workflows {
		suite := junitSuite{Name: clean(wf.Name), Tests: len(wf.Jobs), Time: seconds(wf.DurationMs)}
		for _, j := range wf.Jobs {
			c := junitCase{Name: clean(j.Name), Class: clean(wf.Name), Time: seconds(j.DurationMs)}
			switch j.Status {
			case failed:
				suite.Failures++
				text := jobFailure(j)
				first, _, _ := strings.Cut(text, "\n")
				c.Failure = &junitFailure{Message: clean(first), Text: clean(text)}
			case skipped, cancelled:
				c.Skipped = &struct{}{}
			}
			suite.Cases = append(suite.Cases, c)
		}
		out.Tests += suite.Tests
		out.Failures += suite.Failures
		out.Suites = append(out.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func jobFailure(j jobResult) string {
	if j.Error != "" {
		return j.Error
	}
	for _, s := range j.Steps {
		if s.Error != "" {
			return fmt.Sprintf("step %q: %s", s.Name, s.Error)
		}
	}
	return "failed"
}

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }

// clean drops colour codes and everything else that tools print for terminals:
// readers refuse control characters, and encoding/xml would turn them into
// replacement marks.
func clean(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = cli.Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}
