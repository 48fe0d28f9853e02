package event

import (
	"slices"
	"strings"
)

// Nearest returns those of known that a hurried hand may have meant by word,
// the closest first, three at most. It serves every room that answers a typing
// mistake: events here, names of workflows and jobs, commands and their flags.
func Nearest(word string, known []string) []string {
	type scored struct {
		word string
		cost int
	}
	var found []scored
	lower := strings.ToLower(word)
	for _, k := range known {
		cost := distance(lower, strings.ToLower(k))
		if strings.HasPrefix(strings.ToLower(k), lower) && len(lower) > 1 {
			cost = min(cost, 1)
		}
		if cost <= max(1, len(lower)/3) {
			found = append(found, scored{k, cost})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return a.cost - b.cost })
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.word)
	}
	return out
}

// distance counts insertions, deletions, replacements and swaps of neighbours.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	before, last := make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		row := make([]int, len(rb)+1)
		row[0] = i
		for j := 1; j <= len(rb); j++ {
			replace := 1
			if ra[i-1] == rb[j-1] {
				replace = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+replace)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(rb)]
}
