package cli

import (
	"fmt"
	"sort"
	"strings"
)

// Nearest returns those of known that a hurried hand may have meant by word,
// the closest first, three at most.
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
	sort.SliceStable(found, func(i, j int) bool { return found[i].cost < found[j].cost })
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.word)
	}
	return out
}

// DidYouMean turns suggestions into a sentence; without any it lists what
// there is, because the next question is always "what then?".
func DidYouMean(word, kind string, known []string) string {
	if near := Nearest(word, known); len(near) > 0 {
		return fmt.Sprintf("did you mean %s?", strings.Join(quoteAll(near), " or "))
	}
	if len(known) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s", kind, strings.Join(known, ", "))
}

func quoteAll(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "'" + w + "'"
	}
	return out
}

// distance counts insertions, deletions, replacements and swaps of neighbours.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	rows := make([][]int, len(ra)+1)
	for i := range rows {
		rows[i] = make([]int, len(rb)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(ra); i++ {
		for j := 1; j <= len(rb); j++ {
			replace := 1
			if ra[i-1] == rb[j-1] {
				replace = 0
			}
			best := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+replace)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				best = min(best, rows[i-2][j-2]+1)
			}
			rows[i][j] = best
		}
	}
	return rows[len(ra)][len(rb)]
}
