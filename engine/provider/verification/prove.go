package verification

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/lockfile"
)

// Methods of a trigger's own auth.
const (
	TriggerHMAC   = "hmac-sha256"
	TriggerAPIKey = "api-key"
)

// tolerance is how far the time in a signature may lie from now.
const tolerance = 5 * time.Minute

// Prove tells whether a delivery satisfies the auth of a genericWebhook trigger,
// whose secret has been looked up. in has its headers as they came.
//
// An HMAC is hexadecimal, bare or behind "sha256="; or it is a list "t=…,v1=…" as
// payment services send it, which signs the time as well, so that an old delivery
// cannot be sent again. An API key is compared as it is, or behind "Bearer".
func Prove(a *lockfile.WebhookAuth, secret string, in *provider.Inbound, now time.Time) error {
	if secret == "" {
		return errors.New("the secret is empty")
	}
	switch a.Method {
	case TriggerHMAC:
		name := a.SignatureHeader
		if name == "" {
			name = Default().Headers[0]
		}
		given := strings.TrimSpace(in.Header.Get(name))
		if given == "" {
			return fmt.Errorf("%w: no %s", provider.ErrSignature, name)
		}
		if strings.HasPrefix(given, "t=") || strings.Contains(given, ",v1=") {
			return dated(name, given, secret, in.Body, now)
		}
		if !signed(given, in.Body, secret) {
			return fmt.Errorf("%w: %s does not fit", provider.ErrSignature, name)
		}
		return nil
	case TriggerAPIKey:
		c := Config{Method: Bearer, Detail: Detail{Token: provider.Secret(secret), HeaderName: a.Header}}
		if given := in.Header.Get("Authorization"); a.Header == "" && same(strings.TrimSpace(given), secret) {
			return nil
		}
		return c.bearer(in)
	}
	return fmt.Errorf("%q is no method; there are %s and %s", a.Method, TriggerHMAC, TriggerAPIKey)
}

// dated checks a signature over "<time>.<body>". Of several, as they are sent
// while a secret is being replaced, one has to fit.
func dated(name, given, secret string, body []byte, now time.Time) error {
	var at string
	var sums []string
	for part := range strings.SplitSeq(given, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "t":
			at = value
		case "v1":
			sums = append(sums, value)
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %s tells no time", provider.ErrSignature, name)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + ".")) // a hash does not fail
	mac.Write(body)
	want, fits := mac.Sum(nil), false
	for _, sum := range sums {
		got, err := hex.DecodeString(sum)
		fits = fits || err == nil && hmac.Equal(got, want)
	}
	if !fits {
		return fmt.Errorf("%w: %s does not fit", provider.ErrSignature, name)
	}
	if away := now.Sub(time.Unix(seconds, 0)); away.Abs() > tolerance {
		return fmt.Errorf("%w: %s was made at another time", provider.ErrSignature, name)
	}
	return nil
}
