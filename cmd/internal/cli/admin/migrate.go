package admin

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/standard/database"
)

func (a *app) databaseCommand() *cobra.Command {
	return group("db", "The database itself, without an orchestrator", "These commands open the database; they need no running orchestrator and no admin token.",
		"  kici-admin db migrate --status", a.migrateCommand())
}

func (a *app) migrateCommand() *cobra.Command {
	var c database.Config
	var look bool
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date, or say what it lacks",
		Long: `Runs the migrations that the database lacks. An orchestrator does so itself when it
starts, unless KICI_AUTO_MIGRATE=false. On Postgres it may run beside orchestrators; an
embedded database must not be in use. With --status nothing is changed, and exit code
1 means that something is missing. Take a backup first: there is no way back.`,
		Example: `  kici-admin migrate --status
  kici-admin migrate --database-url postgres://kici@db/kici
  kici-admin migrate --database-url sqlite:/var/lib/kici`, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.URL = first(c.URL, a.Env["KICI_DATABASE_URL"])
			c.Schema = first(c.Schema, a.Env["KICI_DATABASE_SCHEMA"])
			if c.DataDir = a.Env["KICI_DATA_DIR"]; c.URL == "" && c.DataDir == "" {
				return &cli.UsageError{Message: "there is no database named", Hint: "give --database-url, or set KICI_DATABASE_URL or KICI_DATA_DIR as for the orchestrator"}
			}
			if c.URL == "" && !a.Disk.Has(filepath.Join(a.Path(c.DataDir), "kici.db")) {
				return &cli.HintedError{Err: errors.New("there is no database in " + c.DataDir), Hint: "the orchestrator makes one when it starts"}
			}
			if c.DataDir != "" {
				c.DataDir = a.Path(c.DataDir)
			}
			before, err := database.Migrate(cmd.Context(), c, look)
			switch {
			case errors.Is(err, database.ErrLocked):
				return &cli.HintedError{Err: err, Hint: "stop its orchestrator first"}
			case errors.Is(err, database.ErrNewerSchema):
				return &cli.HintedError{Err: err, Hint: "use the release that migrated it, or a newer one"}
			case errors.Is(err, database.ErrURL):
				return &cli.UsageError{Message: strings.TrimPrefix(err.Error(), "standard: ")}
			case err != nil:
				return err
			}
			return a.showSchema(before, look)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.URL, "database-url", "", "postgres://… or sqlite:FOLDER (KICI_DATABASE_URL)")
	f.StringVar(&c.Schema, "database-schema", "", "schema on Postgres (KICI_DATABASE_SCHEMA, default kici)")
	f.BoolVar(&look, "status", false, "only say what it lacks; exit code 1 when it lacks anything")
	return cmd
}

func (a *app) showSchema(before database.Schema, look bool) error {
	missing := append([]string{}, before.Missing...)
	now := before.Latest
	if look {
		now = before.Version
	}
	err := a.show(map[string]any{"version": now, "latest": before.Latest, "before": before.Version, "missing": missing}, func() {
		switch {
		case before.Version > before.Latest:
			fmt.Fprintf(a.Stdout, "The database is at version %d, which a newer release made; this one knows %d.\n", before.Version, before.Latest)
		case len(missing) == 0:
			fmt.Fprintf(a.Stdout, "The database is up to date: version %d.\n", before.Version)
		case look:
			fmt.Fprintf(a.Stdout, "The database is at version %d of %d and lacks:\n  %s\n", before.Version, before.Latest, strings.Join(missing, "\n  "))
		default:
			fmt.Fprintf(a.Stdout, "The database was at version %d and is at %d now:\n  %s\n", before.Version, now, strings.Join(missing, "\n  "))
		}
	})
	if err == nil && look && before.Version != before.Latest {
		return cli.ErrReported
	}
	return err
}
