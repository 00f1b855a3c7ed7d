// Package migrations makes Ringside's tables: numbered SQL files, built into the program, that bring PostgreSQL's schema
// "queueapp" from any earlier version to the one that this program works with.
//
// It does not read or write what is in the tables, and it makes no connection: package store does both.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Schema is the PostgreSQL schema in which everything of Ringside's is.
const Schema = "queueapp"

// VersionTable is where the version of the tables is kept, as the highest version_id.
const VersionTable = Schema + ".schema_version"

// lockID keeps two programs from migrating at once. It is the bytes of "ringside".
const lockID = 0x72696e6773696465

// Applied is a migration that Up has applied.
type Applied struct {
	Version int64
	File    string
}

// ErrOld says that the tables are older than the program: `queueapp migrate` mends it.
var ErrOld = errors.New("the database's tables are older than this program")

// ErrNew says that the tables are newer than the program: only a newer program mends it.
var ErrNew = errors.New("the database's tables are newer than this program")

// Expected is the version that this program works with: that of the last file.
func Expected() int64 {
	entries, _ := files.ReadDir(".") // what is built in can be read
	var last int64
	for _, e := range entries {
		if v, err := goose.NumericComponent(e.Name()); err == nil {
			last = max(last, v)
		}
	}
	return last
}

// Check reports whether this program may work with tables of that version, 0 being none: nil, or [ErrOld] or [ErrNew] with
// both versions and the remedy.
func Check(version int64) error {
	switch expected := Expected(); {
	case version == 0:
		return fmt.Errorf("%w: there are none yet: run `queueapp migrate`", ErrOld)
	case version < expected:
		return fmt.Errorf("%w: version %d, and it needs %d: run `queueapp migrate`", ErrOld, version, expected)
	case version > expected:
		return fmt.Errorf("%w: version %d, and it knows %d: upgrade queueapp to the release that migrated them", ErrNew, version, expected)
	}
	return nil
}

// Up applies what is missing, in one transaction a file, and says what it did. Programs that migrate at the same time wait
// for each other. Tables that are newer than this program are left alone and reported as [ErrNew].
func Up(ctx context.Context, db *sql.DB) ([]Applied, error) {
	if err := makeSchema(ctx, db); err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(VersionTable), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: read the version of the tables: %w", err)
	}
	if err := Check(version); errors.Is(err, ErrNew) {
		return nil, err
	}
	results, err := provider.Up(ctx)
	var applied []Applied
	for _, r := range results {
		applied = append(applied, Applied{Version: r.Source.Version, File: r.Source.Path})
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}

// makeSchema makes the schema where it is missing. One that is there is used as it is, so that a role without the right to
// make one can be given it.
func makeSchema(ctx context.Context, db *sql.DB) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make the schema %s: %w", Schema, err), tx.Rollback())
		}
	}()
	// IF NOT EXISTS does not see what another program is about to make.
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockID+1)); err != nil {
		return err
	}
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regnamespace($1) IS NOT NULL", Schema).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+Schema); err != nil {
			return err
		}
	}
	return tx.Commit()
}
