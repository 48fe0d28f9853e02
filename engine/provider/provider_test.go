package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	type nested struct {
		A Secret
		P *Secret
		M map[string]Secret
	}
	s := Secret("hunter2")
	v := nested{s, &s, map[string]Secret{"k": s}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", v)
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	shown := log.String() + string(j) + s.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		shown += fmt.Sprintf(verb+" "+verb+"\n", s, v)
	}
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, "68756e746572") {
		t.Error(shown)
	}
	var back nested
	if err := json.Unmarshal([]byte(`{"A":"hunter2"}`), &back); err != nil || string(back.A) != "hunter2" {
		t.Errorf("reading one gives it: %v", err)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	type inner struct {
		Deep []string `json:"deep"`
	}
	type Embedded struct {
		Count *int `json:"count"`
	}
	type config struct {
		Embedded
		Name  string         `json:"name"`
		On    bool           `json:"on"`
		Inner inner          `json:"inner"`
		Map   map[string]int `json:"map"`
		hid   string
	}
	var c config
	if got := Decode([]byte(`{"name":"n","on":true,"count":3,"inner":{"deep":["a"]},"map":{"k":1}}`), &c); got != nil ||
		c.Name != "n" || !c.On || *c.Count != 3 || c.Inner.Deep[0] != "a" || c.Map["k"] != 1 || c.hid != "" {
		t.Errorf("got %v, %+v", got, c)
	}
	for data, want := range map[string]string{
		``:                       "",
		`{}`:                     "",
		`{"nmae":"s3cret"}`:      `nmae: is not a setting, did you mean "name"?`,
		`{"zzzzzzzzz":1}`:        "zzzzzzzzz: is not a setting; there are count, inner, map, name, on",
		`{"name":7}`:             "name: must be a text",
		`{"on":"s3cret"}`:        "on: must be true or false",
		`{"count":1.5}`:          "count: must be a whole number",
		`{"inner":"s3cret"}`:     "inner: must be a JSON object",
		`{"inner":{"deep":1}}`:   "inner.deep: must be a list, each a text",
		`{"map":{"k":"s3cret"}}`: "map: must be an object, each value a whole number",
		`{"name":1,"on":2}`:      "name: must be a text; on: must be true or false",
		`[]`:                     "must be a JSON object",
		`null`:                   "must be a JSON object",
		`{"name":"unterminated`:  "must be a JSON object",
	} {
		var lines []string
		for _, p := range Decode([]byte(data), &config{}) {
			lines = append(lines, p.String())
		}
		if got := strings.Join(lines, "; "); got != want || strings.Contains(got, "s3cret") {
			t.Errorf("%s: got %q, want %q", data, got, want)
		}
	}
	if err := Config(nil); err != nil {
		t.Errorf("no problems, but %v", err)
	}
	if err := Config([]Problem{{"a", "b"}}); !errors.Is(err, ErrMisconfigured) || !strings.HasSuffix(err.Error(), "a: b") {
		t.Errorf("got %v", err)
	}
}
