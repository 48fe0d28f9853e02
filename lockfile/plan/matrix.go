package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// MaxCombinations bounds the instances of one job.
const MaxCombinations = 256

// ErrEmptyMatrix is returned for a matrix that leaves nothing to run.
var ErrEmptyMatrix = errors.New("plan: the matrix has no combinations")

// TooManyError reports a matrix with more than MaxCombinations.
type TooManyError struct{ Count int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("plan: the matrix has %d combinations, more than %d", e.Count, MaxCombinations)
}

// Combination is the matrix values of one instance, in the order of its name.
type Combination = lockfile.Map[string]

// valueKey is the name of the only dimension of a plain list.
const valueKey = "value"

// MatrixSize is what the compiler judges a static matrix by: the product of the
// dimensions plus the included entries, exclusions not counted. It stops
// multiplying when the limit is far behind.
func MatrixSize(m *lockfile.Matrix, include []Combination) int {
	if m == nil || m.Type == lockfile.MatrixDynamic {
		return 0
	}
	size := len(m.Values)
	if m.Dimensions != nil {
		size = product(m.Dimensions)
	}
	return size + len(include)
}

func product(dims lockfile.Map[[]string]) int {
	size := min(1, len(dims))
	for _, values := range dims.All() {
		if len(values) == 0 {
			return 0
		}
		if size < 1<<30/len(values) {
			size *= len(values)
		} else {
			size = 1 << 30
		}
	}
	return size
}

// Expand multiplies out a static matrix, takes away what is excluded and adds
// what is included.
func Expand(m *lockfile.Matrix, include, exclude []Combination) ([]Combination, error) {
	// Bound the work before doing it; exclusions may still bring it down.
	if n := MatrixSize(m, nil); n > MaxCombinations*MaxCombinations {
		return nil, &TooManyError{n}
	}
	all := slices.DeleteFunc(combinations(m), func(c Combination) bool { return slices.ContainsFunc(exclude, combo(c).matches) })
	for _, extra := range include {
		if len(extra) > 0 && !slices.ContainsFunc(all, combo(extra).equal) {
			all = append(all, extra)
		}
	}
	switch {
	case len(all) == 0:
		return nil, ErrEmptyMatrix
	case len(all) > MaxCombinations:
		return nil, &TooManyError{len(all)}
	}
	return all, nil
}

func combinations(m *lockfile.Matrix) []Combination {
	if m.Dimensions == nil {
		out := make([]Combination, len(m.Values))
		for i, v := range m.Values {
			out[i] = Combination{{Key: valueKey, Value: v}}
		}
		return out
	}
	dims := slices.Clone(m.Dimensions)
	slices.SortStableFunc(dims, func(a, b lockfile.Entry[[]string]) int { return CompareLocale(a.Key, b.Key) })
	out := make([]Combination, 0, product(dims))
	if len(dims) == 0 {
		return out
	}
	out = append(out, nil)
	for _, d := range dims { // the last dimension varies fastest
		next := make([]Combination, 0, len(out)*len(d.Value))
		for _, prefix := range out {
			for _, v := range d.Value {
				next = append(next, append(slices.Clone(prefix), lockfile.Entry[string]{Key: d.Key, Value: v}))
			}
		}
		out = next
	}
	return out
}

// combo compares one combination with others.
type combo Combination

// matches: every key the exclusion lists has its value here; an exclusion that
// lists nothing excludes nothing.
func (c combo) matches(exclusion Combination) bool {
	for key, want := range exclusion.All() {
		if have, ok := Combination(c).Get(key); !ok || have != want {
			return false
		}
	}
	return len(exclusion) > 0
}

func (c combo) equal(other Combination) bool { return len(c) == len(other) && c.matches(other) }

// Suffix is what an instance is told apart by: its values, in order.
func Suffix(c Combination) string {
	values := make([]string, len(c))
	for i, e := range c {
		values[i] = e.Value
	}
	return strings.Join(values, ", ")
}

// InstanceName is the name of an instance of a job: "test (18, linux)".
func InstanceName(job string, c Combination) string {
	if len(c) == 0 {
		return job
	}
	return job + " (" + Suffix(c) + ")"
}
