package sqlite

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/schema.sql")

func TestSchema(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	rows, err := s.writer.raw.QueryContext(context.Background(), "SELECT sql FROM sqlite_schema WHERE sql <> '' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // read to the end
	var b strings.Builder
	for rows.Next() {
		var q string
		if err := rows.Scan(&q); err != nil {
			t.Fatal(err)
		}
		b.WriteString(q + ";\n")
	}
	const golden = "testdata/schema.sql"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != b.String() {
		t.Errorf("the schema is not %s (%v); go test ./engine/store/sqlite -update, if that is meant:\n%s", golden, err, b.String())
	}
}

// Both drivers have the same history, so that a version means the same.
func TestSameVersions(t *testing.T) {
	t.Parallel()
	names := func(dir string) (out []string) {
		files, err := filepath.Glob(dir + "/migrations/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			out = append(out, filepath.Base(f))
		}
		return out
	}
	if a, b := names("."), names("../postgres"); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("sqlite has %v, postgres %v", a, b)
	}
}
