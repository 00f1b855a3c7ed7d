// Package storetest gives each test a real PostgreSQL database of its own, with Ringside's tables in it. A package's
// TestMain starts what is needed:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
//
// The databases are made on the server that QUEUEAPP_TEST_DATABASE names (an address, of a role that may create databases),
// or else on one that is started for the package from the private root. Without either the tests fail, and say what to do.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"ringside/softwaresim/stack"
	"ringside/store"
	"ringside/store/postgres"
)

// Variable names the server to test on.
const Variable = "QUEUEAPP_TEST_DATABASE"

const remedy = "run install/root.sh, which builds the private root with PostgreSQL in it, or name a server: " +
	Variable + "=postgres://user:password@host/postgres"

// limit bounds what is done around a test: starting the server, making and dropping a database.
const limit = time.Minute

// Run runs a package's tests with a server at hand and gives the exit code. Goroutines that the tests leave behind make
// them fail.
func Run(m *testing.M) int {
	stop, err := begin()
	if err != nil {
		fmt.Fprintf(os.Stderr, "storetest: %v\n%s\n", err, remedy)
		return 1
	}
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintf(os.Stderr, "storetest: %v\n", err)
		code = max(code, 1)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintf(os.Stderr, "storetest: %v\n", err)
		code = 1
	}
	return code
}

// begin finds or starts a server and makes the template, from which a database is cloned in a fraction of the time.
func begin() (stop func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	end := func() error { return nil }
	if os.Getenv(Variable) == "" {
		if end, err = start(ctx); err != nil {
			return nil, err
		}
	}
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return errors.Join(drop(ctx, template()), end())
	}
	if err := create(ctx, template(), "template1"); err != nil {
		return nil, errors.Join(err, end())
	}
	if err := migrate(ctx); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func start(ctx context.Context) (end func() error, err error) {
	s, err := stack.Start(ctx, stack.Options{Only: []string{stack.Postgres}, Unlisted: true})
	if err != nil {
		return nil, err
	}
	// The one place that is this process's own and that its tests can read: see New.
	if err := os.Setenv(Variable, s.Info().Postgres); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return errors.Join(os.Unsetenv(Variable), s.Stop(ctx))
	}, nil
}

func migrate(ctx context.Context) error {
	s, err := store.Open(store.Config{Address: address(template())})
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(ctx)
	return err
}

// New makes a database for the test and gives its address. It is dropped when the test has ended, whoever is still
// connected to it.
func New(t testing.TB) string {
	t.Helper()
	return database(t, template())
}

// NewEmpty is [New] without any tables.
func NewEmpty(t testing.TB) string {
	t.Helper()
	return database(t, "template1")
}

// Open makes a database for the test and opens it.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenAt(t, New(t), "test")
}

// OpenAt opens a database as the process of that name; the test's end closes it.
func OpenAt(t testing.TB, address, process string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{Address: address, Process: process})
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func database(t testing.TB, from string) string {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Fatalf("storetest: no server: the package's TestMain must be func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }")
	}
	name := "ringside_test_" + strings.ToLower(rand.Text())
	if err := within(func(ctx context.Context) error { return create(ctx, name, from) }); err != nil {
		t.Fatalf("storetest: %v\n%s", err, remedy)
	}
	t.Cleanup(func() {
		if err := within(func(ctx context.Context) error { return drop(ctx, name) }); err != nil {
			t.Errorf("storetest: %v", err)
		}
	})
	return address(name)
}

func within(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return f(ctx)
}

// template is the name of this process's own template, so that processes with other migrations do not share it.
func template() string { return "ringside_test_template_" + strconv.Itoa(os.Getpid()) }

func create(ctx context.Context, name, from string) error {
	return exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+pgx.Identifier{from}.Sanitize())
}

func drop(ctx context.Context, name string) error {
	return exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func exec(ctx context.Context, sql string) error {
	config, err := postgres.Parse(os.Getenv(Variable), "")
	if err != nil {
		return fmt.Errorf("%s: %w", Variable, err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return postgres.Explain(config, err)
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// address is the server's address with another database.
func address(database string) string {
	server := os.Getenv(Variable)
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return server + " dbname=" + database
	}
	u.Path = "/" + database
	return u.String()
}
