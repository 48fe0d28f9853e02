package verification

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	const secret = "It's a Secret to Everybody"
	body := "Hello, World!"
	// The example GitHub documents: a second opinion on the digest.
	const digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	hmac := Config{Method: HMAC, Detail: Detail{Secret: secret}}
	bearer := Config{Method: Bearer, Detail: Detail{Token: "t0ken"}}
	allow := Config{Method: Allow, Detail: Detail{AllowedIPs: []string{"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"}, TrustedProxies: []string{"127.0.0.1"}}}
	gitlab := Scheme{Headers: []string{"X-Gitlab-Token"}, Plain: true}
	several := Scheme{Headers: []string{"X-Forgejo-Signature", "X-Gitea-Signature"}}
	for name, c := range map[string]struct {
		config Config
		scheme Scheme
		header http.Header
		remote string
		want   error
	}{
		"prefixed":            {hmac, Default(), http.Header{"X-Signature-256": {"sha256=" + digest}}, "", nil},
		"bare":                {hmac, Default(), http.Header{"X-Signature-256": {digest}}, "", nil},
		"method left out":     {Config{Detail: Detail{Secret: secret}}, Default(), http.Header{"X-Signature-256": {digest}}, "", nil},
		"wrong":               {hmac, Default(), http.Header{"X-Signature-256": {"00" + digest[2:]}}, "", provider.ErrSignature},
		"short":               {hmac, Default(), http.Header{"X-Signature-256": {digest[:10]}}, "", provider.ErrSignature},
		"not hex":             {hmac, Default(), http.Header{"X-Signature-256": {"sha256=zz"}}, "", provider.ErrSignature},
		"empty":               {hmac, Default(), http.Header{"X-Signature-256": {""}}, "", provider.ErrSignature},
		"missing":             {hmac, Default(), nil, "", provider.ErrSignature},
		"other header":        {hmac, Default(), http.Header{"X-Hub-Signature-256": {"sha256=" + digest}}, "", provider.ErrSignature},
		"configured header":   {Config{Method: HMAC, Detail: Detail{Secret: secret, HeaderName: "x-hub-signature-256"}}, Default(), http.Header{"X-Hub-Signature-256": {"sha256=" + digest}}, "", nil},
		"second header":       {hmac, several, http.Header{"X-Gitea-Signature": {digest}}, "", nil},
		"first header counts": {hmac, several, http.Header{"X-Forgejo-Signature": {"00"}, "X-Gitea-Signature": {digest}}, "", provider.ErrSignature},
		"no secret":           {Config{Method: HMAC}, Default(), http.Header{"X-Signature-256": {digest}}, "", provider.ErrMisconfigured},
		"nothing said":        {Config{}, Default(), nil, "", provider.ErrMisconfigured},
		"unknown method":      {Config{Method: "trust"}, Default(), nil, "", provider.ErrMisconfigured},
		"plain":               {hmac, gitlab, http.Header{"X-Gitlab-Token": {secret}}, "", nil},
		"plain wrong":         {hmac, gitlab, http.Header{"X-Gitlab-Token": {secret + "!"}}, "", provider.ErrSignature},
		"plain is no digest":  {hmac, gitlab, http.Header{"X-Gitlab-Token": {digest}}, "", provider.ErrSignature},
		"bearer":              {bearer, Default(), http.Header{"Authorization": {"bearer t0ken"}}, "", nil},
		"bearer wrong":        {bearer, Default(), http.Header{"Authorization": {"Bearer t0ken2"}}, "", provider.ErrSignature},
		"bearer without word": {bearer, Default(), http.Header{"Authorization": {"t0ken"}}, "", provider.ErrSignature},
		"bearer missing":      {bearer, Default(), nil, "", provider.ErrSignature},
		"bearer other header": {Config{Method: Bearer, Detail: Detail{Token: "t0ken", HeaderName: "X-Api-Key"}}, Default(), http.Header{"X-Api-Key": {"t0ken"}}, "", nil},
		"none":                {Config{Method: None}, Default(), nil, "", nil},
		"inside":              {allow, Default(), nil, "10.1.2.3", nil},
		"mapped":              {allow, Default(), nil, "::ffff:10.1.2.3", nil},
		"address":             {allow, Default(), nil, "192.0.2.7", nil},
		"v6 with zone":        {allow, Default(), nil, "2001:db8::1%eth0", nil},
		"outside":             {allow, Default(), nil, "192.0.2.8", provider.ErrForbidden},
		"nowhere":             {allow, Default(), nil, "", provider.ErrForbidden},
		"proxied":             {allow, Default(), http.Header{"X-Forwarded-For": {"203.0.113.1, 10.9.9.9"}}, "127.0.0.1", nil},
		"proxied outside":     {allow, Default(), http.Header{"X-Forwarded-For": {"10.9.9.9, 203.0.113.1"}}, "127.0.0.1", provider.ErrForbidden},
		"proxied twice":       {allow, Default(), http.Header{"X-Forwarded-For": {"10.9.9.9", "127.0.0.1"}}, "127.0.0.1", nil},
		"proxied nonsense":    {allow, Default(), http.Header{"X-Forwarded-For": {"10.9.9.9, unknown"}}, "127.0.0.1", provider.ErrForbidden},
		"forged proxy":        {allow, Default(), http.Header{"X-Forwarded-For": {"10.9.9.9"}}, "192.0.2.8", provider.ErrForbidden},
		"proxy itself":        {allow, Default(), nil, "127.0.0.1", provider.ErrForbidden},
	} {
		in := &provider.Inbound{Header: c.header, Body: []byte(body)}
		if c.remote != "" {
			in.Remote = netip.MustParseAddr(c.remote)
		}
		if err := c.config.Verify(in, c.scheme); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Header: http.Header{"X-Signature-256": {Sign([]byte("b"), "s")}}, Body: []byte("b")}
	c := Config{Detail: Detail{Secret: "s"}}
	if err := c.Verify(in, Default()); err != nil {
		t.Error(err)
	}
}
