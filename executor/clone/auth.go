package clone

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// remote is git with what it needs to talk to the source's server; done takes
// it away again.
func (s *Store) remote(dir string, src Source) (g *git, done func(), err error) {
	g, done = s.git(dir, src), func() {}
	pairs := [][2]string{
		// A server that has stopped sending is given up after a minute.
		{"http.lowSpeedLimit", "1"}, {"http.lowSpeedTime", "60"},
		{"gc.auto", "0"},
	}
	switch a := src.Auth; {
	case a == nil:
	case a.Kind == AuthBasic:
		pairs = append(pairs, g.basic(src.URL, a)...)
	default:
		if done, err = g.ssh(a); err != nil {
			return nil, nil, fault(err)
		}
	}
	g.configure(pairs...)
	return g, done, nil
}

// basic lends git a helper that knows the password. It is asked for this host
// and this scheme only, so that a redirection gets nothing; helpers of the
// machine are neither asked nor told.
func (g *git) basic(raw string, a *Auth) [][2]string {
	user := a.User
	if user == "" {
		user = defaultUser
	}
	g.env = append(g.env, "KICI_GIT_USER="+user, "KICI_GIT_PASSWORD="+a.Secret)
	scope := "credential"
	if u, err := url.Parse(raw); err == nil {
		scope += "." + u.Scheme + "://" + u.Host
	}
	const helper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$KICI_GIT_USER" "$KICI_GIT_PASSWORD"; }; f`
	return [][2]string{{"credential.helper", ""}, {scope + ".helper", ""}, {scope + ".helper", helper}}
}

// ssh lends git a deploy key.
func (g *git) ssh(a *Auth) (done func(), err error) {
	dir, err := os.MkdirTemp("", "kici-ssh-") // mode 0700
	if err != nil {
		return nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			done()
		}
	}()
	key := filepath.Join(dir, "key")
	// OpenSSH wants Unix lines and a last one that ends.
	pem := strings.TrimSpace(strings.ReplaceAll(a.Secret, "\r\n", "\n")) + "\n"
	if err := os.WriteFile(key, []byte(pem), 0o600); err != nil {
		return nil, err
	}
	argv := []string{
		"ssh", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "ForwardAgent=no", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4",
	}
	if a.HostKeys == HostKeysPinned {
		hosts := filepath.Join(dir, "known_hosts")
		if err := os.WriteFile(hosts, []byte(strings.TrimSpace(a.KnownHosts)+"\n"), 0o600); err != nil {
			return nil, err
		}
		argv = append(argv, "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile="+sshQuote(hosts), "-o", "GlobalKnownHostsFile="+os.DevNull)
	} else {
		argv = append(argv, "-o", "StrictHostKeyChecking=accept-new")
		if own := g.store.config.KnownHosts; own != "" {
			argv = append(argv, "-o", "UserKnownHostsFile="+sshQuote(own)+" ~/.ssh/known_hosts")
		}
	}
	for i, arg := range argv {
		argv[i] = shellQuote(arg)
	}
	g.env = append(g.env, "GIT_SSH_COMMAND="+strings.Join(argv, " "), "GIT_SSH_VARIANT=ssh")
	return done, nil
}

// sshQuote is a file name in an option of ssh, which splits at spaces.
func sshQuote(path string) string { return `"` + path + `"` }

func shellQuote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
