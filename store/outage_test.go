package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/link"
	"ringside/store"
	"ringside/store/storetest"
)

// written is how often steps are in the journal, and calls in their table.
func written(t *testing.T, conn *pgx.Conn) (steps, calls int) {
	t.Helper()
	return value[int](t, conn, "SELECT count(*) FROM queueapp.journal"), value[int](t, conn, "SELECT count(*) FROM queueapp.calls")
}

// started commits a batch; what is received tells how that ended.
func started(t *testing.T, o engine.Owner, b engine.Batch) <-chan error {
	t.Helper()
	committed := make(chan error, 1) // so that the goroutine ends also where nobody receives
	go func() { committed <- o.Commit(context.WithoutCancel(t.Context()), b) }()
	return committed
}

func unlost(t *testing.T, o engine.Owner) {
	t.Helper()
	select {
	case <-o.Lost():
		t.Error("the floor is lost, although nobody else owned it")
	default:
	}
}

// A write whose answer was lost is found, and not made again.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	l, through := over(t, address, link.Options{})
	s := storetest.OpenAt(t, through, "a:1")
	apply(t, s, "main")
	o := own(t, s, "main")
	load(t, o)
	conn := connect(t, address)
	call := newCall(t)
	record := engine.RecordKey{Call: call, Seq: 1}
	for _, c := range []struct {
		batch   engine.Batch
		written string
	}{
		{engine.Batch{Steps: []queueapp.Step{enter(7, call, "1000")}}, "SELECT count(*) FROM queueapp.journal"},
		{engine.Batch{Records: []engine.Outgoing{{RecordKey: record, Extension: "1000", Event: "offered", At: noon()}}}, "SELECT count(*) FROM queueapp.outbox"},
		{engine.Batch{Sent: []engine.RecordKey{record}}, "SELECT count(*) FROM queueapp.outbox WHERE done_at IS NOT NULL"},
	} {
		l.LoseAnswers()
		committed := started(t, o, c.batch)
		for value[int](t, conn, c.written) == 0 {
		}
		l.Heal()
		if err := <-committed; err != nil {
			t.Errorf("%s: %v", c.written, err)
		}
	}
	if r := load(t, o); r.NextStep != 8 || len(r.Visits) != 1 || o.Epoch() != 1 {
		t.Errorf("next step %d, %d visits, epoch %d", r.NextStep, len(r.Visits), o.Epoch())
	}
	unlost(t, o)
}

// However the connection breaks, each batch is written once, by the same owner.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	l, through := over(t, address, link.Options{})
	o := own(t, storetest.OpenAt(t, through, "a:1"), "main")
	const batches = 30
	for n := range int64(batches) {
		committed := started(t, o, engine.Batch{Steps: []queueapp.Step{enter(n+1, newCall(t), "")}})
		for until := time.Now().Add(rand.N(3 * time.Millisecond)); time.Now().Before(until); {
			runtime.Gosched()
		}
		l.Cut()
		l.Heal()
		if err := <-committed; err != nil {
			t.Fatalf("batch %d: %v", n, err)
		}
	}
	if steps, calls := written(t, connect(t, address)); steps != batches || calls != batches || o.Epoch() != 1 {
		t.Errorf("%d steps and %d calls of %d are written, epoch %d", steps, calls, batches, o.Epoch())
	}
	unlost(t, o)
}

// Who gives up while the outcome is open says so; the next owner finds out.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	l, through := over(t, storetest.New(t), link.Options{})
	s := storetest.OpenAt(t, through, "a:1")
	apply(t, s, "main")
	o := own(t, s, "main")
	l.LoseAnswers()
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := o.Commit(short, engine.Batch{Steps: []queueapp.Step{enter(7, newCall(t), "1000")}})
	if !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("commit without an answer: %v", err)
	}
	l.Heal()
	release(t, o)
	again := own(t, s, "main")
	if again.Epoch() != o.Epoch()+1 {
		t.Errorf("epoch %d after %d, although nobody owned the floor in between", again.Epoch(), o.Epoch())
	}
	if r := load(t, again); r.NextStep != 8 || len(r.Visits) != 1 {
		t.Errorf("next step %d, %d visits: it was written, and cannot be seen to be", r.NextStep, len(r.Visits))
	}
}

// A batch that takes every connection with it is given up.
func TestABatchThatIsNeverAnswered(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	o := own(t, s, "main")
	conn := connect(t, address)
	exec(t, conn, `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$`)
	exec(t, conn, `CREATE TRIGGER die BEFORE INSERT ON queueapp.journal EXECUTE FUNCTION die()`)
	err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(7, newCall(t), "")}})
	if !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("commit of what ends every connection: %v", err)
	}
}

// A write that cannot have left is told apart, and a dead connection is made again.
func TestNothingSent(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	o := own(t, s, "main")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Commit(ended, engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}}); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("commit with a context that has ended: %v", err)
	}
	if err := o.Beat(t.Context()); err != nil {
		t.Errorf("the connection is of no use after a write that was never sent: %v", err)
	}
	conn := connect(t, address)
	for range 2 {
		kill(t, conn, "main")
		commit(t, o, enter(1, newCall(t), ""))
		kill(t, conn, "main")
		for o.Beat(t.Context()) != nil { // the first may be the one that finds out
		}
	}
}

