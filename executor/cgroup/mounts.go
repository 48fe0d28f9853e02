package cgroup

import (
	"path"
	"slices"
	"strings"
)

// tree is a mounted hierarchy and the own place in it.
type tree struct {
	version int
	mount   string // where it is mounted
	own     string // folder of the own group, below mount
}

// trees reads which hierarchy has which controller. mountinfo and own are the
// contents of /proc/self/mountinfo and /proc/self/cgroup; unified2 lists the
// controllers of a version 2 tree.
//
// In a container the mount may show a part of the hierarchy only, while
// /proc/self/cgroup still speaks of the whole; the mount's root says which.
func trees(mountinfo, own string, unified2 func(mount string) []string) map[string]tree {
	places := map[string]string{} // controller, or "" for version 2 → path of the own group
	for line := range strings.Lines(own) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 {
			for c := range strings.SplitSeq(f[1], ",") {
				places[c] = f[2]
			}
		}
	}
	out := map[string]tree{}
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 {
			continue
		}
		root, mount := unescape(left[3]), unescape(left[4])
		switch right[0] {
		case "cgroup":
			for c := range strings.SplitSeq(right[2], ",") {
				if place, ok := places[c]; ok && slices.Contains(controllers(), c) {
					out[c] = tree{1, mount, below(mount, root, place)}
				}
			}
		case "cgroup2":
			for _, c := range unified2(mount) {
				if _, old := out[c]; !old && slices.Contains(controllers(), c) {
					out[c] = tree{2, mount, below(mount, root, places[""])}
				}
			}
		}
	}
	return out
}

func controllers() []string { return []string{"memory", "cpu", "pids"} }

// below finds the folder of a group in a mount that shows the part of the
// hierarchy from root on. A group outside of that part is not visible; what is
// mounted then is the best there is, and in a container it is the own group.
func below(mount, root, place string) string {
	if root == "/" {
		return path.Join(mount, place)
	}
	if rest, ok := strings.CutPrefix(place, root); ok && (rest == "" || rest[0] == '/') {
		return path.Join(mount, rest)
	}
	return mount
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
