package postgres

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

var update = flag.Bool("update", false, "rewrite testdata/schema.txt")

// The dump is made of the catalogue and not by pg_dump, whose words change with
// its version.
func TestSchema(t *testing.T) {
	t.Parallel()
	s := fresh(t, url(t))
	rows, err := s.pool.Query(context.Background(), `
		SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END ||
			COALESCE(' default ' || column_default, '') || CASE is_identity WHEN 'YES' THEN ' identity' ELSE '' END || COALESCE(' collate ' || collation_name, '')
		FROM information_schema.columns WHERE table_schema = $1
		UNION ALL SELECT 'index ' || replace(indexdef, $1 || '.', '') FROM pg_indexes WHERE schemaname = $1
		UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = $1::regnamespace AND contype = 'f'
		ORDER BY 1`, s.schema)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "\n") + "\n"
	const golden = "testdata/schema.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != got {
		t.Errorf("the schema is not %s (%v); go test ./engine/store/postgres -update, if that is meant:\n%s", golden, err, got)
	}
}