// Until the lost connection's lock is free its last write may still come to pass: so long nothing is written.
func TestTheLostConnectionEndsFirst(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	o := own(t, s, "main")
	conn := connect(t, address)
	taken := make(chan error, 1)
	go func() { // ends with taken, which is received from below
		_, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock($1)", store.LockKey("main"))
		taken <- err
	}()
	admin := connect(t, address)
	for value[int](t, admin, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0 {
	}
	kill(t, admin, "main")
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	if err := o.Beat(t.Context()); err == nil {
		t.Error("a beat without the lock")
	}
	committed := started(t, o, engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	for range 3 {
		if err := o.Beat(t.Context()); err == nil {
			t.Error("a beat without the lock")
		}
	}
	if steps, _ := written(t, connect(t, address)); steps != 0 {
		t.Error("written without the lock")
	}
	exec(t, conn, "SELECT pg_advisory_unlock($1)", store.LockKey("main"))
	if err := <-committed; err != nil {
		t.Errorf("commit: %v", err)
	}
}

// A database that was set back, or whose place an older copy took, is not written on as if nothing were missing.
func TestADatabaseThatForgot(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	o := own(t, s, "main")
	commit(t, o, enter(7, newCall(t), ""))
	conn := connect(t, address)
	exec(t, conn, "UPDATE queueapp.floors SET next_step = 7")
	kill(t, conn, "main")
	err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(8, newCall(t), "")}})
	if !errors.Is(err, store.ErrForgotten) {
		t.Errorf("commit: %v", err)
	}
	await(t, "it is told", o.Lost())
	if steps, _ := written(t, connect(t, address)); steps != 1 {
		t.Errorf("%d steps are written", steps)
	}
}

// What a database refuses for the moment is written when it can be.
func TestARefusalThatPasses(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	o := own(t, s, "main")
	locker := connect(t, address)
	exec(t, locker, "BEGIN")
	exec(t, locker, "LOCK TABLE queueapp.calls")
	committed := started(t, o, engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	admin := connect(t, address)
	waits := "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'queueapp.calls'::regclass"
	for value[int](t, admin, waits) == 0 {
	}
	for value[int](t, admin, waits) > 0 { // until lock_timeout
	}
	exec(t, locker, "ROLLBACK")
	if err := <-committed; err != nil {
		t.Errorf("commit: %v", err)
	}
	if steps, calls := written(t, connect(t, address)); steps != 1 || calls != 1 {
		t.Errorf("%d steps and %d calls are written", steps, calls)
	}
}

// A plan that was applied while nobody listened is heard of all the same.
func TestAPlanAppliedWhileAway(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	l, through := over(t, address, link.Options{})
	s, elsewhere := storetest.OpenAt(t, through, "a:1"), storetest.OpenAt(t, address, "cli")
	o := own(t, s, "main")
	l.Cut()
	l.Heal()
	apply(t, elsewhere, "main")
	for o.Beat(t.Context()) != nil { // the first may be the one that finds out
	}
	await(t, "the owner hears of the plan", o.PlanChanged())
}

// A database that pauses costs no floor: what was asked of it is answered when it goes on.
func TestPauseOfTheDatabase(t *testing.T) {
	t.Parallel()
	l, through := over(t, storetest.New(t), link.Options{})
	s := storetest.OpenAt(t, through, "a:1")
	o := own(t, s, "main")
	l.Hold(link.Answers)
	for range 3 {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := o.Beat(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a beat during the pause: %v", err)
		}
		cancel()
	}
	committed := started(t, o, engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	l.Heal()
	if err := <-committed; err != nil {
		t.Errorf("a write during the pause: %v", err)
	}
	if err := o.Beat(t.Context()); err != nil {
		t.Errorf("a beat after the pause: %v", err)
	}
	select {
	case <-o.Lost():
		t.Error("the pause cost the connection")
	default:
	}
}

// Giving up does not wait for a database that does not answer.
func TestReleaseDuringAPause(t *testing.T) {
	t.Parallel()
	l, through := over(t, storetest.New(t), link.Options{})
	s := storetest.OpenAt(t, through, "a:1")
	o, err := s.Own(t.Context(), "main", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Hold(link.Answers)
	committed := started(t, o, engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := o.Release(short); err == nil {
		t.Error("released in order, although nobody answered")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("released after %s", took)
	}
	if err := <-committed; err == nil {
		t.Error("a write that nobody answered succeeded")
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := storetest.OpenAt(t, "postgres://ringside:secret@127.0.0.1:1/floor", "a:1")
	_, own := s.Own(t.Context(), "main", nil)
	_, lookup := s.CustomersByCode(t.Context(), "1111")
	for what, err := range map[string]error{"ready": s.Ready(t.Context()), "own": own, "look-up": lookup} {
		if err == nil || !strings.Contains(err.Error(), "start PostgreSQL") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := store.Open(store.Config{Address: "postgres://u:secret@h:port/x"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("open: %v", err)
	}
}
