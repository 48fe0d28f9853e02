package orchestrator

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestIDsRise(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	g := &ids{now: func() time.Time { return now }}
	var all []string
	for range 10_000 { // more than the count holds in a millisecond
		all = append(all, g.next())
	}
	now = now.Add(-time.Hour) // the clock was set back
	all = append(all, g.next())
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("ids do not rise")
	}
	if form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`); !form.MatchString(all[0]) || all[0][:13] != "01a3185c-5000" {
		t.Errorf("%s is no UUID of that time", all[0])
	}
}
