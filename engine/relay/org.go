package relay

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// KeyPrefix begins every orchestrator key.
const KeyPrefix = "kici_ok_"

const (
	orgPrefix   = "org_"
	aliasPrefix = "oal_"
	orgLetters  = 12
	keyBytes    = 32
	shownOfKey  = 16 // characters that tell keys apart
)

// DefaultOrg is the name of the organisation that a fresh installation has.
const DefaultOrg = "default"

// InputError: what an operator asked for cannot be done so.
type InputError struct{ Text string }

func (e *InputError) Error() string { return "relay: " + e.Text }

// letters are random ones.
func letters(n int) string {
	const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, n)
	var b [64]byte
	for {
		_, _ = rand.Read(b[:]) // it never fails
		for _, x := range b {
			if int(x) >= len(all)*4 { // keeps every letter as likely as the next
				continue
			}
			if out = append(out, all[int(x)%len(all)]); len(out) == n {
				return string(out)
			}
		}
	}
}

// plausible tells whether an organisation may have that id, without a question of
// the store.
func plausible(id engine.OrgID) bool {
	rest, ok := strings.CutPrefix(string(id), orgPrefix)
	return ok && len(rest) == orgLetters && strings.IndexFunc(rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// clean makes what a stranger says fit for a store and a list.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	if len(s) <= maxName {
		return s
	}
	s = s[:maxName]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// CreateOrg makes an organisation.
func (r *Relay) CreateOrg(ctx context.Context, name string) (*engine.Org, error) {
	if name = strings.TrimSpace(name); name == "" || clean(name) != name {
		return nil, &InputError{fmt.Sprintf("the name of an organisation is text of 1 to %d bytes", maxName)}
	}
	o := &engine.Org{ID: engine.OrgID(orgPrefix + letters(orgLetters)), Alias: aliasPrefix + letters(orgLetters), Name: name, CreatedAt: r.Now()}
	err := r.store.Tx(ctx, func(tx store.Tx) error { tx.Notify(store.TopicRelay); return tx.Relay().AddOrg(ctx, o) })
	if errors.Is(err, engine.ErrExists) {
		return nil, &InputError{fmt.Sprintf("there is an organisation named %q already", name)}
	}
	return o, err
}

// Seed makes the organisation that a fresh installation has. Of several relays
// that begin together, one does.
func (r *Relay) Seed(ctx context.Context) error {
	var all []engine.Org
	err := r.store.View(ctx, func(tx store.Tx) (err error) { all, err = tx.Relay().Orgs(ctx); return err })
	if err != nil || len(all) > 0 {
		return err
	}
	_, err = r.CreateOrg(ctx, DefaultOrg)
	var there *InputError
	if errors.As(err, &there) {
		return nil
	}
	return err
}

// CreateKey makes a key for orchestrators of an organisation. The secret is in the
// answer and nowhere else.
func (r *Relay) CreateKey(ctx context.Context, org engine.OrgID, name string, patterns []string) (k *engine.OrchestratorKey, secret string, err error) {
	if clean(name) != name {
		return nil, "", &InputError{fmt.Sprintf("the name of a key is text of at most %d bytes", maxName)}
	}
	for _, p := range patterns {
		if p == "" || clean(p) != p || strings.Contains(strings.TrimSuffix(p, "*"), "*") {
			return nil, "", &InputError{fmt.Sprintf("%q is no routing pattern: a routing key, or the beginning of one and a star, such as github:*", p)}
		}
	}
	var random [keyBytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	secret = KeyPrefix + hex.EncodeToString(random[:])
	hash := sha256.Sum256([]byte(secret))
	k = &engine.OrchestratorKey{ID: engine.KeyID(r.NewID()), Org: org, Name: name, Hash: hash[:], Prefix: secret[:shownOfKey], Patterns: patterns, CreatedAt: r.Now()}
	err = r.store.Tx(ctx, func(tx store.Tx) error {
		if _, err := tx.Relay().Org(ctx, org); err != nil {
			return err
		}
		return tx.Relay().AddKey(ctx, k)
	})
	return k, secret, err
}

// RevokeKey makes a key useless and ends the connections that it opened, here at
// once and at other relays when they hear of it.
func (r *Relay) RevokeKey(ctx context.Context, id engine.KeyID) error {
	err := r.store.Tx(ctx, func(tx store.Tx) error {
		tx.Notify(store.TopicRelay)
		return tx.Relay().RevokeKey(ctx, id, r.Now())
	})
	if err != nil {
		return err
	}
	for _, m := range r.all() {
		if m.seat.Key == id {
			m.link.Revoked(ErrRevoked.Error())
		}
	}
	return nil
}

func (r *Relay) all() []*Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*Member, 0, len(r.members))
	for _, m := range r.members {
		out = append(out, m)
	}
	return out
}

// Connected is how many orchestrators are.
func (r *Relay) Connected() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}
