package kicitest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

var (
	pairNumber = regexp.MustCompile(`\b\d{3}\b`)
	testName   = regexp.MustCompile("`([^`]+)\\.([A-Z][A-Za-z]*(?:_[A-Za-z]+)?)`")
)

// TestCoverage keeps COVERAGE.md whole: a row without proof, a proof that does
// not exist and a pair that proves nothing are mistakes.
func TestCoverage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("testdata/scenarios/COVERAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := scenario.All("testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, p := range pairs {
		named[p.Name[:3]] = false
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.TrimSpace(cells[2]) == "proof" || strings.HasPrefix(cells[2], " ---") {
			continue
		}
		tests := testName.FindAllStringSubmatch(cells[2], -1)
		numbers := pairNumber.FindAllString(testName.ReplaceAllString(cells[2], ""), -1)
		if len(tests)+len(numbers) == 0 {
			t.Errorf("nothing proves:%s", cells[1])
		}
		for _, n := range numbers {
			if _, ok := named[n]; !ok {
				t.Errorf("there is no pair %s", n)
			}
			named[n] = true
		}
		for _, m := range tests {
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("%s has no %s", m[1], m[2])
			}
		}
	}
	for number, ok := range named {
		if !ok {
			t.Errorf("COVERAGE.md does not say what %s is for", number)
		}
	}
}

// hasTest looks for a test in the files of a package of this module.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nfunc "+name+"(")) {
			return true
		}
	}
	return false
}
