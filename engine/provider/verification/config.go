package verification

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine/provider"
)

// Methods.
const (
	HMAC   = "hmac_sha256"
	Bearer = "bearer_token"
	Allow  = "ip_allowlist"
	None   = "none"
)

// Config is how deliveries of a source are verified.
type Config struct {
	Method string `json:"verificationMethod"` // empty is HMAC
	Detail Detail `json:"verificationConfig"`
}

// Detail belongs to the method.
type Detail struct {
	Secret     provider.Secret `json:"secret"`     // HMAC
	HeaderName string          `json:"headerName"` // HMAC, bearer: instead of the usual one
	Token      provider.Secret `json:"token"`      // bearer
	AllowedIPs []string        `json:"allowedIps"` // allow-list: addresses and CIDRs
	// TrustedProxies may say for whom they speak, in X-Forwarded-For.
	TrustedProxies []string `json:"trustedProxies"`
}

// Scheme is how a kind of sender proves itself under HMAC.
type Scheme struct {
	Headers []string // the first that is there counts
	// Plain: the header holds the secret itself, as GitLab sends it.
	Plain bool
}

// Default is the scheme of senders that nobody knows.
func Default() Scheme { return Scheme{Headers: []string{"X-Signature-256"}} }

// Check gives what is wrong with the configuration.
func (c *Config) Check() []provider.Problem {
	const at = "verificationConfig."
	var out []provider.Problem
	add := func(path, message string) { out = append(out, provider.Problem{Path: path, Message: message}) }
	switch c.Method {
	case "", HMAC:
		if c.Detail.Secret == "" {
			add(at+"secret", "is needed: the sender signs with it")
		}
	case Bearer:
		if c.Detail.Token == "" {
			add(at+"token", "is needed: the sender shows it")
		}
	case Allow:
		if len(c.Detail.AllowedIPs) == 0 {
			add(at+"allowedIps", "is needed: without it nobody may send")
		}
	case None:
	default:
		add("verificationMethod", fmt.Sprintf("%q is no method; there are %s", c.Method, strings.Join([]string{HMAC, Bearer, Allow, None}, ", ")))
	}
	for _, list := range []struct {
		path  string
		texts []string
	}{{"allowedIps", c.Detail.AllowedIPs}, {"trustedProxies", c.Detail.TrustedProxies}} {
		for i, text := range list.texts {
			if _, err := parsePrefix(text); err != nil {
				add(fmt.Sprintf("%s%s[%d]", at, list.path, i), fmt.Sprintf("%q is neither an address nor a CIDR", text))
			}
		}
	}
	return out
}

// parsePrefix reads an address or a CIDR. An IPv4 address written as IPv6 is
// the same address, as which the system may report a connection too.
func parsePrefix(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("%s spans more than IPv4", text)
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func within(a netip.Addr, texts []string) bool {
	a = a.Unmap().WithZone("")
	return a.IsValid() && slices.ContainsFunc(texts, func(text string) bool {
		p, err := parsePrefix(text)
		return err == nil && p.Contains(a)
	})
}
