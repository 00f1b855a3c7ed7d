package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store"
	"ringside/store/postgres"
)

// soon is how long a test waits for what should happen at once, on a machine that does other things, too.
const soon = 20 * time.Second

func parse(t testing.TB, source []byte) floorplan.Plan {
	t.Helper()
	plan, err := floorplan.Parse("test.toml", source)
	if err != nil {
		t.Fatalf("parse the floor plan: %v", err)
	}
	return plan
}

// apply puts the default floor plan in force: queue support, agents and extensions 1000, 2000 and 3000.
func apply(t testing.TB, s *store.Store, floor string) floorplan.Plan {
	t.Helper()
	plan := parse(t, floorplan.Default())
	if _, err := s.Apply(t.Context(), floor, plan, floorplan.Default()); err != nil {
		t.Fatalf("apply: %v", err)
	}
	return plan
}

// own takes a floor, which the test's end gives up.
func own(t testing.TB, s *store.Store, floor string) engine.Owner {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	o, err := s.Own(ctx, floor, nil)
	if err != nil {
		t.Fatalf("own: %v", err)
	}
	t.Cleanup(func() { release(t, o) })
	return o
}

func release(t testing.TB, o engine.Owner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := o.Release(ctx); err != nil {
		t.Errorf("release: %v", err)
	}
}

func load(t testing.TB, o engine.Owner) engine.Remembered {
	t.Helper()
	r, err := o.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return r
}

func commit(t testing.TB, o engine.Owner, steps ...queueapp.Step) {
	t.Helper()
	if err := o.Commit(t.Context(), engine.Batch{Steps: steps}); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func newCall(t testing.TB) queueapp.CallID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return queueapp.CallID(id.String())
}

// noon is when the tests' steps happen: as precise as the database.
func noon() time.Time { return time.Date(2030, 1, 2, 12, 0, 0, 345678000, time.UTC) }

// enter is a caller's step into the queue, offered to an agent at the extension of the same number where one is named.
func enter(n int64, call queueapp.CallID, agent queueapp.AgentID) queueapp.Step {
	s := queueapp.Step{N: n, At: noon().Add(time.Duration(n) * time.Second), Event: queueapp.Enter{
		Call: call, Queue: "support", Entry: n, Switch: "main", Channel: queueapp.ChannelID(fmt.Sprintf("1700000000.%d", n)),
		Caller:    queueapp.Caller{Number: "0301234567", Name: "Ana Müller", Dialled: "7000"},
		Customers: []queueapp.Customer{{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1", URL: "https://crm/1?a=1&b=2"}},
		Data:      []queueapp.Datum{{Key: "tier", Value: "gold"}, {Key: "a", Value: "<b>"}},
	}}
	if agent != "" {
		s.Effects = []queueapp.Effect{
			queueapp.Announce{Call: call, Agents: []queueapp.AgentID{agent}},
			offer(call, 1, agent, s.At),
		}
	}
	return s
}

func offer(call queueapp.CallID, n int, agent queueapp.AgentID, at time.Time) queueapp.Offer {
	return queueapp.Offer{
		Attempt: queueapp.AttemptID{Call: call, N: n}, Queue: "support", Agent: agent,
		Extension: queueapp.ExtensionID(agent), Expires: at.Add(time.Minute),
	}
}

// connect is a connection of the test's own, beside the store's.
func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	config, err := postgres.Parse(address, "")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the database is dropped next
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// value reads one value.
func value[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// kill ends the connection of the floor's owner, as a crash of its host would.
func kill(t testing.TB, conn *pgx.Conn, floor string) {
	t.Helper()
	n := value[int](t, conn, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE application_name = $1 AND datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`,
		"queueapp "+floor)
	if n != 1 {
		t.Fatalf("%d connections own floor %s", n, floor)
	}
}

func await(t testing.TB, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(soon):
		t.Fatalf("%s: not within %s", what, soon)
	}
}

func defaultSource() []byte { return floorplan.Default() }
