package clone

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// Source is what to make a work tree of.
type Source struct {
	// URL is https, ssh (also user@host:path), file, or an absolute path.
	URL string
	// Ref is the full name of the ref that the commit was seen on, when it is
	// known: it names the branch or tag in the work tree, and helps with servers
	// that hand out no commit by its name.
	Ref string
	// SHA is the commit, in full.
	SHA  string
	Auth *Auth
	// Standalone gives the work tree all of its objects, so that it can be
	// mounted where the mirror is not: in a container.
	Standalone bool
}

// Kinds of Auth, and what to think of host keys.
const (
	AuthBasic = "basic"
	AuthSSH   = "ssh"

	HostKeysAcceptNew = "accept-new"
	HostKeysPinned    = "pinned"
)

// defaultUser is who a token without a user belongs to.
const defaultUser = "x-access-token"

// Auth are the credentials of a source. It prints without its secret.
type Auth struct {
	Kind   string // AuthBasic or AuthSSH
	User   string
	Secret string // password, token, or private key in PEM
	// HostKeys is accept-new (also when empty) or pinned, with KnownHosts.
	HostKeys   string
	KnownHosts string
}

// String keeps the secret out of logs.
func (a Auth) String() string { return a.Kind + " auth of " + a.User }

// GoString does so for %#v.
func (a Auth) GoString() string { return a.String() }

func (s *Source) check() error {
	switch {
	case !isSHA(s.SHA):
		return invalid("%q is not the full name of a commit", s.SHA)
	case !isRef(s.Ref):
		return invalid("%q is not the name of a ref", s.Ref)
	case s.URL == "" || strings.HasPrefix(s.URL, "-") || strings.ContainsAny(s.URL, "\x00\r\n"):
		return invalid("%q is not the URL of a repository", s.URL)
	}
	if strings.Contains(s.URL, "://") {
		u, err := url.Parse(s.URL)
		if err != nil {
			return invalid("the URL of the repository cannot be read") // the error quotes it, password and all
		}
		if _, has := u.User.Password(); has {
			return &Error{Kind: ErrInvalid, URL: u.Redacted(), Detail: "the URL carries a password", Hint: "store it as the source's credentials instead"}
		}
		switch u.Scheme {
		case "http", "https", "ssh", "file":
		default:
			return invalid("repositories are fetched over https, ssh or from a file, not over %q", u.Scheme)
		}
	}
	return s.Auth.check()
}

func (a *Auth) check() error {
	if a == nil {
		return nil
	}
	switch {
	case a.Kind != AuthBasic && a.Kind != AuthSSH:
		return invalid("credentials of kind %q are unknown", a.Kind)
	case a.Secret == "":
		return invalid("the credentials are empty")
	case a.Kind == AuthBasic && strings.ContainsAny(a.User+a.Secret, "\x00\r\n"):
		return invalid("a user name or token has a line break in it")
	case a.HostKeys == HostKeysPinned && strings.TrimSpace(a.KnownHosts) == "":
		return invalid("pinned host keys need the known_hosts lines of the server")
	case a.HostKeys != "" && a.HostKeys != HostKeysPinned && a.HostKeys != HostKeysAcceptNew:
		return invalid("host key policy %q is unknown", a.HostKeys)
	}
	return nil
}

func isSHA(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// isRef accepts what git does, and nothing that means something else in a
// refspec. No name at all is fine.
func isRef(ref string) bool {
	return !strings.HasPrefix(ref, "-") && !strings.Contains(ref, "..") && !strings.Contains(ref, "@{") && !strings.Contains(ref, "//") &&
		!strings.HasSuffix(ref, "/") && !strings.HasSuffix(ref, ".lock") &&
		!strings.ContainsFunc(ref, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(":?*[\\^~", r) })
}

// localPath is where a repository is on this machine, "" when it is elsewhere.
func localPath(raw string) string {
	if strings.HasPrefix(raw, "file://") {
		u, err := url.Parse(raw)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return ""
		}
		path := u.Path
		if runtime.GOOS == "windows" {
			path = strings.TrimPrefix(path, "/")
		}
		return filepath.FromSlash(path)
	}
	if !strings.Contains(raw, "://") && filepath.IsAbs(raw) {
		return raw
	}
	return ""
}
