package compile

import (
	"path/filepath"

	"github.com/kici-dev/kici-go/executor/deps"
)

// PackageLockHash is the lock file's lockfileHash: the dependency lock of the
// manager in charge, or "" without one. userAgent is npm_config_user_agent.
// `.kici` here is the one at the git root, whatever --kici-dir says.
func PackageLockHash(root, userAgent string) string {
	return deps.Detect(root, filepath.Join(root, DefaultKiciDir), userAgent).Hash
}
