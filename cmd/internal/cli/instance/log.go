package instance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Logs chooses lines of a service's log.
type Logs struct {
	Since  string // a time or a duration before now
	Level  string // and above; empty is all
	Follow bool
	Raw    bool // the lines as the service wrote them, JSON
}

// Logs prints them. On Linux the journal keeps the log, elsewhere a file does.
func (h *Host) Logs(i *Instance, q Logs) error {
	var level slog.Level
	if q.Level != "" && level.UnmarshalText([]byte(q.Level)) != nil {
		return &cli.UsageError{Message: fmt.Sprintf("--level %q is none of debug, info, warn, error", q.Level)}
	}
	since, err := moment(q.Since)
	if err != nil {
		return err
	}
	f := &lineFilter{to: h.Stdout, level: level, all: q.Level == "", since: since, raw: q.Raw}
	name, args := "tail", []string{"-n", "+1"}
	switch {
	case i.Platform == Systemd:
		unit := "--unit"
		if !i.System {
			unit = "--user-unit"
		}
		name, args = "journalctl", []string{unit, i.Name, "--output", "cat", "--quiet"}
		if !since.IsZero() {
			args = append(args, "--since", since.UTC().Format("2006-01-02 15:04:05")+" UTC")
		}
		if q.Follow {
			args = append(args, "--follow")
		}
	case q.Follow:
		args = append(args, "-F", i.logFile())
	default:
		args = append(args, i.logFile())
	}
	if err := h.Exec(h.Dir, h.Environ(), f, h.Stderr, name, args...); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return f.end()
}

func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &cli.UsageError{Message: fmt.Sprintf("--since %q is neither a time nor a duration", text), Hint: "write 1h, 2026-01-31 or 2026-01-31T15:04:05Z"}
}

// lineFilter lets lines through that were chosen, and writes them for people.
type lineFilter struct {
	to    io.Writer
	level slog.Level
	all   bool
	since time.Time
	raw   bool
	rest  []byte // a line that has not ended
}

func (f *lineFilter) Write(p []byte) (int, error) {
	f.rest = append(f.rest, p...)
	for {
		line, rest, whole := bytes.Cut(f.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		f.rest = rest
		if err := f.line(line); err != nil {
			return 0, err
		}
	}
}

func (f *lineFilter) end() error {
	if len(f.rest) == 0 {
		return nil
	}
	return f.line(f.rest)
}

func (f *lineFilter) line(line []byte) error {
	var said map[string]any
	if json.Unmarshal(line, &said) != nil { // of the init system, or a panic: always of interest
		_, err := fmt.Fprintf(f.to, "%s\n", line)
		return err
	}
	name, _ := said["level"].(string)
	var level slog.Level
	if level.UnmarshalText([]byte(name)) == nil && !f.all && level < f.level {
		return nil
	}
	text, _ := said["timestamp"].(string)
	if text == "" {
		text, _ = said["time"].(string)
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && at.Before(f.since) {
		return nil
	}
	if f.raw {
		_, err := fmt.Fprintf(f.to, "%s\n", line)
		return err
	}
	message, _ := said["message"].(string)
	if message == "" {
		message, _ = said["msg"].(string)
	}
	for _, key := range []string{"level", "timestamp", "time", "message", "msg", "service"} {
		delete(said, key)
	}
	rest, err := json.Marshal(said)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f.to, "%s %-5s %s %s\n", text, strings.ToUpper(name), message, strings.TrimSuffix(strings.TrimSuffix(string(rest), "{}"), " "))
	return err
}
