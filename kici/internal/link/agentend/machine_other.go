//go:build !linux

package agentend

// What other systems do not say cheaply is left out of the registration.
func totalMemoryMB() int64 { return 0 }

func osRelease() string { return "" }
