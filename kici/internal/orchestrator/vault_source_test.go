package orchestrator

import (
	"bytes"
	"errors"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
)

// What senders sign with is not in the database, and only the right key gives it.
func TestSourcesAreSealed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plain, err := sqlite.Open(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	src := engine.Source{ID: "1", Name: "n", Kind: "generic", RoutingKey: "k", Config: []byte(`{"secret":"s3cr3t"}`)}
	find := func(s store.Store, name string) (got *engine.Source, err error) {
		err = s.View(ctx, func(tx store.Tx) (err error) {
			got, err = tx.Sources().Find(ctx, name)
			return err
		})
		return got, err
	}
	sealed, err1 := seal(plain, bytes.Repeat([]byte{1}, 32))
	other, err2 := seal(plain, bytes.Repeat([]byte{2}, 32))
	if err := errors.Join(err1, err2, plain.Migrate(ctx, src.CreatedAt)); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Tx(ctx, func(tx store.Tx) error { return tx.Sources().Put(ctx, &src) }); err != nil {
		t.Fatal(err)
	}
	if got, err := find(sealed, "n"); err != nil || string(got.Config) != string(src.Config) || !bytes.Contains(src.Config, []byte("s3cr3t")) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := find(plain, "n"); err != nil || bytes.Contains(got.Config, []byte("s3cr3t")) {
		t.Errorf("%s %v", got.Config, err)
	}
	if _, err := find(other, "n"); !errors.Is(err, errSourceKey) {
		t.Error(err)
	}
	// What another source was sealed with does not open for this one.
	stolen, err := find(plain, "n")
	if err != nil {
		t.Fatal(err)
	}
	stolen.ID, stolen.Name = "2", "m"
	old := engine.Source{ID: "3", Name: "old", Kind: "generic", RoutingKey: "o", Config: []byte(`{}`)}
	if err := plain.Tx(ctx, func(tx store.Tx) error {
		return errors.Join(tx.Sources().Put(ctx, stolen), tx.Sources().Put(ctx, &old))
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := find(sealed, "m"); !errors.Is(err, errSourceKey) {
		t.Error(err)
	}
	if got, err := find(sealed, "old"); err != nil || string(got.Config) != "{}" {
		t.Errorf("%+v %v", got, err)
	}
}
