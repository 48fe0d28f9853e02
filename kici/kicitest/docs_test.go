package kicitest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// The code on the page about testing is code of the tests beside this one.
func TestDocsPageIsTested(t *testing.T) {
	t.Parallel()
	page := read(t, "../../docs/testing.md")
	sources := map[string]string{"go": flat(read(t, "shop_test.go") + read(t, "house_docs_test.go")), "ts": flat(read(t, "testdata/shop/.kici/workflows/ci.ts"))}
	found := map[string]int{}
	for _, m := range regexp.MustCompile("(?ms)^```(go|ts)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		found[m[1]]++
		if !strings.Contains(sources[m[1]], flat(m[2])) {
			t.Errorf("this block is not in the tests:\n%s", m[2])
		}
	}
	if found["go"] < 7 || found["ts"] != 1 {
		t.Errorf("found %v blocks", found)
	}
}

// The failure shown on the page is what a test really says.
func TestDocsShowARealFailure(t *testing.T) {
	t.Parallel()
	got := failures(t, func(t kicitest.T) {
		wf := kicitest.Load(t, "testdata/shop", kicitest.Files("src/cart.ts"), kicitest.Secret("DEPLOY_KEY", "k3y-k3y-k3y"))
		wf.Command("npm ci").Takes(60e9)
		wf.Command("npm test").Takes(600e9)
		wf.Command("./deploy.sh").Exits(3)
		wf.Command("./unlock.sh")
		wf.Push("main").Job("deploy").WantSuccess()
	})
	block := regexp.MustCompile("(?ms)^```text\n[^ ]+ (.*?)^```$").FindStringSubmatch(read(t, "../../docs/testing.md"))
	if block == nil || !strings.Contains(flat(got), flat(block[1])) {
		t.Errorf("the page shows %q, a test says:\n%s", block, got)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// flat leaves out the indentation.
func flat(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
