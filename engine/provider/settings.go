package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Defaults of [Settings].
const (
	DefaultMaxPayloadBytes = 1 << 20
	DefaultRateLimitRPM    = 600
	DefaultDedupWindow     = 300 * time.Second
	// payloadCeiling bounds what a source may ask for: a payload is held in memory.
	payloadCeiling = 64 << 20
)

// Settings are the limits of a source, which engine/intake applies.
type Settings struct {
	MaxPayloadBytes int64
	RateLimitRPM    int           // deliveries a minute; 0 is no limit
	DedupWindow     time.Duration // 0: repeated deliveries are not noticed
	AllowedEvents   []string      // names; empty allows all
	StripHeaders    []string      // besides those that are always stripped
}

// Limits are the part of a source's configuration that becomes its Settings.
// A provider with deliveries over HTTP embeds it in its own.
type Limits struct {
	MaxPayloadBytes      *int64   `json:"maxPayloadBytes"`
	RateLimitRPM         *int     `json:"rateLimitRpm"`
	DedupWindowSeconds   *int     `json:"dedupWindowSeconds"`
	AllowedEvents        []string `json:"allowedEvents"`
	StripHeaders         []string `json:"stripHeaders"`
	IdempotencyKeyHeader string   `json:"idempotencyKeyHeader"`
	IdempotencyKeyPath   string   `json:"idempotencyKeyPath"`
}

// Check gives what is wrong with the limits.
func (l *Limits) Check() []Problem {
	var problems []Problem
	if n := l.MaxPayloadBytes; n != nil && (*n < 1 || *n > payloadCeiling) {
		problems = append(problems, Problem{"maxPayloadBytes", fmt.Sprintf("must be between 1 and %d", payloadCeiling)})
	}
	if n := l.RateLimitRPM; n != nil && *n < 0 {
		problems = append(problems, Problem{"rateLimitRpm", "must not be negative; 0 is no limit"})
	}
	if n := l.DedupWindowSeconds; n != nil && (*n < 0 || *n > 7*24*3600) {
		problems = append(problems, Problem{"dedupWindowSeconds", "must be between 0 and a week; 0 keeps repeated deliveries"})
	}
	if l.IdempotencyKeyPath != "" {
		if _, err := pattern.CompilePath(l.IdempotencyKeyPath); err != nil {
			problems = append(problems, Problem{"idempotencyKeyPath", "is no JSONPath: " + err.Error()})
		}
	}
	return problems
}

// Key is the sender's id of a delivery: from the configured header, else from
// the configured path of the body, else from the first of the usual headers
// that is there. A body is decoded only for a path.
func (l *Limits) Key(in *Inbound, usual ...string) string {
	if l.IdempotencyKeyHeader != "" {
		usual = append([]string{l.IdempotencyKeyHeader}, usual...)
	}
	if l.IdempotencyKeyPath != "" && in.Header.Get(l.IdempotencyKeyHeader) == "" {
		if key := TextAt(in.Body, l.IdempotencyKeyPath); key != "" {
			return clip(key)
		}
	}
	for _, name := range usual {
		if key := in.Header.Get(name); key != "" {
			return clip(key)
		}
	}
	return ""
}

// maxKey bounds what is remembered per delivery. Keys of forges are UUIDs.
const maxKey = 512

func clip(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// TextAt is the first text or number that a path leads to in a JSON body, or
// empty: the body is somebody else's, so anything may be missing.
func TextAt(body []byte, path string) string {
	p, err := pattern.CompilePath(path)
	if err != nil {
		return ""
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // ids are longer than a float is exact
	var doc any
	if decoder.Decode(&doc) != nil {
		return ""
	}
	for _, found := range p.Get(doc) {
		switch v := found.(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		}
	}
	return ""
}

// Settings are the limits with defaults for what was not said.
func (l *Limits) Settings() Settings {
	s := Settings{MaxPayloadBytes: DefaultMaxPayloadBytes, RateLimitRPM: DefaultRateLimitRPM, DedupWindow: DefaultDedupWindow,
		AllowedEvents: l.AllowedEvents, StripHeaders: l.StripHeaders}
	if l.MaxPayloadBytes != nil {
		s.MaxPayloadBytes = *l.MaxPayloadBytes
	}
	if l.RateLimitRPM != nil {
		s.RateLimitRPM = *l.RateLimitRPM
	}
	if l.DedupWindowSeconds != nil {
		s.DedupWindow = time.Duration(*l.DedupWindowSeconds) * time.Second
	}
	return s
}

// Allows tells whether events of that name may come in.
func (s Settings) Allows(name string) bool {
	return len(s.AllowedEvents) == 0 || slices.Contains(s.AllowedEvents, name)
}

// secretHeaders carry credentials of the sender, so they are never stored.
var secretHeaders = []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Gitlab-Token"}

// Strip is a copy of the header without what must not be stored.
func (s Settings) Strip(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range secretHeaders {
		out.Del(name)
	}
	for _, name := range s.StripHeaders {
		out.Del(name)
	}
	return out
}
