package blob

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSigner(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := &Signer{Base: "http://ci.example:4000", Secret: []byte("secret"), Now: func() time.Time { return now }}
	const key = "cache/o/a%2Fb c?#/x☃.tar.gz"
	link, err := s.Link(t.Context(), http.MethodPut, key)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil || u.Host != "ci.example:4000" || u.Path != Path+key || len(u.Query()) != 1 {
		t.Fatalf("%s: %+v %v", link, u, err)
	}
	sig := u.Query().Get("sig")
	if err := s.Verify(http.MethodPut, key, sig); err != nil {
		t.Error(err)
	}
	expiry, mac, _ := strings.Cut(sig, ".")
	for what, err := range map[string]error{
		"another method":   s.Verify(http.MethodGet, key, sig),
		"another key":      s.Verify(http.MethodPut, key+"x", sig),
		"another expiry":   s.Verify(http.MethodPut, key, "9"+expiry+"."+mac),
		"padded expiry":    s.Verify(http.MethodPut, key, "0"+sig),
		"another secret":   (&Signer{Secret: []byte("other"), Now: s.Now}).Verify(http.MethodPut, key, sig),
		"no signature":     s.Verify(http.MethodPut, key, ""),
		"half a signature": s.Verify(http.MethodPut, key, sig[:len(sig)-4]),
		"no time":          s.Verify(http.MethodPut, key, "."+mac),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
	now = now.Add(LinkTTL - time.Second)
	if err := s.Verify(http.MethodPut, key, sig); err != nil {
		t.Error("in the last second:", err)
	}
	now = now.Add(time.Second)
	if err := s.Verify(http.MethodPut, key, sig); !errors.Is(err, ErrExpired) || !strings.Contains(err.Error(), "2027-01-15T09:00:00Z") {
		t.Error("after it:", err)
	}
	if _, err := s.Link(t.Context(), http.MethodGet, "../x"); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}
