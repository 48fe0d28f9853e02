package measure

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Median is the middle of the values, which are sorted for it.
func Median[T int64 | time.Duration](values []T) T { return Quantile(values, 0.5) }

// Quantile is the value below which a part of them lies, from 0 to 1. The values
// are sorted for it; of none it is zero.
func Quantile[T int64 | time.Duration](values []T, part float64) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(part*float64(len(values))))]
}

// Table writes a table in Markdown.
func Table(to io.Writer, head []string, rows [][]string) error {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	line := func(cells []string) { fmt.Fprintf(w, "| %s\t|\n", strings.Join(cells, "\t| ")) }
	line(head)
	line(slices.Repeat([]string{"---"}, len(head)))
	for _, r := range rows {
		line(r)
	}
	return w.Flush()
}
