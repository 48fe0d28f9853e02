package database_test

import (
	"testing"

	"github.com/kici-dev/kici-go/kici/standard/database"
)

// Looking changes nothing, migrating once is enough.
func TestMigrate(t *testing.T) {
	t.Parallel()
	c, ctx := database.Config{URL: "sqlite:" + t.TempDir()}, t.Context()
	for range 2 {
		if at, err := database.Migrate(ctx, c, true); err != nil || at.Version != 0 || len(at.Missing) != at.Latest || at.Latest < 9 {
			t.Fatalf("%+v %v", at, err)
		}
	}
	if before, err := database.Migrate(ctx, c, false); err != nil || before.Version != 0 {
		t.Fatalf("%+v %v", before, err)
	}
	if at, err := database.Migrate(ctx, c, true); err != nil || at.Version != at.Latest || len(at.Missing) != 0 {
		t.Fatalf("%+v %v", at, err)
	}
}
