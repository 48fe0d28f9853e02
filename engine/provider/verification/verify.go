package verification

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/kici-dev/kici-go/engine/provider"
)

// Verify tells whether the delivery may come in.
func (c *Config) Verify(in *provider.Inbound, s Scheme) error {
	if err := provider.Config(c.Check()); err != nil {
		return err
	}
	if c.Detail.HeaderName != "" {
		s.Headers = []string{c.Detail.HeaderName}
	}
	switch c.Method {
	case None:
		return nil
	case Allow:
		return c.address(in)
	case Bearer:
		return c.bearer(in)
	}
	for _, name := range s.Headers {
		given := in.Header.Get(name)
		switch {
		case given == "":
		case s.Plain && same(given, string(c.Detail.Secret)), !s.Plain && signed(given, in.Body, string(c.Detail.Secret)):
			return nil
		default:
			return fmt.Errorf("%w: %s does not fit", provider.ErrSignature, name)
		}
	}
	return fmt.Errorf("%w: no %s", provider.ErrSignature, strings.Join(s.Headers, " or "))
}

// Sign is the value of a signature header, for who sends.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body) // a hash does not fail
	return hex.EncodeToString(mac.Sum(nil))
}

func signed(given string, body []byte, secret string) bool {
	given = strings.TrimSpace(given)
	given = strings.TrimPrefix(given, "sha256=")
	sum, err := hex.DecodeString(given)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(sum, mac.Sum(nil))
}

// same compares digests, so that not even the length of the secret shows.
func same(given, secret string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (c *Config) bearer(in *provider.Inbound) error {
	name, prefix := "Authorization", "bearer "
	if c.Detail.HeaderName != "" {
		name = c.Detail.HeaderName
	}
	given := strings.TrimSpace(in.Header.Get(name))
	if len(given) > len(prefix) && strings.EqualFold(given[:len(prefix)], prefix) {
		given = strings.TrimSpace(given[len(prefix):])
	} else if name == "Authorization" {
		given = ""
	}
	if given == "" || !same(given, string(c.Detail.Token)) {
		return fmt.Errorf("%w: the token in %s is missing or wrong", provider.ErrSignature, name)
	}
	return nil
}

func (c *Config) address(in *provider.Inbound) error {
	from := c.sender(in)
	if !within(from, c.Detail.AllowedIPs) {
		return fmt.Errorf("%w: %s", provider.ErrForbidden, from)
	}
	return nil
}

// sender walks X-Forwarded-For from its end, as far as those who wrote it are
// trusted. What stands before that was written by anybody.
func (c *Config) sender(in *provider.Inbound) netip.Addr {
	from := in.Remote
	hops := strings.Split(strings.Join(in.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(from, c.Detail.TrustedProxies); i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" {
			continue
		}
		next, err := netip.ParseAddr(hop)
		if err != nil {
			return netip.Addr{} // a proxy that names nobody vouches for nobody
		}
		from = next
	}
	return from
}
