package service

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Lines for programs have the documented names and a trace id, wherever the
// delivery was said.
func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &settings{values: map[string]found{"KICI_LOG_LEVEL": {value: "info"}, "KICI_LOG_FORMAT": {value: "auto"}}}
	log := newLogger(&out, s, levelOf(s), "kici-agent", false)
	log.Debug("not this")
	log.With("delivery", "123e4567-e89b-12d3-a456-426614174000").Warn("late", "run", "r", "job", "j", "took", 1500*time.Millisecond)
	log.Info("accepted", "delivery", "123e4567-e89b-12d3-a456-426614174000")
	log.Info("other", "delivery", "x")
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if len(lines) != 3 {
		t.Fatal(out.String())
	}
	for key, want := range map[string]string{
		"level": "warn", "message": "late", "service": "kici-agent", "runId": "r", "jobId": "j", "took": "1.5s",
		"requestId": "123e4567-e89b-12d3-a456-426614174000", "traceId": "123e4567e89b12d3a456426614174000",
	} {
		if lines[0][key] != want {
			t.Errorf("%s is %v, want %s", key, lines[0][key], want)
		}
	}
	if lines[1]["traceId"] != lines[0]["traceId"] || lines[2]["traceId"] != nil {
		t.Errorf("%v\n%v", lines[1], lines[2])
	}
	out.Reset()
	s.values["KICI_LOG_FORMAT"] = found{value: "plain"}
	newLogger(&out, s, levelOf(s), "kici-agent", false).Info("hello", "run", "r")
	if !strings.Contains(out.String(), "msg=hello run=r") {
		t.Error(out.String())
	}
}
