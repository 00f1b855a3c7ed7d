// Package store remembers: customers, floor plans, and what happened on the floor. It is PostgreSQL for the engine
// ([engine.Memory], [engine.Owner]) and for the commands that look things up or change the floor plan.
//
// Only the floor's owner writes what happens, through one direct connection that holds a session advisory lock (DESIGN
// §4.1). Which rows follow from which step is decided in package projection; the tables are made by package migrations and
// described in README.md.
//
// It does not decide who gets a call, and it speaks to no phone and no CRM.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"ringside/migrations"
	"ringside/queueapp/engine"
	"ringside/store/customers"
	"ringside/store/postgres"
)

// Config says where the database is.
type Config struct {
	// Address is a URL or libpq's key=value form; empty takes PGHOST and the other variables. A server on another machine
	// is spoken to with verified TLS only, unless the address says otherwise (sslmode).
	Address string
	// Password replaces the address's own where it is not empty.
	Password string
	// Process names this process to others that wait for the floor; empty is "host:pid".
	Process string
	// Log is told what a standby does to a frozen owner; nil tells nobody.
	Log *slog.Logger
}

// poolSize is how many connections look-ups and commands may use at once. The owner's own connection is not among them.
const poolSize = 4

// Store is a PostgreSQL database that Ringside's tables are in. All methods may be called concurrently.
type Store struct {
	config  Config
	address *pgx.ConnConfig
	pool    *pgxpool.Pool
	lookup  *customers.Lookup
	logged  chan struct{} // see QueueLogged
}

var _ engine.Memory = (*Store)(nil)

// Open makes ready to use the database. It does not connect yet: [Store.Ready] does, and every other method when it needs to.
func Open(config Config) (*Store, error) {
	address, err := postgres.Parse(config.Address, config.Password)
	if err != nil {
		return nil, fmt.Errorf("[postgres] dsn: %w", err)
	}
	if config.Process == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("name this process: %w", err)
		}
		config.Process = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	pool, err := postgres.Pool(address, poolSize)
	if err != nil {
		return nil, err
	}
	return &Store{config: config, address: address, pool: pool, lookup: customers.NewLookup(pool), logged: make(chan struct{}, 1)}, nil
}

// Close ends the look-ups' connections. An owner's connection is ended by its Release.
func (s *Store) Close() {
	s.lookup.Close()
	s.pool.Close()
}

// Ready reports whether the database can be reached and has the tables that this program works with. Its errors name the
// remedy; [migrations.ErrOld] and [migrations.ErrNew] are among them.
func (s *Store) Ready(ctx context.Context) error {
	return s.use(ctx, "check the tables", func(conn *pgx.Conn) error { return checkSchema(ctx, conn) })
}

// SchemaVersion gives the version of the tables, 0 where there are none, and the one that this program works with.
func (s *Store) SchemaVersion(ctx context.Context) (version, expected int64, err error) {
	err = s.use(ctx, "read the version of the tables", func(conn *pgx.Conn) error {
		version, err = schemaVersion(ctx, conn)
		return err
	})
	return version, migrations.Expected(), err
}

// Migrate brings the tables to the version that this program works with, and says what it did.
func (s *Store) Migrate(ctx context.Context) ([]migrations.Applied, error) {
	db := stdlib.OpenDB(*s.address)
	applied, err := migrations.Up(ctx, db)
	return applied, errors.Join(postgres.Explain(s.address, err), db.Close())
}

func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	return migrations.Check(version)
}

func schemaVersion(ctx context.Context, conn *pgx.Conn) (version int64, err error) {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", migrations.VersionTable).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+migrations.VersionTable).Scan(&version)
	return version, err
}

// use lends one connection of the pool to f.
func (s *Store) use(ctx context.Context, what string, f func(*pgx.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, postgres.Explain(s.address, err))
	}
	defer conn.Release()
	if err := f(conn.Conn()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// change lends f a transaction that is committed when f returns nil.
func (s *Store) change(ctx context.Context, what string, f func(pgx.Tx) error) error {
	return s.use(ctx, what, func(conn *pgx.Conn) error { return pgx.BeginFunc(ctx, conn, f) })
}

// direct makes a connection of its own for the owner of a floor.
func (s *Store) direct(ctx context.Context, floor string, planChanged func()) (*pgx.Conn, error) {
	config := s.address.Copy()
	postgres.KeepAlive(config)
	for name, value := range map[string]string{
		"application_name":                    "queueapp " + floor,
		"statement_timeout":                   ms(statementTimeout),
		"lock_timeout":                        ms(lockTimeout),
		"idle_in_transaction_session_timeout": ms(statementTimeout),
		// Every statement finds its rows by a key: a plan that was made while a table was small must not stay a scan.
		"plan_cache_mode":  "force_generic_plan",
		"enable_seqscan":   "off",
		"enable_hashjoin":  "off",
		"enable_mergejoin": "off",
		"jit":              "off",
	} {
		config.RuntimeParams[name] = value
	}
	config.OnNotification = onPlan(floor, planChanged)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, postgres.Explain(config, err)
	}
	postgres.UTC(conn)
	return conn, nil
}

func ms(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
