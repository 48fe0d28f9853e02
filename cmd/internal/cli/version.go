package cli

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Release is the version of the next or current release; a build from a tagged
// module says its own.
const Release = "0.1.0"

// Build describes the running binary.
type Build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ThisBuild reads what the linker wrote into the binary.
func ThisBuild() Build {
	b := Build{Version: Release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v, tagged := strings.CutPrefix(info.Main.Version, "v"); tagged && !strings.ContainsAny(v, "-+") {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
