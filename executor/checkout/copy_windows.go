package checkout

// isNotDir: Windows says "not found" in that case.
func isNotDir(error) bool { return false }
