package compile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// triggers compiles every pattern, condition and schedule the way the
// orchestrator will, so that nothing trips over them when an event arrives.
func (c *checker) triggers(f *flow) {
	for i := range f.Lock.Triggers {
		t := &f.Lock.Triggers[i]
		at := f.trigger(c.sources, i)
		for _, list := range patternLists(t) {
			for n, p := range list.patterns {
				c.pattern(f, at, list.option, n, p)
			}
		}
		if t.BodyMatch != nil {
			c.pattern(f, at, "bodyMatch", 0, *t.BodyMatch)
		}
		if i < len(f.Triggers) && f.Triggers[i].Lost {
			c.problem(f, c.sources.field(at, "paths"), BadValue, "remove paths, or add branches for the pushes they are about",
				"push: paths cannot apply here, because tags without branches selects tag pushes only")
		}
		c.conditions(f, at, t)
		c.schedule(f, at, t)
	}
}

type patternList struct {
	option   string
	patterns []lockfile.Pattern
}

// patternLists names the pattern fields as authors write them.
func patternLists(t *lockfile.Trigger) []patternList {
	patterns := patternList{"patterns", t.Patterns}
	return []patternList{
		{"target", t.TargetBranches}, {"source", t.SourceBranches}, {"branches", t.Branches},
		patterns, {"paths", t.Paths}, {"repos", t.Repos}, {"contexts", pattern.Globs(t.StatusContexts)},
	}
}

func (c *checker) pattern(f *flow, trigger place, option string, n int, p lockfile.Pattern) {
	glob := strings.TrimPrefix(p.Pattern, "!")
	_, err := pattern.CompileGlob(glob)
	if p.Type == lockfile.PatternRegex {
		_, err = pattern.CompileRegexp(p.Pattern, p.Flags)
	}
	if err == nil {
		return
	}
	code, kind := BadGlob, "glob"
	if p.Type == lockfile.PatternRegex {
		code, kind = BadRegexp, "regular expression"
	}
	at := c.sources.option(trigger, option, n)
	if at == trigger { // an alias, or tags of push
		for _, alias := range []string{"tags", "branches"} {
			if at = c.sources.option(trigger, alias, n); at != trigger {
				break
			}
		}
	}
	c.problem(f, at, code, "", "%s: the %s %s is wrong: %s", option, kind, p, reason(err, p.Pattern))
}

// option is the position of the n-th item of an option that may also be a
// single value.
func (s *sources) option(call place, option string, n int) place {
	return s.field(call, fmt.Sprintf("%s[%d]", option, n))
}

// reason takes off an error what the message around it says already: the room
// and the text that is wrong.
func reason(err error, text string) string {
	if errors.Is(err, pattern.ErrEmpty) {
		return "it is empty"
	}
	message := err.Error()
	if _, tail, ok := strings.Cut(message, strconv.Quote(text)+": "); ok {
		message = tail
	}
	for strings.HasPrefix(message, "pattern: ") {
		message = strings.TrimPrefix(message, "pattern: ")
	}
	return message
}

func (c *checker) conditions(f *flow, at place, t *lockfile.Trigger) {
	for _, side := range []struct {
		option string
		values lockfile.Map[json.RawMessage]
	}{{"match", t.Match}, {"not", t.Not}} {
		for key, value := range side.values.All() {
			one := lockfile.Map[json.RawMessage]{{Key: key, Value: value}}
			if _, err := pattern.CompileConditions(one, nil); err != nil {
				c.problem(f, c.sources.field(at, side.option), BadMatch, "",
					"%s: the condition %q is wrong: %s", side.option, key, conditionReason(err, key))
			}
		}
	}
}

func conditionReason(err error, key string) string {
	inner := err
	if e := errors.Unwrap(err); e != nil {
		inner = e
	}
	return reason(inner, key)
}

func (c *checker) schedule(f *flow, at place, t *lockfile.Trigger) {
	if t.Type != lockfile.TriggerSchedule {
		return
	}
	zone := t.Timezone
	if _, err := pattern.ParseZone(zone); err != nil {
		c.problem(f, c.sources.field(at, "timezone"), BadTimezone, "use an IANA name such as 'Europe/Berlin'",
			"schedule: %q is no time zone", zone)
		zone = ""
	}
	if _, err := pattern.ParseSchedule(t.CronExpression, zone); err != nil {
		c.problem(f, c.sources.field(at, "cron"), BadCron, "five fields: minute hour day-of-month month day-of-week, such as '0 3 * * 1-5'",
			"schedule: the cron expression %q is wrong: %s", t.CronExpression, reason(err, t.CronExpression))
	}
}
