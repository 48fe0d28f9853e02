//go:build !linux

package expr

// peakOf is not bounded by the kernel here, and not told.
func peakOf(*worker) int64 { return 0 }
