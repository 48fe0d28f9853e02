package service

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a value of a setting looks like.
type kind int

const (
	text    kind = iota
	number       // a whole number
	millis       // a time in milliseconds
	onOff        // true or false
	list         // separated by commas; a sequence in the file
	choice       // one of Choices
	address      // a URL with a scheme of Choices
)

// setting is one thing that an operator can say.
type setting struct {
	Name    string // of the variable
	Twin    string // another name for it
	Key     string // in the file; empty: environment only
	Default string // as it would be written
	Kind    kind
	Choices []string
	Min     int64
	Max     int64 // 0: none
	Secret  bool  // never shown
	// Idle: it is documented and belongs to a feature that this release does not
	// have. Setting it to anything but its default is warned about.
	Idle bool
	Help string
}

// check says what is wrong with a value; empty is fine.
func (s *setting) check(value string) string {
	shown := strconv.Quote(value)
	if s.Secret {
		shown = "the value"
	}
	switch s.Kind {
	case number, millis:
		return s.checkNumber(value, shown)
	case onOff:
		if _, ok := parseFlag(value); !ok {
			return shown + " is neither true nor false"
		}
	case choice:
		if !slices.Contains(s.Choices, value) {
			return fmt.Sprintf("%s is none of %s", shown, strings.Join(s.Choices, ", "))
		}
	case address:
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || !slices.Contains(s.Choices, u.Scheme) {
			return fmt.Sprintf("%s is not an address that begins with %s", shown, strings.Join(s.Choices, ":// or ")+"://")
		}
	}
	return ""
}

func (s *setting) checkNumber(value, shown string) string {
	limit := s.Max
	if limit == 0 {
		limit = math.MaxInt64
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil && s.Kind == millis:
		return shown + " is not a whole number of milliseconds"
	case err != nil:
		return shown + " is not a whole number"
	case s.Kind == millis && n > math.MaxInt64/int64(time.Millisecond):
		return shown + " milliseconds are too many"
	case n < s.Min || n > limit:
		if s.Max == 0 {
			return fmt.Sprintf("%s is less than %d", shown, s.Min)
		}
		return fmt.Sprintf("%s is not between %d and %d", shown, s.Min, s.Max)
	}
	return ""
}

func parseFlag(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// found is where a value comes from.
type found struct {
	value string
	place string // "KICI_PORT", "/etc/kici/orchestrator.yaml:3: server.port"; empty: the default
}

// problem is one thing that is wrong, and where.
type problem struct{ place, text string }

func (p problem) String() string { return p.place + ": " + p.text }

// settings are the values of a table.
type settings struct {
	values   map[string]found // by name
	problems []problem
	warnings []string
}

func (s *settings) bad(place, format string, args ...any) {
	s.problems = append(s.problems, problem{place, fmt.Sprintf(format, args...)})
}

// wrong complains about a setting, at the place that it was said.
func (s *settings) wrong(name, format string, args ...any) {
	place := s.values[name].place
	if place == "" {
		place = name
	}
	s.bad(place, format, args...)
}

func (s *settings) given(name string) bool  { return s.values[name].place != "" }
func (s *settings) text(name string) string { return s.values[name].value }

// The rest convert what check has accepted.
func (s *settings) number(name string) int64 {
	n, _ := strconv.ParseInt(s.text(name), 10, 64)
	return n
}

func (s *settings) millis(name string) time.Duration {
	return time.Duration(s.number(name)) * time.Millisecond
}

func (s *settings) on(name string) bool {
	on, _ := parseFlag(s.text(name))
	return on
}

func (s *settings) list(name string) []string {
	var out []string
	for _, item := range strings.Split(s.text(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
