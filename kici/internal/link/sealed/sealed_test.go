package sealed_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/internal/link/sealed"
)

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	private, public, err := sealed.Key()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "s3cret", strings.Repeat("long\n", 10_000)} {
		v, err := sealed.Seal(public, "TOKEN", value)
		if err != nil {
			t.Fatal(err)
		}
		if raw, _ := base64.StdEncoding.DecodeString(v.Encrypted); value != "" && strings.Contains(string(raw), value) {
			t.Error("the value is in the clear")
		}
		got, err := sealed.Open(private, "TOKEN", v)
		if err != nil || got != value {
			t.Errorf("got %d bytes and %v", len(got), err)
		}
		if again, _ := sealed.Seal(public, "TOKEN", value); again == v {
			t.Error("sealing twice gives the same")
		}
	}
}

func TestOthersCannotOpen(t *testing.T) {
	t.Parallel()
	private, public, err := sealed.Key()
	if err != nil {
		t.Fatal(err)
	}
	other, otherPublic, _ := sealed.Key()
	v, err := sealed.Seal(public, "TOKEN", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.StdEncoding.DecodeString(v.Encrypted)
	raw[len(raw)-1] ^= 1
	changed := base64.StdEncoding.EncodeToString(raw)
	for name, try := range map[string]func() (string, error){
		"another key":  func() (string, error) { return sealed.Open(other, "TOKEN", v) },
		"another name": func() (string, error) { return sealed.Open(private, "OTHER", v) },
		"another agent": func() (string, error) {
			return sealed.Open(private, "TOKEN", sealed.Value{AgentPublicKey: otherPublic, Encrypted: v.Encrypted})
		},
		"changed": func() (string, error) {
			return sealed.Open(private, "TOKEN", sealed.Value{AgentPublicKey: v.AgentPublicKey, Encrypted: changed})
		},
		"short": func() (string, error) {
			return sealed.Open(private, "TOKEN", sealed.Value{AgentPublicKey: v.AgentPublicKey, Encrypted: "AAAA"})
		},
	} {
		if got, err := try(); !errors.Is(err, sealed.ErrOpen) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "x", "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 32))} {
		if _, err := sealed.Seal(bad, "TOKEN", "v"); !errors.Is(err, sealed.ErrKey) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}
