package pattern

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	cases := []struct{ cron, zone, after, want string }{
		{"0 2 * * *", "", "2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z"},
		{"*/15 * * * *", "UTC", "2026-01-01T00:00:01Z", "2026-01-01T00:15:00Z"},
		{"0 9 * * 1", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-05T14:00:00Z"},
		{"0 0 * * 7", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"0 0 * * 6-7", "", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"0 0 * * sat-7", "", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"0 0 29 2 *", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"@daily", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		// Berlin skips 02:00..03:00 on 29 March 2026: the run moves, it is not lost.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-03-29T01:10:00Z", "2026-03-29T01:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		// and shows 02:30 twice on 25 October: one run.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		// Every hour is every hour, also then.
		{"30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		{"0 * * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"},
	}
	for _, c := range cases {
		t.Run(c.cron+" after "+c.after, func(t *testing.T) {
			t.Parallel()
			s, err := ParseSchedule(c.cron, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			after, err := time.Parse(time.RFC3339, c.after)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Next(after).UTC().Format(time.RFC3339); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cron, zone, want string }{
		{"", "", "empty"}, {"  ", "", "empty"}, {"99 99 * * *", "", "cron"}, {"* * * *", "", "4 fields"}, {"* * * * * *", "", "6 fields"},
		{"TZ=UTC", "", "timezone"}, {"CRON_TZ=UTC * * * * *", "", "timezone"}, {"@every -1s", "", "not supported"}, {"@every 5m", "", "not supported"},
		{"0 0 31 2 *", "", "never fires"}, {"0 0 * * 8", "", "cron"}, {"0 0 * * 7-3", "", "weekdays"}, {"0 0 * * 7/0", "", "weekdays"},
		{"0 0 * * *", "Mars/Base", "time zone"}, {"0 0 * * *", "Local", "time zone"}, {"0 0 * * *", "../etc/passwd", "time zone"},
	} {
		t.Run(c.cron+" "+c.zone, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseSchedule(c.cron, c.zone); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
