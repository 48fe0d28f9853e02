package pattern

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must mean the same on every machine, also on one without zone files

	"github.com/robfig/cron/v3"
)

// Schedule is a compiled cron expression in its time zone.
type Schedule struct {
	spec      cron.Schedule
	zone      *time.Location
	everyHour bool // the hour is a wildcard: follow real time, not the clock on the wall
}

// ParseSchedule reads a five-field cron expression and an IANA zone; an empty
// zone is UTC. An expression that can never fire is an error.
func ParseSchedule(expression, zone string) (*Schedule, error) {
	loc, err := ParseZone(zone)
	if err != nil {
		return nil, err
	}
	fields, err := cronFields(expression)
	if err != nil {
		return nil, fmt.Errorf("pattern: cron %q: %w", expression, err)
	}
	spec, err := parseCron(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("pattern: cron %q: %w", expression, err)
	}
	s := &Schedule{spec: spec, zone: loc, everyHour: strings.HasPrefix(fields[1], "*")}
	// Five years include a leap day on every weekday only by luck, so a
	// restriction on 29 February and a weekday is asked further on by the
	// library itself; a zero time means it gave up.
	if spec.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("pattern: cron %q never fires: no such date", expression)
	}
	return s, nil
}

// ParseZone loads a time zone by its IANA name; empty is UTC.
func ParseZone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "UTC") {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // "Local" would differ from machine to machine
		return nil, fmt.Errorf("pattern: unknown time zone %q (want an IANA name such as Europe/Berlin)", name)
	}
	return loc, nil
}

// shorthands are the names for common expressions.
var shorthands = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

func cronFields(expression string) ([]string, error) {
	if full, ok := shorthands[strings.TrimSpace(expression)]; ok {
		expression = full
	}
	fields := strings.Fields(expression)
	switch {
	case len(fields) == 0:
		return nil, fmt.Errorf("the expression is empty")
	case strings.HasPrefix(fields[0], "@"):
		return nil, fmt.Errorf("%s is not supported (want five fields, or @hourly, @daily, @weekly, @monthly, @yearly)", fields[0])
	case strings.Contains(fields[0], "TZ="):
		return nil, fmt.Errorf("the time zone has its own option, timezone")
	case len(fields) != 5:
		return nil, fmt.Errorf("%d fields where minute, hour, day, month and weekday should stand", len(fields))
	}
	var err error
	fields[4], err = sundays(fields[4])
	return fields, err
}

// sundays rewrites weekday 7, which the library does not know, into 0.
func sundays(field string) (string, error) {
	if !strings.Contains(field, "7") {
		return field, nil
	}
	var out []string
	for part := range strings.SplitSeq(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		low, high, ranged := strings.Cut(span, "-")
		if low != "7" && high != "7" {
			out = append(out, part)
			continue
		}
		if !ranged {
			high = low
		}
		from, err := weekday(low)
		if err != nil {
			return "", err
		}
		to, err := weekday(high)
		by := 1
		if stepped && err == nil {
			by, err = strconv.Atoi(step)
		}
		if err != nil || by < 1 || from > to {
			return "", fmt.Errorf("%q is not a range of weekdays", part)
		}
		for d := from; d <= to; d += by {
			out = append(out, strconv.Itoa(d%7))
		}
	}
	return strings.Join(out, ","), nil
}

func weekday(s string) (int, error) {
	if i := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(s)); i >= 0 {
		return i, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 7 {
		return 0, fmt.Errorf("%q is not a weekday", s)
	}
	return n, nil
}

// parseCron calls the library behind a recover: it has panicked on odd specs.
func parseCron(spec string) (s cron.Schedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("not a cron expression: %v", r)
		}
	}()
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	return parser.Parse("TZ=UTC " + spec)
}

// Next is the first time after the given one at which the schedule fires; zero
// if there is none within five years.
//
// A schedule with fixed hours is computed on the clock on the wall, so that a
// change to summer time moves a run instead of swallowing it and a change back
// does not double it. One that runs every hour follows real time.
func (s *Schedule) Next(after time.Time) time.Time {
	after = after.In(s.zone)
	if s.everyHour {
		return s.nextReal(after)
	}
	// Start early enough that a run which a time change moved across "after"
	// is found; no zone jumps further than this.
	for w := wall(after).Add(-3 * time.Hour); ; {
		if w = s.spec.Next(w); w.IsZero() {
			return w
		}
		if t := s.instant(w); t.After(after) {
			return t
		}
	}
}

func (s *Schedule) nextReal(after time.Time) time.Time {
	// Hour by hour on the wall keeps minutes right in zones with odd offsets.
	for t := after.Truncate(time.Minute).Add(time.Minute); ; {
		w := wall(t)
		next := s.spec.Next(w.Add(-time.Second))
		switch {
		case next.IsZero():
			return next
		case next.Equal(w):
			return t
		}
		// Never step over a time change blindly: at most to the next hour.
		t = t.Add(min(next.Sub(w), time.Hour-time.Duration(w.Minute())*time.Minute))
	}
}

// wall is what the clock shows, as if it were UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant is when the clock shows w: the first time if it does so twice, and as
// long after the jump as w lies in it if it never does.
func (s *Schedule) instant(w time.Time) time.Time {
	t := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, s.zone)
	if missing := w.Sub(wall(t)); missing > 0 {
		return t.Add(missing)
	}
	for _, back := range []time.Duration{time.Hour, 30 * time.Minute} {
		if earlier := t.Add(-back); wall(earlier).Equal(w) {
			return earlier
		}
	}
	return t
}
