package executor

import (
	"strings"
	"testing"
)

func TestParseResources(t *testing.T) {
	t.Parallel()
	const m, g = 1 << 20, 1 << 30
	for text, want := range map[string]*Resources{
		``:                              nil,
		`null`:                          nil,
		`{}`:                            {},
		`{"memory":"512m","cpus":0.5}`:  {Amount{512 * m, 0.5}, Amount{512 * m, 0.5}},
		`{"requests":{"memory":"2g"}}`:  {Amount{Memory: 2 * g}, Amount{Memory: 2 * g}},
		`{"limits":{"memory":"1.5 G"}}`: {Amount{Memory: 3 * g / 2}, Amount{Memory: 3 * g / 2}},
		`{"limits":{"memory":"2048k"}}`: {Amount{Memory: 2 * m}, Amount{Memory: 2 * m}},
		`{"requests":{"cpus":1},"limits":{"cpus":2,"memory":"4G"}}`: {Amount{CPUs: 1}, Amount{4 * g, 2}},
	} {
		got, err := ParseResources([]byte(text))
		if err != nil || (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseResourcesRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`7`:                           "resources",
		`{"disk":"1g"}`:               "disk",
		`{"memory":"1g","limits":{}}`: "not both",
		`{"cpus":0}`:                  "cpus",
		`{"cpus":300}`:                "256",
		`{"limits":{"memory":"4Gi"}}`: "limits.memory",
		`{"requests":{"memory":"4"}}`: "requests.memory",
		`{"memory":""}`:               "memory",
		`{"memory":"g"}`:              "memory",
		`{"memory":"-1g"}`:            "memory",
		`{"memory":"1.2.3g"}`:         "memory",
		`{"memory":"0k"}`:             "memory",
		`{"memory":"99999999999999999999999999g"}`: "memory",
	} {
		if got, err := ParseResources([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}
