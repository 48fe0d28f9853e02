package route

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		on, not []string
		offer   Offer
		whyNot  string
	}{
		{"subset", []string{"Linux"}, nil, Offer{Labels: []string{"linux", "large"}}, ""},
		{"missing", []string{"linux", "gpu"}, nil, Offer{Labels: []string{"linux"}}, "lacks the label gpu"},
		{"excluded", []string{"linux"}, []string{"arm"}, Offer{Labels: []string{"linux", "ARM"}}, "excludes its label arm"},
		{"mandatory", []string{"linux"}, nil, Offer{Labels: []string{"linux", "gpu"}, Mandatory: []string{"gpu"}}, "only jobs that ask for gpu"},
		{"mandatory asked for", []string{"gpu"}, nil, Offer{Labels: []string{"gpu"}, Mandatory: []string{"GPU"}}, ""},
		{"default without labels", nil, nil, Offer{Labels: []string{"kici:os:linux"}}, ""},
		{"default with labels", nil, nil, Offer{Labels: []string{"linux"}}, "lacks the label default"},
		{"default said", nil, nil, Offer{Labels: []string{"linux", "default"}}, ""},
		{"no role is every role", []string{InitRunner}, nil, Offer{Labels: []string{"linux"}}, ""},
		{"another role", []string{InitRunner}, nil, Offer{Labels: []string{"kici:role:builder"}}, "lacks the label kici:role:init-runner"},
		{"system label", []string{"kici:os:linux"}, nil, Offer{Labels: []string{"kici:os:linux"}}, ""},
	} {
		ok, why := Match(Of(c.on, c.not), c.offer)
		if ok != (c.whyNot == "") || !strings.Contains(why, c.whyNot) {
			t.Errorf("%s: %v, %q; want %q", c.name, ok, why, c.whyNot)
		}
	}
	if ok, why := Match("{", Offer{}); ok || why == "" {
		t.Error("a broken route matches")
	}
}

func TestSameDemandSameRoute(t *testing.T) {
	t.Parallel()
	if a, b := Of([]string{"b", "A"}, []string{"x"}), Of([]string{" a", "b", "B"}, []string{"X"}); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if Of(nil, nil) != Of([]string{"default"}, nil) {
		t.Error("no label is not default")
	}
}
