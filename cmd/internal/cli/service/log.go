package service

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
)

func logLevels() []string  { return []string{"debug", "info", "warn", "error"} }
func logFormats() []string { return []string{"auto", "plain", "json"} }

// levelOf is the level that the settings say.
func levelOf(s *settings) (level slog.Level) {
	_ = level.UnmarshalText([]byte(s.text("KICI_LOG_LEVEL"))) // it was checked
	return level
}

// newLogger writes lines for people or for programs.
func newLogger(w io.Writer, s *settings, level slog.Leveler, service string, terminal bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	format := s.text("KICI_LOG_FORMAT")
	if format == "plain" || format == "auto" && terminal {
		return slog.New(traced{slog.NewTextHandler(w, o)})
	}
	o.ReplaceAttr = documented
	return slog.New(traced{slog.NewJSONHandler(w, o)}).With("service", service)
}

// documented gives the house's short names the names that log pipelines know.
func documented(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	if a.Value.Kind() == slog.KindDuration { // nanoseconds tell nobody anything
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "message"
	case slog.TimeKey:
		a.Key = "timestamp"
	case slog.LevelKey:
		a.Value = slog.StringValue(strings.ToLower(a.Value.String()))
	case "run", "job", "agent", "step", "attempt":
		a.Key += "Id"
	case "delivery":
		a.Key = "requestId"
	}
	return a
}

// traced adds a trace id to lines about a delivery: the id is a UUID, and a UUID
// without its dashes is a trace id. Every tier makes the same of it.
type traced struct{ slog.Handler }

func (t traced) Handle(ctx context.Context, r slog.Record) error {
	if id := traceOf(r); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("traceId", id))
	}
	return t.Handler.Handle(ctx, r)
}

func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if id := traceIn(a); id != "" {
			attrs = append(slices.Clip(attrs), slog.String("traceId", id))
			break
		}
	}
	return traced{t.Handler.WithAttrs(attrs)}
}

func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }

func traceOf(r slog.Record) (id string) {
	r.Attrs(func(a slog.Attr) bool {
		id = traceIn(a)
		return id == ""
	})
	return id
}

const traceDigits = 32

func traceIn(a slog.Attr) string {
	if a.Key != "delivery" {
		return ""
	}
	if id := strings.ReplaceAll(a.Value.String(), "-", ""); len(id) == traceDigits {
		return id
	}
	return ""
}
