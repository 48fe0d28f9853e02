package orchestrator

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/kici/internal/link/sealed"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

// masterKey is 32 bytes from which all keys of an installation are derived.
// Orchestrators of one database share it.
type masterKey []byte

const keyBytes = 32

// secretKey is the configured one, or one that is made once and kept beside the
// embedded store.
func (o *Orchestrator) secretKey() (masterKey, error) {
	if k := o.config.SecretKey; len(k) > 0 {
		if len(k) != keyBytes {
			return nil, fmt.Errorf("kici: SecretKey has %d bytes, not %d", len(k), keyBytes)
		}
		return k, nil
	}
	key := make(masterKey, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if o.config.DataDir == "" {
		return key, nil
	}
	path := filepath.Join(o.config.DataDir, "secret.key")
	known, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(o.config.DataDir, 0o700); err != nil {
			return nil, err
		}
		return key, os.WriteFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	if n, err := hex.Decode(key, []byte(string(known[:min(len(known), 2*keyBytes)]))); err != nil || n != keyBytes {
		return nil, fmt.Errorf("kici: %s does not hold %d bytes in hexadecimal", path, keyBytes)
	}
	return key, nil
}

// derive makes a key for one purpose.
func (k masterKey) derive(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k, nil, "kici "+purpose, keyBytes)
	if err != nil { // only for lengths that are not ours
		panic(err)
	}
	return out
}

// vault opens the secret outputs of runs. The pair of a run is derived from the
// master key and the run's id, so there is no private key to keep, seal or
// forget.
type vault struct{ key masterKey }

func (v *vault) pair(run engine.RunID) (*ecdh.PrivateKey, error) {
	return ecdh.X25519().NewPrivateKey(v.key.derive("run " + string(run)))
}

// PublicKey is what agents seal to.
func (v *vault) PublicKey(run engine.RunID) (string, error) {
	p, err := v.pair(run)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(p.PublicKey().Bytes()), nil
}

// Open reads what an agent sealed, as it came over the wire.
func (v *vault) Open(run engine.RunID, text []byte) ([]jobspec.Secret, error) {
	p, err := v.pair(run)
	if err != nil {
		return nil, err
	}
	var all map[string]message.SealedSecret
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	var out []jobspec.Secret
	for name, s := range all {
		value, err := sealed.Open(p, name, sealed.Value{AgentPublicKey: s.AgentPublicKey, Encrypted: s.Encrypted})
		if err != nil {
			return nil, err
		}
		out = append(out, jobspec.Secret{Key: name, Value: value, Backend: "output"})
	}
	slices.SortFunc(out, func(a, b jobspec.Secret) int { return compare(a.Key, b.Key) })
	return out, nil
}
