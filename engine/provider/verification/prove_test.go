package verification

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/lockfile"
)

func TestProve(t *testing.T) {
	t.Parallel()
	const secret, body = "It's a Secret to Everybody", "Hello, World!"
	now := time.Unix(1_700_000_000, 0)
	sum := Sign([]byte(body), secret)
	paid := "t=1700000000,v1=" + Sign([]byte("1700000000."+body), secret)
	hmac := &lockfile.WebhookAuth{Method: "hmac-sha256", SignatureHeader: "stripe-signature"}
	key, own := &lockfile.WebhookAuth{Method: "api-key"}, &lockfile.WebhookAuth{Method: "api-key", Header: "x-api-key"}
	for name, c := range map[string]struct {
		auth   *lockfile.WebhookAuth
		secret string
		header []string
		now    time.Time
		want   string // part of the error
	}{
		"hmac":           {hmac, secret, []string{"Stripe-Signature", sum}, now, ""},
		"prefixed":       {hmac, secret, []string{"Stripe-Signature", "sha256=" + sum}, now, ""},
		"wrong":          {hmac, secret, []string{"Stripe-Signature", "00" + sum[2:]}, now, "does not fit"},
		"missing":        {hmac, secret, nil, now, "no stripe-signature"},
		"usual header":   {&lockfile.WebhookAuth{Method: "hmac-sha256"}, secret, []string{"X-Signature-256", sum}, now, ""},
		"dated":          {hmac, secret, []string{"Stripe-Signature", paid + ",v0=abc"}, now, ""},
		"two secrets":    {hmac, secret, []string{"Stripe-Signature", strings.Replace(paid, ",", ",v1=00,", 1)}, now.Add(time.Minute), ""},
		"old":            {hmac, secret, []string{"Stripe-Signature", paid}, now.Add(6 * time.Minute), "another time"},
		"early":          {hmac, secret, []string{"Stripe-Signature", paid}, now.Add(-6 * time.Minute), "another time"},
		"another time":   {hmac, secret, []string{"Stripe-Signature", strings.Replace(paid, "t=17", "t=18", 1)}, now, "does not fit"},
		"no time":        {hmac, secret, []string{"Stripe-Signature", "t=x,v1=" + sum}, now, "tells no time"},
		"only a time":    {hmac, secret, []string{"Stripe-Signature", "t=1700000000"}, now, "does not fit"},
		"key":            {key, secret, []string{"Authorization", secret}, now, ""},
		"bearer key":     {key, secret, []string{"Authorization", "Bearer " + secret}, now, ""},
		"wrong key":      {key, secret, []string{"Authorization", "Bearer x"}, now, "missing or wrong"},
		"no key":         {key, secret, nil, now, "missing or wrong"},
		"own header":     {own, secret, []string{"X-Api-Key", secret}, now, ""},
		"other header":   {own, secret, []string{"Authorization", secret}, now, "missing or wrong"},
		"empty secret":   {key, "", []string{"Authorization", ""}, now, "empty"},
		"empty hmac":     {hmac, "", []string{"Stripe-Signature", Sign([]byte(body), "")}, now, "empty"},
		"unknown method": {&lockfile.WebhookAuth{Method: "none"}, secret, nil, now, "no method"},
	} {
		in := &provider.Inbound{Header: http.Header{}, Body: []byte(body)}
		for i := 0; i < len(c.header); i += 2 {
			in.Header.Set(c.header[i], c.header[i+1])
		}
		err := Prove(c.auth, c.secret, in, c.now)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), secret):
			t.Errorf("%s: the error tells the secret", name)
		}
	}
}
