package lockfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Seal sets the schema version and the top-level content hash. Call it last:
// the hash covers every workflow.
func Seal(f *File) error {
	f.SchemaVersion = SchemaVersion
	hash, err := ContentHash(f)
	f.ContentHash = hash
	return err
}

// ContentHash is the hash over version, source and workflows in their minified
// form; contentHash itself and lockfileHash stay out.
func ContentHash(f *File) (string, error) {
	var e encoder
	e.open('{')
	e.key("schemaVersion")
	e.value(SchemaVersion)
	e.key("source")
	e.value(f.Source)
	e.key("workflows")
	e.value(f.Workflows)
	e.close('}')
	return digest(e.out), e.err
}

// WorkflowHash is the content hash of a workflow: the text of its entry file
// and the digest of its hashFiles. An empty digest leaves no trace, so that
// patterns which match nothing do not change the hash.
func WorkflowHash(source []byte, assetDigest string) string {
	text := strconv.Itoa(CompileSchemaVersion) + ":" + unixLines(decodeText(source))
	if assetDigest != "" {
		text += "\x00" + unixLines(assetDigest)
	}
	return digest([]byte(text))
}

// Asset is one file matched by hashFiles. Content is nil when the file could
// not be read; its name still counts.
type Asset struct {
	Path    string // relative to the git root, forward slashes
	Content []byte
}

// AssetDigest joins names and contents. The order is the caller's: the compiler
// sorts with SortPaths, an agent uses the order recorded in the lock.
func AssetDigest(assets []Asset) string {
	var b strings.Builder
	for _, a := range assets {
		b.WriteString(a.Path + "\n" + decodeText(a.Content))
	}
	return b.String()
}

// Prefixes for PackageLockHash.
const (
	ManagerNPM         = "npm"
	ManagerPNPM        = "pnpm"
	ManagerYarnClassic = "yarn-classic"
	ManagerYarnBerry   = "yarn-berry"
)

// PackageLockHash is lockfileHash: the package manager's own lock file, line
// endings as they are, behind the manager's name, so that a change of manager
// always misses the dependency cache.
func PackageLockHash(manager string, text []byte) string {
	return digest([]byte(manager + "\n" + decodeText(text)))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// unixLines turns \r\n and lone \r into \n: git may rewrite line endings on
// checkout, and the hash has to survive that.
func unixLines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// decodeText reads bytes as UTF-8 the way browsers and Node do: each maximal
// piece of a broken sequence becomes one U+FFFD. (Go's own conversions replace
// byte by byte, which would give another hash for the same file.)
func decodeText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			out.WriteString("\uFFFD")
			b = b[brokenPrefix(b):]
			continue
		}
		out.Write(b[:size])
		b = b[size:]
	}
	return out.String()
}

// brokenPrefix is the length of the longest piece at the start of b that could
// have begun a character; at least one.
func brokenPrefix(b []byte) int {
	low, high, want := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		want = 1
	case c >= 0xE0 && c <= 0xEF:
		want = 2
	case c >= 0xF0 && c <= 0xF4:
		want = 3
	}
	switch b[0] {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n < len(b) && n <= want && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}
