package migration

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/kici-dev/kici-go/engine/store"
)

func TestList(t *testing.T) {
	t.Parallel()
	files := func(names ...string) fstest.MapFS {
		m := fstest.MapFS{}
		for _, n := range names {
			m["migrations/"+n] = &fstest.MapFile{Data: []byte("-- " + n)}
		}
		return m
	}
	all, err := List(files("0002_b.sql", "0001_a.sql", "README"))
	if err != nil || len(all) != 2 || all[0].Name != "0001_a" || all[1].Version != 2 || all[1].SQL != "-- 0002_b.sql" {
		t.Fatal(all, err)
	}
	for _, bad := range [][]string{{"0002_a.sql"}, {"0001_a.sql", "0003_b.sql"}, {"0001_a.sql", "0001_b.sql"}, {"x.sql"}, {"1_a.sql"}} {
		if all, err := List(files(bad...)); err == nil {
			t.Errorf("%v: %v", bad, all)
		}
	}
	if m, err := Missing(all, 1); err != nil || len(m) != 1 || m[0].Version != 2 {
		t.Error(m, err)
	}
	if m, err := Missing(all, 2); err != nil || len(m) != 0 {
		t.Error(m, err)
	}
	if _, err := Missing(all, 3); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}
