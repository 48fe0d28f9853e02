package generic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine/provider"
)

// body makes a JSON payload of whatever was posted. JSON objects and lists stay
// byte for byte.
func body(in *provider.Inbound) (json.RawMessage, error) {
	raw := bytes.TrimSpace(in.Body)
	if len(raw) == 0 {
		return json.RawMessage(`{}`), nil
	}
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: the body is not UTF-8", provider.ErrMalformed)
	}
	media, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type"))
	if in.Header.Get("Content-Type") == "" || media == "application/json" || strings.HasSuffix(media, "+json") {
		if json.Valid(raw) {
			if raw[0] == '{' || raw[0] == '[' {
				return raw, nil
			}
			return marshal(map[string]json.RawMessage{"value": raw})
		}
	}
	if fields := form(string(raw)); fields != nil {
		return marshal(fields)
	}
	return marshal(map[string]string{"body": string(raw)})
}

// form reads key=value pairs; of one key the last counts. Text without any is
// no form.
func form(raw string) map[string]string {
	if !strings.Contains(raw, "=") || strings.ContainsAny(raw, " \n\t") {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil
	}
	fields := make(map[string]string, len(values))
	for key, list := range values {
		if key == "" || !utf8.ValidString(key) || !utf8.ValidString(list[len(list)-1]) {
			return nil
		}
		fields[key] = list[len(list)-1]
	}
	return fields
}

func marshal(v any) (json.RawMessage, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", provider.ErrMalformed, err)
	}
	return out, nil
}
