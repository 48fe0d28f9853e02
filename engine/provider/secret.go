package provider

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that must not be seen. It prints, logs and marshals as ***;
// who needs it converts it with string(s) and is easy to find by that.
type Secret string

const hidden = "***"

// String hides it from who asks for text.
func (Secret) String() string { return hidden }

// Format hides it from every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides it from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides it from encoders: a configuration that was read is not
// written back with what it held.
func (s Secret) MarshalText() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return []byte(hidden), nil
}

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}
