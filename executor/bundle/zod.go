package bundle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// embeddedZodMajor is the major version of the zod inside executor/sdk.
const embeddedZodMajor = 4

// resolveZod decides between the embedded zod, which is parsed already and
// costs nothing to bundle, and the project's own. Bundling zod takes longer
// than everything else together, so the project's is taken only when its
// interface differs, that is in another major version.
func (s *session) resolveZod(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, nested := a.PluginData.(unresolvedHost); nested {
		return api.OnResolveResult{}, nil
	}
	major := s.projectZod(a.ResolveDir)
	own := major != 0 && (major != embeddedZodMajor || s.opts.ZodFromProject)
	if own {
		return api.OnResolveResult{}, nil
	}
	return host("zod"), nil
}

// projectZod gives the major version of the zod that Node would find from dir,
// 0 when there is none.
func (s *session) projectZod(dir string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.zodMajor[dir]; ok {
		return m
	}
	major := 0
	for at := dir; ; {
		if m, ok := readMajor(filepath.Join(at, "node_modules", "zod", "package.json")); ok {
			major = m
			break
		}
		up := filepath.Dir(at)
		if up == at {
			break
		}
		at = up
	}
	s.zodMajor[dir] = major
	return major
}

func readMajor(manifest string) (int, bool) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return 0, false
	}
	var p struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(text, &p) != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(p.Version, ".")
	m, err := strconv.Atoi(first)
	return m, err == nil
}
