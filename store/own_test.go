package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ringside/migrations"
	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/link"
	"ringside/store"
	"ringside/store/storetest"
)

// standby begins to wait for a floor and returns when it waits.
func standby(t *testing.T, s *store.Store, floor, owner string) <-chan engine.Owner {
	t.Helper()
	waits, got := make(chan struct{}), make(chan engine.Owner, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
	t.Cleanup(cancel)
	go func() { // ends with got, which the caller receives from, or with ctx
		o, err := s.Own(ctx, floor, func(name string) {
			if name != owner {
				t.Errorf("it waits for %q, want %q", name, owner)
			}
			close(waits)
		})
		if err != nil {
			t.Errorf("own: %v", err)
		}
		got <- o
	}()
	await(t, "the standby waits", waits)
	return got
}

func receive(t *testing.T, got <-chan engine.Owner) engine.Owner {
	t.Helper()
	select {
	case o := <-got:
		if o == nil {
			t.FailNow()
		}
		t.Cleanup(func() { release(t, o) })
		return o
	case <-time.After(soon):
		t.Fatalf("nobody owns the floor after %s", soon)
		return nil
	}
}

func TestStandbyTakesOverOnRelease(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	first := own(t, storetest.OpenAt(t, address, "a:1"), "main")
	got := standby(t, storetest.OpenAt(t, address, "b:2"), "main", "a:1")
	release(t, first)
	second := receive(t, got)
	if first.Epoch() != 1 || second.Epoch() != 2 {
		t.Errorf("epochs %d and %d, want 1 and 2", first.Epoch(), second.Epoch())
	}
	if err := first.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}}); !errors.Is(err, store.ErrReleased) {
		t.Errorf("a write after the release: %v", err)
	}
	select {
	case <-first.Lost():
		t.Error("what was given up is told to be lost")
	default:
	}
}

func TestFloorsHaveOwnersOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	own(t, s, "main")
	if o := own(t, s, "other"); o.Epoch() != 1 {
		t.Errorf("epoch %d of a floor that nobody owned", o.Epoch())
	}
}

func TestStandbyTakesOverWhenTheOwnerDies(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	first := own(t, storetest.OpenAt(t, address, "a:1"), "main")
	got := standby(t, storetest.OpenAt(t, address, "b:2"), "main", "a:1")
	conn := connect(t, address)
	began := time.Now()
	kill(t, conn, "main")
	second := receive(t, got)
	took := time.Since(began)
	t.Logf("taken over after %s", took.Round(time.Millisecond))
	if took > 2*time.Second { // 0.2 s on a machine that does nothing else
		t.Errorf("taken over after %s", took)
	}
	err := first.Beat(t.Context())
	for err != nil && !errors.Is(err, store.ErrNotOwner) { // the first may be the one that finds the connection dead
		err = first.Beat(t.Context())
	}
	if err == nil {
		t.Error("a beat of the dead was confirmed")
	}
	await(t, "the first owner is told", first.Lost())
	if err := second.Beat(t.Context()); err != nil {
		t.Errorf("a beat of the living: %v", err)
	}
}

