package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
)

type keys struct{ *Tx }

const apiKeyColumns = "id, label, prefix, hash, routing_keys, created_at, expires_at, revoked_at, used_at"

func apiKeyFields(k *engine.APIKey) []any {
	return []any{(*string)(&k.ID), &k.Label, &k.Prefix, raw(&k.Hash), (*packed[string])(&k.RoutingKeys), at(&k.CreatedAt), at(&k.ExpiresAt),
		at(&k.RevokedAt), at(&k.UsedAt)}
}

func (t keys) Add(ctx context.Context, k *engine.APIKey) error {
	return insert(ctx, t.Tx, "add api key", "api_keys", apiKeyColumns, "", apiKeyFields, *k)
}

func (t keys) Find(ctx context.Context, hash []byte) (*engine.APIKey, error) {
	return one(ctx, t.Tx, "find api key", apiKeyFields, "SELECT "+apiKeyColumns+" FROM api_keys WHERE hash = $1", raw(&hash))
}

func (t keys) List(ctx context.Context) ([]engine.APIKey, error) {
	return list(ctx, t.Tx, "list api keys", apiKeyFields, "SELECT "+apiKeyColumns+" FROM api_keys ORDER BY created_at, id")
}

func (t keys) Use(ctx context.Context, id engine.APIKeyID, now time.Time) error {
	return t.change(ctx, "use api key", engine.ErrNotFound, "UPDATE api_keys SET used_at = $2 WHERE id = $1", string(id), micros(now))
}

func (t keys) Route(ctx context.Context, id engine.APIKeyID, patterns []string) error {
	return t.change(ctx, "route api key", engine.ErrNotFound, "UPDATE api_keys SET routing_keys = $2 WHERE id = $1", string(id), packed[string](patterns))
}

// Revoke keeps the time of the first revocation.
func (t keys) Revoke(ctx context.Context, id engine.APIKeyID, now time.Time) error {
	return t.change(ctx, "revoke api key", engine.ErrNotFound,
		"UPDATE api_keys SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END WHERE id = $1", string(id), micros(now))
}

type facts struct{ *Tx }

func (t facts) Get(ctx context.Context, name string) (string, error) {
	value, err := one(ctx, t.Tx, "get fact", text, "SELECT value FROM cluster_meta WHERE name = $1 AND value <> ''", name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return *value, nil
}

func (t facts) Put(ctx context.Context, name, value string) error {
	_, err := t.exec(ctx, "put fact", "INSERT INTO cluster_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}
