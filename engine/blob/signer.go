package blob

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Path is where signed links point to, below a base URL; the key follows.
const Path = "/api/v1/cache/blob/"

// LinkTTL is how long a link is good.
const LinkTTL = time.Hour

// Methods of links.
const (
	Download = "GET"
	Upload   = "PUT"
)

// Linker gives URLs by which somebody without credentials may GET or PUT an
// object for a while.
type Linker interface {
	Link(ctx context.Context, method, key string) (string, error)
}

// Errors of Verify.
var (
	// ErrSignature: the link was not made here, or not for this.
	ErrSignature = errors.New("blob: the signature does not match")
	// ErrExpired: the link was good once.
	ErrExpired = errors.New("blob: the link has expired")
)

// Signer makes links to this orchestrator and verifies them: HMAC-SHA256 over
// method, expiry and key. Orchestrators that serve each other's links share the
// secret.
type Signer struct {
	Base   string // URL the agents reach us by, without a slash at its end
	Secret []byte // 32 random bytes
	TTL    time.Duration
	Now    func() time.Time
}

// Link signs.
func (s *Signer) Link(_ context.Context, method, key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	ttl := s.TTL
	if ttl <= 0 {
		ttl = LinkTTL
	}
	expiry := strconv.FormatInt(s.Now().Add(ttl).Unix(), 10)
	escaped := (&url.URL{Path: Path + key}).EscapedPath()
	return s.Base + escaped + "?sig=" + expiry + "." + base64.RawURLEncoding.EncodeToString(s.mac(method, expiry, key)), nil
}

// Verify checks what follows "sig=". The time is looked at last, so that a
// stranger learns nothing from the difference.
func (s *Signer) Verify(method, key, sig string) error {
	expiry, text, _ := strings.Cut(sig, ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || !hmac.Equal(mac, s.mac(method, expiry, key)) {
		return ErrSignature
	}
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil {
		return ErrSignature
	}
	if !s.Now().Before(time.Unix(until, 0)) {
		return fmt.Errorf("%w on %s", ErrExpired, time.Unix(until, 0).UTC().Format(time.RFC3339))
	}
	return nil
}

// mac puts the key last: it is the only part that may hold anything.
func (s *Signer) mac(method, expiry, key string) []byte {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte(method + "\n" + expiry + "\n" + key)) //nolint:errcheck // a hash takes everything
	return h.Sum(nil)
}

var _ Linker = (*Signer)(nil)
