package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"ringside/migrations"
	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store"
	"ringside/store/storetest"
)

// later is the migrations of a later release: ours, and more that only add, as every migration must.
func later(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".sql") {
			text, err := os.ReadFile(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = &fstest.MapFile{Data: text}
		}
	}
	next := migrations.Expected() + 1
	files[fmt.Sprintf("%05d_more.sql", next)] = &fstest.MapFile{Data: []byte(`-- +goose Up
ALTER TABLE queueapp.calls ADD COLUMN region text;
ALTER TABLE queueapp.visits ADD COLUMN callback_at timestamptz;
ALTER TABLE queueapp.attempts ADD COLUMN recorded boolean NOT NULL DEFAULT false;
ALTER TYPE queueapp.ended_by ADD VALUE 'supervisor';
CREATE TABLE queueapp.callbacks (call uuid PRIMARY KEY REFERENCES queueapp.calls, due timestamptz NOT NULL);
-- +goose Down
DROP TABLE queueapp.callbacks;
`)}
	files[fmt.Sprintf("%05d_index.sql", next+1)] = &fstest.MapFile{Data: []byte(`-- +goose NO TRANSACTION
-- +goose Up
DROP INDEX IF EXISTS queueapp.journal_by_time;
CREATE INDEX CONCURRENTLY journal_by_time ON queueapp.journal USING brin (at);
-- +goose Down
DROP INDEX queueapp.journal_by_time;
`)}
	return files
}

// busyFloor is an owner at work: call after call is written, each in two commits.
type busyFloor struct {
	t     *testing.T
	store *store.Store
	owner engine.Owner
	floor *queueapp.Floor
	steps atomic.Int64 // durable ones
}

func newBusyFloor(t *testing.T, address string) *busyFloor {
	t.Helper()
	s, err := store.Open(store.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	plan, err := floorplan.Parse("default", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), "main", plan, floorplan.Default()); err != nil {
		t.Fatal(err)
	}
	owner, err := s.Own(t.Context(), "main", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := owner.Release(context.Background()); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	b := &busyFloor{t: t, store: s, owner: owner, floor: queueapp.NewFloor()}
	plan.Floor.Queues[0].Wrapup = 0
	b.commit(queueapp.Apply{Plan: plan.Floor}, queueapp.LogOn{Agent: "1000"})
	return b
}

func (b *busyFloor) commit(events ...queueapp.Event) {
	var batch engine.Batch
	n := b.steps.Load()
	for _, e := range events {
		n++
		now := time.Now().UTC().Truncate(time.Microsecond)
		batch.Steps = append(batch.Steps, queueapp.Step{N: n, At: now, Event: e, Effects: b.floor.Handle(now, e)})
	}
	if err := b.owner.Commit(b.t.Context(), batch); err != nil {
		b.t.Errorf("commit: %v", err)
		return
	}
	b.steps.Store(n)
}

// call is a caller from the queue to the hang-up.
func (b *busyFloor) call() {
	id, err := uuid.NewV7()
	if err != nil {
		b.t.Error(err)
		return
	}
	call := queueapp.CallID(id.String())
	first := queueapp.AttemptID{Call: call, N: 1}
	b.commit(queueapp.Enter{Call: call, Queue: "support", Entry: b.steps.Load() + 1, Timeout: time.Minute, Switch: "main", Channel: queueapp.ChannelID(id.String())})
	b.commit(queueapp.Offered{Attempt: first, Publish: queueapp.PublishOK}, queueapp.Up{Attempt: first}, queueapp.Connected{Attempt: first},
		queueapp.Hangup{Call: call, Q850: 16}, queueapp.Ended{Attempt: first, Cause: queueapp.EndHangup, Q850: 16})
}

// whole finds everything in the journal that was committed.
func (b *busyFloor) whole() {
	b.t.Helper()
	steps, err := b.store.Steps(b.t.Context(), "main", 1, b.steps.Load()+1)
	if err != nil || int64(len(steps)) != b.steps.Load() {
		b.t.Errorf("%d steps committed, %d in the journal, %v", b.steps.Load(), len(steps), err)
	}
	if err := b.owner.Beat(b.t.Context()); err != nil {
		b.t.Errorf("the owner: %v", err)
	}
}

// A later release's migrations run while a floor is at work, which notices nothing.
func TestMigrateUnderLoad(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	b, db := newBusyFloor(t, address), open(t, address)
	migrated := make(chan error, 1)
	b.call()
	go func() { // ends with the migration
		applied, err := migrations.UpTo(t.Context(), db, later(t))
		if err == nil && len(applied) != 2 {
			err = fmt.Errorf("applied %v", applied)
		}
		migrated <- err
	}()
	for done, more := false, 50; !done || more > 0; {
		select {
		case err := <-migrated:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
		if b.call(); done {
			more--
		}
	}
	b.whole()
	// Whoever is started now must know the new tables.
	if err := b.store.Ready(t.Context()); !errors.Is(err, migrations.ErrNew) || !strings.Contains(err.Error(), "upgrade queueapp") {
		t.Errorf("the old program says %v", err)
	}
}

// Somebody's report keeps a table for long. The migration, and with it the floor, must not wait behind it.
func TestMigrateBehindALongReport(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	b, db := newBusyFloor(t, address), open(t, address)
	report, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var calls int
	if err := report.QueryRowContext(t.Context(), "SELECT count(*) FROM queueapp.calls").Scan(&calls); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { // ends with the migration
		_, err := migrations.UpTo(t.Context(), db, later(t))
		migrated <- err
	}()
	waits := open(t, address)
	for waiting := 0; waiting == 0; {
		err := waits.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
	b.call() // waits behind the migration, until that gives way
	b.call()
	if err := report.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Fatal(err)
	}
	b.call()
	b.whole()
}
