package orchestrator

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// sealing is a store that keeps the configurations of sources encrypted: they
// hold what senders sign with and what opens repositories. Above it they are
// plain, below it nobody can read them who has only the database.
type sealing struct {
	store.Store
	aead cipher.AEAD
}

// errSourceKey: the configuration was sealed with another key.
var errSourceKey = errors.New("kici: the configuration of a source cannot be opened with this secret key; orchestrators of one database share KICI_SECRET_KEY")

func seal(s store.Store, key []byte) (store.Store, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealing{s, aead}, nil
}

func (s *sealing) Tx(ctx context.Context, f func(store.Tx) error) error {
	return s.Store.Tx(ctx, func(tx store.Tx) error { return f(sealingTx{tx, s.aead}) })
}

func (s *sealing) View(ctx context.Context, f func(store.Tx) error) error {
	return s.Store.View(ctx, func(tx store.Tx) error { return f(sealingTx{tx, s.aead}) })
}

type sealingTx struct {
	store.Tx
	aead cipher.AEAD
}

func (t sealingTx) Sources() store.Sources { return sealedSources{t.Tx.Sources(), t.aead} }

type sealedSources struct {
	store.Sources
	aead cipher.AEAD
}

// sealedConfig is what stands in the place of a configuration. No provider has a
// field of that name, so one that was stored before is told from it.
type sealedConfig struct {
	Sealed []byte `json:"kiciSealed"` // nonce and ciphertext; the source's id belongs to it
}

func (s sealedSources) Put(ctx context.Context, src *engine.Source) error {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	text, err := json.Marshal(sealedConfig{s.aead.Seal(nonce, nonce, src.Config, []byte(src.ID))})
	if err != nil {
		return err
	}
	row := *src
	row.Config = text
	return s.Sources.Put(ctx, &row)
}

func (s sealedSources) Find(ctx context.Context, idOrName string) (*engine.Source, error) {
	src, err := s.Sources.Find(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	return src, s.open(src)
}

func (s sealedSources) List(ctx context.Context) ([]engine.Source, error) {
	all, err := s.Sources.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := s.open(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s sealedSources) open(src *engine.Source) error {
	if !bytes.HasPrefix(src.Config, []byte(`{"kiciSealed":`)) {
		return nil // stored before there was sealing
	}
	var c sealedConfig
	if err := json.Unmarshal(src.Config, &c); err != nil || len(c.Sealed) < s.aead.NonceSize() {
		return fmt.Errorf("%w: source %q", errSourceKey, src.Name)
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, c.Sealed[:n], c.Sealed[n:], []byte(src.ID))
	if err != nil {
		return fmt.Errorf("%w: source %q", errSourceKey, src.Name)
	}
	src.Config = plain
	return nil
}