// A frozen process holds its lock: nothing but its silence tells.
func TestStandbyTakesOverFromTheFrozen(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	began := time.Now()
	frozen := own(t, storetest.OpenAt(t, address, "a:1"), "main")
	second := receive(t, standby(t, storetest.OpenAt(t, address, "b:2"), "main", "a:1"))
	took := time.Since(began)
	t.Logf("taken over after %s", took.Round(time.Millisecond))
	if took < 5*time.Second {
		t.Errorf("taken over after %s: an owner may be silent for 5 s", took)
	}
	err := frozen.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	if !errors.Is(err, store.ErrNotOwner) {
		t.Errorf("a write of who was frozen: %v", err)
	}
	await(t, "it is told", frozen.Lost())
	if n := value[int](t, connect(t, address), "SELECT count(*) FROM queueapp.journal"); n != 0 {
		t.Errorf("%d steps written by who was frozen", n)
	}
	if err := second.Beat(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBeatsKeepTheFloor(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	first := own(t, storetest.OpenAt(t, address, "a:1"), "main")
	got := standby(t, storetest.OpenAt(t, address, "b:2"), "main", "a:1")
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for range 13 { // longer than a silent owner keeps it
		select {
		case <-got:
			t.Fatal("taken from an owner that beats")
		case <-first.Lost():
			t.Fatal("an owner that beats is ended")
		case <-tick.C:
			if err := first.Beat(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	release(t, first)
	receive(t, got)
}

// Whatever lets two processes believe that they own a floor, only the one with the epoch can write.
func TestStaleOwnerCannotWrite(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	apply(t, s, "main")
	for _, c := range []struct {
		what string
		do   func(engine.Owner) error
	}{
		{"commit", func(o engine.Owner) error {
			return o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "1000")}})
		}},
		{"beat", func(o engine.Owner) error { return o.Beat(t.Context()) }},
		{"load", func(o engine.Owner) error { _, err := o.Load(t.Context()); return err }},
	} {
		o := own(t, s, "main")
		conn := connect(t, address)
		exec(t, conn, "UPDATE queueapp.floors SET epoch = epoch + 1 WHERE name = 'main'")
		if err := c.do(o); !errors.Is(err, store.ErrNotOwner) || !errors.Is(err, engine.ErrNotOwner) {
			t.Errorf("%s: %v, want ErrNotOwner", c.what, err)
		}
		await(t, "it is told", o.Lost())
		if n := value[int](t, conn, "SELECT count(*) FROM queueapp.calls"); n != 0 {
			t.Errorf("%s: %d calls written", c.what, n)
		}
		if epoch := value[int64](t, conn, "SELECT epoch FROM queueapp.floors"); epoch != o.Epoch()+1 {
			t.Errorf("%s: the epoch is %d after a refused write, want %d", c.what, epoch, o.Epoch()+1)
		}
	}
}

func TestPoolerIsRefused(t *testing.T) {
	t.Parallel()
	_, through := over(t, storetest.New(t), link.Options{AlterAnswers: otherNumber})
	_, err := storetest.OpenAt(t, through, "a:1").Own(t.Context(), "main", nil)
	if err == nil || !strings.Contains(err.Error(), "pooler") {
		t.Errorf("own through a pooler: %v", err)
	}
}

func TestOldTablesAreRefused(t *testing.T) {
	t.Parallel()
	s := storetest.OpenAt(t, storetest.NewEmpty(t), "a:1")
	if _, err := s.Own(t.Context(), "main", nil); !errors.Is(err, migrations.ErrOld) {
		t.Errorf("own without tables: %v", err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, migrations.ErrOld) || !strings.Contains(err.Error(), "queueapp migrate") {
		t.Errorf("ready without tables: %v", err)
	}
	if applied, err := s.Migrate(t.Context()); err != nil || len(applied) == 0 {
		t.Fatalf("migrate: %v, %v", applied, err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready after migrate: %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	own(t, storetest.OpenAt(t, address, "a:1"), "main")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := storetest.OpenAt(t, address, "b:2").Own(ctx, "main", func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("own: %v", err)
	}
}

func TestPlanChanged(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	plan := apply(t, s, "main")
	o := own(t, s, "main")
	load(t, o)
	source := append([]byte("# changed\n"), defaultSource()...)
	if _, err := s.Apply(t.Context(), "other", plan, source); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Apply(t.Context(), "main", plan, source); err != nil || v != 2 {
		t.Fatalf("apply: version %d, %v", v, err)
	}
	await(t, "the owner hears of the plan", o.PlanChanged())
	if _, v, err := o.Plan(t.Context()); err != nil || v != 2 {
		t.Fatalf("plan: version %d, %v", v, err)
	}
	if _, err := s.Apply(t.Context(), "main", plan, source); err != nil {
		t.Fatal(err)
	}
	if err := o.Beat(t.Context()); err != nil { // what was notified has arrived with the answer
		t.Fatal(err)
	}
	select {
	case <-o.PlanChanged():
		t.Error("told of another floor's plan, or of one that did not change")
	default:
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	asks := storetest.OpenAt(t, address, "b:2")
	want := func(when, owner string, ok bool) {
		t.Helper()
		name, held, err := asks.Holder(t.Context(), "main")
		if err != nil || held != ok || ok && name != owner {
			t.Errorf("%s: %q, %v, %v", when, name, held, err)
		}
	}
	want("before anybody owned it", "", false)
	o := own(t, storetest.OpenAt(t, address, "a:1"), "main")
	want("while it is owned", "a:1", true)
	if _, held, err := asks.Holder(t.Context(), "other"); err != nil || held {
		t.Errorf("another floor: %v, %v", held, err)
	}
	release(t, o)
	want("after it was given up", "", false)
}
