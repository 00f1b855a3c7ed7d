package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"ringside/migrations"
	"ringside/store/postgres"
	"ringside/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	config, err := postgres.Parse(address, "")
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestExpected(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".sql") {
			if last, err = goose.NumericComponent(f.Name()); err != nil {
				t.Errorf("%s: %v", f.Name(), err)
			}
		}
	}
	if got := migrations.Expected(); got != last || got == 0 {
		t.Errorf("expected is %d, the last file %d", got, last)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	now := migrations.Expected()
	if err := migrations.Check(now); err != nil {
		t.Errorf("the version expected: %v", err)
	}
	for _, c := range []struct {
		version int64
		want    error
		words   string
	}{
		{0, migrations.ErrOld, "run `queueapp migrate`"},
		{now - 1, migrations.ErrOld, "run `queueapp migrate`"},
		{now + 1, migrations.ErrNew, "upgrade queueapp"},
	} {
		if err := migrations.Check(c.version); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("version %d: %v", c.version, err)
		}
	}
}

func TestUpAgain(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.NewEmpty(t))
	first, err := migrations.Up(t.Context(), db)
	if err != nil || len(first) == 0 || first[0].Version != 1 || first[0].File == "" {
		t.Fatalf("%v, %v", first, err)
	}
	if second, err := migrations.Up(t.Context(), db); err != nil || len(second) != 0 {
		t.Errorf("again: %v, %v", second, err)
	}
}

// Two programs that start on an empty database at the same time do not get into each other's way.
func TestUpAtOnce(t *testing.T) {
	t.Parallel()
	address := storetest.NewEmpty(t)
	var running sync.WaitGroup
	done := make(chan int, 3)
	for range cap(done) {
		db := open(t, address)
		running.Go(func() {
			applied, err := migrations.Up(t.Context(), db)
			if err != nil {
				t.Errorf("migrate: %v", err)
			}
			done <- len(applied)
		})
	}
	running.Wait()
	close(done)
	all := 0
	for n := range done {
		all += n
	}
	if int64(all) != migrations.Expected() {
		t.Errorf("%d migrations applied, want %d", all, migrations.Expected())
	}
}

func TestTablesFromTheFuture(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.New(t))
	exec(t, db, "INSERT INTO "+migrations.VersionTable+" (version_id, is_applied) VALUES (99999, true)")
	if _, err := migrations.Up(t.Context(), db); !errors.Is(err, migrations.ErrNew) {
		t.Errorf("migrate: %v", err)
	}
}

// A schema that an administrator has made is used; Ringside's role then needs no right to make one.
func TestSchemaThatIsThere(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.NewEmpty(t))
	exec(t, db, "CREATE SCHEMA "+migrations.Schema)
	if _, err := migrations.Up(t.Context(), db); err != nil {
		t.Error(err)
	}
}

func TestSchemaThatCannotBeMade(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.NewEmpty(t))
	exec(t, db, "SET default_transaction_read_only = on")
	db.SetMaxOpenConns(1) // the one that was set so
	if _, err := migrations.Up(t.Context(), db); err == nil || !strings.Contains(err.Error(), "make the schema queueapp") {
		t.Errorf("migrate: %v", err)
	}
}

// What goes up comes down: nothing but the version is left.
func TestDown(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.New(t))
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("."), goose.WithTableName(migrations.VersionTable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.WithoutCancel(t.Context()), 0); err != nil {
		t.Fatal(err)
	}
	var left string
	err = db.QueryRowContext(t.Context(), `SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class
		WHERE relnamespace = 'queueapp'::regnamespace AND relkind IN ('r', 'v') AND relname <> 'schema_version'`).Scan(&left)
	if err != nil || left != "" {
		t.Errorf("left over: %s, %v", left, err)
	}
	var types int
	err = db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_type WHERE typnamespace = 'queueapp'::regnamespace AND typtype = 'e'`).Scan(&types)
	if err != nil || types != 0 {
		t.Errorf("%d types left over, %v", types, err)
	}
}
