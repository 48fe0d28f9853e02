package serverend_test

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// tokens puts some into the store.
func (b *bench) tokens() {
	b.t.Helper()
	add := func(secret string, t engine.AgentToken) {
		hash := sha256.Sum256([]byte(secret))
		t.ID, t.Name, t.Hash, t.CreatedAt = engine.TokenID(secret), secret, hash[:], time.Now()
		b.must(b.store.Tx(b.ctx, func(tx store.Tx) error { return tx.Agents().AddToken(b.ctx, &t) }))
	}
	add("kat_good", engine.AgentToken{})
	add("kat_linux", engine.AgentToken{Labels: []engine.Label{"linux"}})
	add("kat_old", engine.AgentToken{ExpiresAt: time.Now().Add(time.Hour)})
	add("kat_gone", engine.AgentToken{})
	b.must(b.store.Tx(b.ctx, func(tx store.Tx) error { return tx.Agents().RevokeToken(b.ctx, "kat_gone", time.Now()) }))
}

func auth(token string, version int) string {
	return `{"type":"auth.request","token":"` + token + `","protocolVersion":` + string(rune('0'+version)) + `}`
}

func registerWith(fields string) string {
	return `{"type":"agent.register","messageId":"m","agentId":"one",` + fields + `}`
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	const plain = `"labels":["linux"]`
	long := strings.Repeat("x", 201)
	many, _ := json.Marshal(strings.Split(strings.Repeat("x,", 1001), ","))
	for _, c := range []struct {
		name    string
		trusted bool
		frames  []string
		code    transport.Code // 0: let in
		text    string
	}{
		{"token", false, []string{auth("kat_good", 1), registerWith(plain)}, 0, ""},
		{"own process", true, []string{registerWith(plain)}, 0, ""},
		{"own process with a token", true, []string{auth("kat_whatever", 1), registerWith(plain)}, 0, ""},
		{"new fields", false, []string{`{"type":"auth.request","token":"kat_good","protocolVersion":9,"x":[1]}`, registerWith(plain + `,"x":{}`)}, 0, ""},
		{"label of the token", false, []string{auth("kat_linux", 1), registerWith(`"labels":["LINUX","kici:os:linux"]`)}, 0, ""},
		{"label beyond the token", false, []string{auth("kat_linux", 1), registerWith(`"labels":["linux","gpu"]`)}, transport.AgentAuthFailed, `"gpu"`},

		{"silence", false, nil, transport.AuthTimeout, "5s"},
		{"silence after the token", false, []string{auth("kat_good", 1)}, transport.AuthTimeout, "10s"},
		{"no token", false, []string{registerWith(plain)}, transport.Unauthorized, "auth.request comes first"},
		{"unknown token", false, []string{auth("kat_bad", 1)}, transport.AgentAuthFailed, "not known"},
		{"no agent's token", false, []string{auth("ghp_x", 1)}, transport.AgentAuthFailed, "begin with kat_"},
		{"empty token", false, []string{auth("", 1)}, transport.AgentAuthFailed, "begin with kat_"},
		{"revoked", false, []string{auth("kat_gone", 1)}, transport.AgentAuthFailed, "revoked"},
		{"expired", false, []string{auth("kat_old", 1)}, transport.AgentAuthFailed, "expired"},
		{"old protocol", false, []string{auth("kat_good", 0)}, transport.ProtocolError, "too old"},
		{"old protocol, own process", true, []string{registerWith(plain + `,"protocolVersion":-1`)}, transport.ProtocolError, "too old"},

		{"another message", true, []string{`{"type":"heartbeat","timestamp":1}`}, transport.InvalidMessage, "not heartbeat"},
		{"token twice", false, []string{auth("kat_good", 1), auth("kat_good", 1)}, transport.InvalidMessage, "not auth.request"},
		{"wrong direction", true, []string{`{"type":"job.dispatch"}`}, transport.InvalidMessage, "job.dispatch"},
		{"unknown type", true, []string{`{"type":"job.explode"}`}, transport.InvalidMessage, "job.explode"},
		{"broken JSON", true, []string{`{"type":"agent.register","agentId":`}, transport.InvalidMessage, ""},
		{"no JSON", true, []string{"\x00\xff"}, transport.InvalidMessage, ""},
		{"wrong JSON", true, []string{`{"type":"agent.register","agentId":7}`}, transport.InvalidMessage, "agent.register"},
		{"no name", true, []string{`{"type":"agent.register","labels":[]}`}, transport.InvalidMessage, "agentId"},
		{"long name", true, []string{`{"type":"agent.register","agentId":"` + long + `"}`}, transport.InvalidMessage, "agentId"},
		{"name with a NUL", true, []string{`{"type":"agent.register","agentId":"a\u0000"}`}, transport.InvalidMessage, "text"},
		{"long label", true, []string{registerWith(`"labels":["` + long + `"]`)}, transport.InvalidMessage, "label"},
		{"many labels", true, []string{registerWith(`"labels":` + string(many))}, transport.InvalidMessage, "1000 labels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.tokens()
				if c.name == "expired" {
					<-time.After(2 * time.Hour)
				}
				a := b.dial(c.trusted)
				begin := time.Now()
				for _, f := range c.frames {
					a.raw(f)
				}
				synctest.Wait()
				if c.code == 0 {
					if acks := all[*message.RegisterAck](a); len(acks) != 1 || acks[0].AgentID != "one" {
						t.Errorf("not let in: %v", a.end())
					}
					a.leave()
					return
				}
				<-a.ended
				if end := a.end(); end == nil || end.Code != c.code || !strings.Contains(end.Reason, c.text) {
					t.Errorf("ended with %v, want %d saying %q", end, c.code, c.text)
				}
				failures := all[*message.AuthFailure](a)
				if wants := c.code == transport.AgentAuthFailed || c.code == transport.Unauthorized; wants != (len(failures) == 1) {
					t.Errorf("auth.failure: %v", failures)
				}
				if took := time.Since(begin); c.code != transport.AuthTimeout && took != 0 {
					t.Errorf("it took %v", took)
				}
				if len(all[*message.RegisterAck](a)) != 0 {
					t.Error("it was registered")
				}
			})
		})
	}
}

// Who hangs up during admission leaves nothing behind, and a token is noted as used.
func TestAdmissionLeavesTraces(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.tokens()
		a := b.dial(false)
		a.raw(auth("kat_good", 1))
		synctest.Wait()
		a.leave()
		a = b.dial(false)
		a.leave()
		b.must(b.store.View(b.ctx, func(tx store.Tx) error {
			all, err := tx.Agents().List(b.ctx)
			if len(all) != 0 {
				t.Errorf("agents %v", all)
			}
			hash := sha256.Sum256([]byte("kat_good"))
			token, err2 := tx.Agents().Token(b.ctx, hash[:])
			if err2 != nil || token.UsedAt.IsZero() {
				t.Errorf("the token: %+v, %v", token, err2)
			}
			return err
		}))
	})
}
