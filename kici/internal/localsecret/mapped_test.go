package localsecret

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMapped(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		SecretsFile: "A = flat\nF = flat\n[db]\nA = own\n[test-db]\nA = test\nB = test\n[other]\nA = other\n",
		YAMLFile:    "test-db: {C: yaml}\n",
	})
	s, err := Load(dir, Typed{Flat: map[string]string{"B": "typed"}, Contexts: map[string]map[string]string{"db": {"C": "typed"}}})
	if err != nil {
		t.Fatal(err)
	}
	mapped, missing := s.Mapped(map[string]string{"db": "test-db", "api": "nowhere", "other": "nowhere-too"})
	if diff := cmp.Diff([]string{"nowhere"}, missing); diff != "" {
		t.Errorf("missing: %s", diff)
	}
	for context, want := range map[string]map[string]string{
		// Without an environment the mapped contexts win over flat values, in the order of their names.
		"":        {"A": "other", "B": "typed", "C": "typed", "F": "flat"},
		"db":      {"A": "test", "B": "typed", "C": "typed", "F": "flat"},
		"test-db": {"A": "test", "B": "typed", "C": "typed", "F": "flat"},
	} {
		if diff := cmp.Diff(want, texts(mapped.For(context))); diff != "" {
			t.Errorf("context %q (-want +got):\n%s", context, diff)
		}
	}
	if got := s.For("db")["A"].Text; got != "own" {
		t.Errorf("the original changed: %q", got)
	}
	if got := s.Contexts(); !slices.Equal(got, []string{"db", "other", "test-db"}) {
		t.Errorf("contexts %q", got)
	}
	swapped, _ := s.Mapped(map[string]string{"db": "other", "other": "db"})
	if got := swapped.For("db")["A"].Text + " " + swapped.For("other")["A"].Text; got != "other own" {
		t.Errorf("swapped: %s", got)
	}
}
