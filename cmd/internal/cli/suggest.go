package cli

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// DidYouMean turns suggestions into a sentence; without any it lists what
// there is, because the next question is always "what then?".
func DidYouMean(word, kind string, known []string) string {
	if near := event.Nearest(word, known); len(near) > 0 {
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
