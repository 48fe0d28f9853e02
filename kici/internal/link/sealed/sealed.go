package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Value is a sealed value, both parts in base64.
type Value struct {
	AgentPublicKey string
	Encrypted      string
}

var (
	// ErrKey: a public key is none.
	ErrKey = errors.New("sealed: not an X25519 public key")
	// ErrOpen: the value was not sealed for this key and this name, or has been
	// changed on the way.
	ErrOpen = errors.New("sealed: the value cannot be opened")
)

const (
	info     = "kici-secret-output"
	nonceLen = 12
	tagLen   = 16
)

// Key makes the pair of a run. The public half is what Seal takes.
func Key() (private *ecdh.PrivateKey, public string, err error) {
	private, err = ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("sealed: %w", err)
	}
	return private, base64.StdEncoding.EncodeToString(private.PublicKey().Bytes()), nil
}

// Seal encrypts the value of the output of that name for the run's key.
func Seal(public, name, value string) (Value, error) {
	run, err := parse(public)
	if err != nil {
		return Value{}, err
	}
	own, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return Value{}, fmt.Errorf("sealed: %w", err)
	}
	aead, err := agree(own, run, own.PublicKey(), run)
	if err != nil {
		return Value{}, err
	}
	out := make([]byte, nonceLen, nonceLen+tagLen+len(value))
	if _, err := rand.Read(out); err != nil {
		return Value{}, fmt.Errorf("sealed: %w", err)
	}
	box := aead.Seal(nil, out, []byte(value), []byte(name)) // the tag comes last
	out = append(out, box[len(value):]...)
	out = append(out, box[:len(value)]...)
	return Value{
		AgentPublicKey: base64.StdEncoding.EncodeToString(own.PublicKey().Bytes()),
		Encrypted:      base64.StdEncoding.EncodeToString(out),
	}, nil
}

// Open decrypts what Seal made for the private half of the key.
func Open(private *ecdh.PrivateKey, name string, v Value) (string, error) {
	agent, err := parse(v.AgentPublicKey)
	if err != nil {
		return "", err
	}
	box, err := base64.StdEncoding.DecodeString(v.Encrypted)
	if err != nil || len(box) < nonceLen+tagLen {
		return "", ErrOpen
	}
	aead, err := agree(private, agent, agent, private.PublicKey())
	if err != nil {
		return "", err
	}
	nonce, tag, text := box[:nonceLen], box[nonceLen:nonceLen+tagLen], box[nonceLen+tagLen:]
	plain, err := aead.Open(nil, nonce, append(append([]byte(nil), text...), tag...), []byte(name))
	if err != nil {
		return "", ErrOpen
	}
	return string(plain), nil
}

func parse(public string) (*ecdh.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return nil, ErrKey
	}
	key, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, ErrKey
	}
	return key, nil
}

func agree(private *ecdh.PrivateKey, other, agent, run *ecdh.PublicKey) (cipher.AEAD, error) {
	shared, err := private.ECDH(other)
	if err != nil {
		return nil, ErrKey
	}
	key, err := hkdf.Key(sha256.New, shared, nil, info+string(agent.Bytes())+string(run.Bytes()), 32)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	return cipher.NewGCM(block)
}
