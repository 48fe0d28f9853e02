package cache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
)

// Prefix is where the entries lie in the blob store.
const Prefix = "cache/"

const (
	suffix = ".tar.gz"
	// upload begins the name of what is not an entry yet.
	upload = ".tmp-"
)

// MaxKey is the longest key in bytes.
const MaxKey = 512

// ErrKey says that nothing can be kept under a key, and why.
var ErrKey = errors.New("cache: bad key")

// Scope is for whom: all of it is the orchestrator's knowledge, nothing an
// agent's word.
type Scope struct {
	Org     string
	Repo    string
	Run     engine.RunID
	Attempt engine.AttemptID // whose uploads are its own
	Trusted bool             // the ref is one of the repository's own
}

func (s Scope) check() error {
	if s.Org == "" || s.Repo == "" || s.Run == "" || s.Attempt == "" {
		return fmt.Errorf("cache: the scope %+v is not complete", s)
	}
	return nil
}

func (s Scope) org() string    { return Prefix + segment(s.Org) + "/" }
func (s Scope) shared() string { return s.org() + segment(s.Repo) + "/shared/" }

func (s Scope) isolated() string {
	return s.org() + segment(s.Repo) + "/iso/" + segment(string(s.Run)) + "/"
}

// writes is the folder that the scope writes into.
func (s Scope) writes() string {
	if s.Trusted {
		return s.shared()
	}
	return s.isolated()
}

// reads are the folders the scope reads from, in order.
func (s Scope) reads() []string {
	if s.Trusted {
		return []string{s.shared()}
	}
	return []string{s.isolated(), s.shared()}
}

// entry is the place of a key in a folder.
func entry(folder, key string) string { return folder + escape(key) + suffix }

// keyOf is the other way; false for what is no entry.
func keyOf(folder, blob string) (string, bool) {
	text, in := strings.CutPrefix(blob, folder)
	text, is := strings.CutSuffix(text, suffix)
	key, err := url.PathUnescape(text)
	return key, in && is && err == nil
}

// upload is where an attempt puts what it wants to save under a key. The name is
// made of both, and so the same whenever it is asked for.
func (s Scope) upload(key string) string {
	h := sha256.Sum256([]byte(string(s.Attempt) + "\x00" + key))
	return s.writes() + upload + fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// isolatedEntry tells the entries of single runs from shared ones.
func isolatedEntry(blob string) bool {
	parts := strings.Split(blob, "/")
	return len(parts) > 3 && parts[3] == "iso"
}

func checkKey(key string) error {
	switch {
	case strings.TrimSpace(key) == "":
		return fmt.Errorf("%w: it is empty", ErrKey)
	case len(key) > MaxKey:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrKey, len(key), MaxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: %q is not UTF-8", ErrKey, key)
	case strings.ContainsAny(key, "\x00\n\r"):
		return fmt.Errorf("%w: %q contains a line break or NUL", ErrKey, key)
	}
	return nil
}

// segment makes any name one segment of a blob's key.
func segment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return escape(name)
}

// escape makes any text part of a segment. It goes from left to right, so that a
// prefix of the text is a prefix of what comes out.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '/' || r == '%' || unicode.IsControl(r) {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
