package cgroup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrees(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mounts, own string
		second      []string
		want        map[string]tree
	}{
		"version 1": {
			mounts: "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			own:    "4:memory:/user/me\n1:cpu,cpuacct:/\n0::/\n",
			want: map[string]tree{
				"memory": {1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/user/me"},
				"cpu":    {1, "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct"},
			},
		},
		"version 2": {
			mounts: "30 24 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n",
			own:    "0::/user.slice/user-1000.slice/session-2.scope\n",
			second: []string{"cpu", "io", "memory", "pids"},
			want: map[string]tree{
				"memory": {2, "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope"},
				"cpu":    {2, "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope"},
				"pids":   {2, "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope"},
			},
		},
		"container, version 1": { // the mount shows the own group
			mounts: "9 8 0:1 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			own:    "4:memory:/docker/abc\n",
			want:   map[string]tree{"memory": {1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory"}},
		},
		"container with a namespace": {
			mounts: "9 8 0:1 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			own:    "0::/\n",
			second: []string{"memory"},
			want:   map[string]tree{"memory": {2, "/sys/fs/cgroup", "/sys/fs/cgroup"}},
		},
		"another part is mounted": {
			mounts: "9 8 0:1 /a /m\\040n ro - cgroup cgroup rw,memory\n",
			own:    "4:memory:/ab\n",
			want:   map[string]tree{"memory": {1, "/m n", "/m n"}},
		},
		"nonsense": {mounts: "x\n - \n1 2 3 4 5 - cgroup\n", own: "::\nx\n", want: map[string]tree{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := trees(c.mounts, c.own, func(string) []string { return c.second })
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(tree{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
