// Package migrations makes Ringside's tables: numbered SQL files, built into the program, that bring PostgreSQL's schema
// "queueapp" from any earlier version to the one that this program works with.
//
// A migration runs while the release before it is at work. So it only adds: columns that may be null or have a constant
// default, tables, types' values; and it does nothing that takes long while it has a table to itself: indexes are made
// CONCURRENTLY, in a file of their own that says NO TRANSACTION and drops first what a broken try may have left. What is not
// needed any more is dropped a release later.
//
// It does not read or write what is in the tables, and it makes no connection: package store does both.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

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
func Expected() int64 { return last(files) }

func last(from fs.ReadDirFS) int64 {
	entries, _ := from.ReadDir(".") // what is built in can be read
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
func Check(version int64) error { return check(version, Expected()) }

func check(version, expected int64) error {
	switch {
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
//
// A floor's owner goes on writing meanwhile, so no migration may hold it up: one that cannot have a table at once, since
// somebody reads it for long, steps back and is tried again, and after a minute given up ([ErrBusy]).
func Up(ctx context.Context, db *sql.DB) ([]Applied, error) { return up(ctx, db, files) }

func up(ctx context.Context, db *sql.DB, from fs.ReadDirFS) ([]Applied, error) {
	if err := makeSchema(ctx, db); err != nil {
		return nil, err
	}
	session, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, from,
		goose.WithTableName(VersionTable), goose.WithSessionLocker(giveWay{session}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: read the version of the tables: %w", err)
	}
	if err := check(version, last(from)); errors.Is(err, ErrNew) {
		return nil, err
	}
	return patiently(ctx, provider)
}

// patiently applies what is missing, giving way as often as it must.
func patiently(ctx context.Context, provider *goose.Provider) ([]Applied, error) {
	var applied []Applied
	for try := 1; ; try++ {
		results, err := provider.Up(ctx)
		var partly *goose.PartialError
		if errors.As(err, &partly) {
			results = partly.Applied
		}
		for _, r := range results {
			applied = append(applied, Applied{Version: r.Source.Version, File: r.Source.Path})
		}
		switch {
		case err == nil:
			return applied, nil
		case !gaveWay(err):
			return applied, fmt.Errorf("migrate: %w", err)
		case try == mostTries:
			return applied, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return applied, fmt.Errorf("migrate: %w", ctx.Err())
		}
	}
}

// ErrBusy says that a migration could not have a table to itself for a moment: somebody else's transaction is open on it.
var ErrBusy = errors.New("a table is in use by a transaction that stays open, such as a long report: end that one " +
	"(pg_stat_activity shows it) and run `queueapp migrate` again")

// How a migration waits for a table. Whoever writes to the table waits behind it, so a try is far shorter than the 3 s
// after which a floor is held (DESIGN §4.10); and shorter than PostgreSQL's deadlock_timeout of 1 s, so that where the two
// wait for each other it is the migration that gives way, and not the owner that fails.
const (
	longestWait = "300ms"
	mostTries   = 60
	pause       = time.Second
)

// giveWay has what is done under a session's lock wait for tables no longer than longestWait.
type giveWay struct{ lock.SessionLocker }

// SessionLock implements [lock.SessionLocker].
func (g giveWay) SessionLock(ctx context.Context, conn *sql.Conn) error {
	if err := g.SessionLocker.SessionLock(ctx, conn); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "SET lock_timeout = '"+longestWait+"'")
	return err
}

// SessionUnlock implements [lock.SessionLocker].
func (g giveWay) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "RESET lock_timeout")
	return errors.Join(err, g.SessionLocker.SessionUnlock(ctx, conn))
}

// gaveWay reports whether a table could not be had in time (lock_not_available).
func gaveWay(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && state.SQLState() == "55P03"
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
