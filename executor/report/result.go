package report

import (
	"bytes"
	"encoding/json"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/mask"
)

// Result is r with everything masked that is shown. The outputs that other jobs
// get stay as they are: on the same machine a token is of no use to them as
// stars. What leaves the machine goes through JSON first.
func (s *Sink) Result(r executor.Result) executor.Result {
	r.Reason = s.masks.String(r.Reason)
	r.Failure = s.failure(r.Failure)
	r.Rules = s.rules(r.Rules)
	rows := make([]executor.RowResult, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = s.row(row)
	}
	r.Rows = rows
	published := make([]executor.Secret, len(r.Secrets))
	for i, secret := range r.Secrets {
		published[i] = executor.Secret{Key: secret.Key, Value: mask.Placeholder}
	}
	r.Secrets = published
	return r
}

func (s *Sink) row(r executor.RowResult) executor.RowResult {
	r.Name = s.masks.String(r.Name)
	r.Failure = s.failure(r.Failure)
	r.Rules = s.rules(r.Rules)
	r.Outputs = s.JSON(r.Outputs)
	return r
}

func (s *Sink) rules(list []executor.RuleResult) []executor.RuleResult {
	if list == nil {
		return nil
	}
	out := make([]executor.RuleResult, len(list))
	for i, r := range list {
		out[i] = s.rule(r)
	}
	return out
}

func (s *Sink) rule(r executor.RuleResult) executor.RuleResult {
	r.Error = s.masks.String(r.Error)
	return r
}

func (s *Sink) failure(f *executor.Failure) *executor.Failure {
	if f == nil {
		return nil
	}
	out := *f
	for _, text := range []*string{&out.Message, &out.Stack, &out.Command, &out.Tail, &out.Frame} {
		*text = s.masks.String(*text)
	}
	return &out
}

// Text masks a text.
func (s *Sink) Text(text string) string { return s.masks.String(text) }

// JSON masks a JSON value and leaves it one: a number that is a secret becomes
// a string of stars. Values without secrets come back as they were.
func (s *Sink) JSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return raw
	}
	masked := s.masks.String(string(raw))
	if masked == string(raw) {
		return raw
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return json.RawMessage(masked) // it was none before either
	}
	out, err := json.Marshal(s.value(v))
	if err != nil {
		return json.RawMessage(`"` + mask.Placeholder + `"`)
	}
	return out
}

func (s *Sink) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.masks.String(v)
	case json.Number:
		if text := s.masks.String(v.String()); text != v.String() {
			return text
		}
	case []any:
		for i := range v {
			v[i] = s.value(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[s.masks.String(k)] = s.value(e)
		}
		return out
	}
	return v
}
