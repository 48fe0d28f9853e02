package localsecret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func texts(values map[string]Value) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		out[k] = v.Text
	}
	return out
}

func TestLayers(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		SecretsFile: "\uFEFF# comment\nA = flat \nURL=https://x?a=b#c\nQ=\"kept\"\n\n[prod]\nA=section\nP=prod\n[dev]\nA=dev\nD=dev\n",
		EnvFile:     "export E=\"quoted\"\r\nF='single'\nA=env\n",
		YAMLFile:    "prod:\n  Y: 0123\n  N: ~\n  B: true\ndev: {P: yaml-dev}\nTOP: level\n",
	})
	typed := Typed{Flat: map[string]string{"T": "typed"}, Contexts: map[string]map[string]string{"prod": {"D": "typed-context"}}}
	s, err := Load(dir, typed)
	if err != nil {
		t.Fatal(err)
	}
	common := map[string]string{"URL": "https://x?a=b#c", "Q": `"kept"`, "E": "quoted", "F": "single", "TOP": "level", "T": "typed", "Y": "0123", "N": "", "B": "true"}
	for context, more := range map[string]map[string]string{
		"":     {"A": "env", "P": "yaml-dev", "D": "typed-context"},
		"prod": {"A": "section", "P": "prod", "D": "typed-context"},
		"dev":  {"A": "dev", "P": "yaml-dev", "D": "typed-context"},
	} {
		for k, v := range common {
			more[k] = v
		}
		if diff := cmp.Diff(more, texts(s.For(context))); diff != "" {
			t.Errorf("context %q (-want +got):\n%s", context, diff)
		}
	}
	if got := s.For("prod")["A"]; got.Source != SecretsFile || got.Context != "prod" {
		t.Errorf("A of prod came from %+v", got)
	}
}

func TestTypedWins(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{SecretsFile: "A=file\n[prod]\nA=section\n", YAMLFile: "prod: {A: yaml}\n"})
	s, err := Load(dir, Typed{Flat: map[string]string{"A": "typed"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, context := range []string{"", "prod", "other"} {
		if got := s.For(context)["A"].Text; got != "typed" {
			t.Errorf("context %q: A is %q", context, got)
		}
	}
	if diff := cmp.Diff([]string{"file", "section", "typed", "yaml"}, s.Texts()); diff != "" {
		t.Errorf("values to mask (-want +got):\n%s", diff)
	}
}

func TestNoFiles(t *testing.T) {
	t.Parallel()
	s, err := Load(filepath.Join(t.TempDir(), "none"), Typed{})
	if err != nil || len(s.For("")) != 0 || len(s.Texts()) != 0 {
		t.Errorf("%v %v", s, err)
	}
}

func TestFaultyFiles(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		SecretsFile: "ok=1\nhunter2\n[open\n[]\n=x\n",
		EnvFile:     "hunter2\n",
		YAMLFile:    "prod:\n  LIST: [hunter2]\ndev: [hunter2]\n",
	})
	_, err := Load(dir, Typed{})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		".secrets:2: expected KEY=value", ".secrets:3: expected a section", ".secrets:4: expected a section", ".secrets:5: expected KEY=value",
		".env.local:1: expected KEY=value", "secrets.yaml:2: prod.LIST: expected one value", "secrets.yaml:3: dev: expected a mapping",
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is missing in:\n%v", w, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error tells a secret:\n%v", err)
	}
	var line *LineError
	if !errors.As(err, &line) {
		t.Error("no *LineError in the error")
	}
	for _, text := range []string{"- a\n", "a: ["} {
		if _, err := Load(folder(t, map[string]string{YAMLFile: text}), Typed{}); err == nil {
			t.Errorf("%q is read without an error", text)
		}
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	if k, v, err := ParsePair("env", "A= b=c "); k != "A" || v != " b=c " || err != nil {
		t.Errorf("%q %q %v", k, v, err)
	}
	if c, k, v, err := ParseContextPair("prod.A=b.c=d"); c != "prod" || k != "A" || v != "b.c=d" || err != nil {
		t.Errorf("%q %q %q %v", c, k, v, err)
	}
	for _, bad := range []string{"", "A", "=x"} {
		if _, _, err := ParsePair("env", bad); err == nil {
			t.Errorf("--env %q is accepted", bad)
		}
	}
	for _, bad := range []string{"", "A=x", "prod.=x", ".A=x", "prod.A"} {
		if _, _, _, err := ParseContextPair(bad); err == nil {
			t.Errorf("--context %q is accepted", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a=b\n[x]\nc=d")
	f.Add("a: {b: c}\nd: *e")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string, string) (layer, error){parseINI, parseDotenv, parseYAML} {
			l, _ := parse("file", text)
			(&Secrets{files: []layer{l}}).For("x")
		}
	})
}
