package migration

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/engine/store"
)

// Migration is one step of the schema.
type Migration struct {
	Version int
	Name    string // "0001_intake"
	SQL     string
}

// List reads NNNN_name.sql, in order.
func List(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var out []Migration
	for i, n := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(n, "migrations/"), ".sql")
		number, _, _ := strings.Cut(base, "_")
		v, err := strconv.Atoi(number)
		if err != nil || v != i+1 || len(number) != 4 {
			return nil, fmt.Errorf("store: migration %s: want number %04d", n, i+1)
		}
		sql, err := fs.ReadFile(files, n)
		if err != nil {
			return nil, err
		}
		out = append(out, Migration{v, base, string(sql)})
	}
	return out, nil
}

// Progress is how far a database at a version is.
func Progress(all []Migration, version int) store.Schema {
	s := store.Schema{Version: version, Latest: len(all)}
	for _, m := range all[min(version, len(all)):] {
		s.Missing = append(s.Missing, m.Name)
	}
	return s
}

// Missing is what a database at a version lacks.
func Missing(all []Migration, version int) ([]Migration, error) {
	if version > len(all) {
		return nil, fmt.Errorf("schema version %d, this release knows %d: %w", version, len(all), store.ErrNewerSchema)
	}
	return all[version:], nil
}
