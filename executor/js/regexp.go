package js

import (
	"time"

	"github.com/dlclark/regexp2/v2"
)

// BoundRegexps limits how long one match of a backtracking regular expression
// may take, in the whole process: nothing can interrupt such a match. Only a
// main or a child calls it, before the first VM, because the setting is global
// and because a match cut short looks like no match.
func BoundRegexps(limit time.Duration) { regexp2.DefaultMatchTimeout = limit }
