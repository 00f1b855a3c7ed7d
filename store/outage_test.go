package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/link"
	"ringside/store"
	"ringside/store/storetest"
)

// A lost answer leaves open whether a write took place; the next owner finds out.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	l, through := over(t, address, link.Options{})
	s := storetest.OpenAt(t, through, "a:1")
	apply(t, s, "main")
	o := own(t, s, "main")
	l.LoseAnswers()
	err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(7, newCall(t), "1000")}})
	if !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("commit without an answer: %v", err)
	}
	await(t, "it is told", o.Lost())
	l.Heal()
	again := own(t, s, "main")
	if again.Epoch() != o.Epoch()+1 {
		t.Errorf("epoch %d after %d, although nobody owned the floor in between", again.Epoch(), o.Epoch())
	}
	if r := load(t, again); r.NextStep != 8 || len(r.Visits) != 1 {
		t.Errorf("next step %d, %d visits: it was written, and cannot be seen to be", r.NextStep, len(r.Visits))
	}
}

// A write that cannot have left is told apart.
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
	kill(t, connect(t, address), "main")
	await(t, "it is told", o.Lost())
	if err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}}); !errors.Is(err, store.ErrLost) {
		t.Errorf("commit on a dead connection: %v", err)
	}
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
	committed := make(chan error, 1)
	go func() { // ends with committed, which is received from below
		committed <- o.Commit(context.WithoutCancel(t.Context()), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	}()
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
	committed := make(chan error, 1)
	go func() { // ends with committed, which is received from below
		committed <- o.Commit(context.WithoutCancel(t.Context()), engine.Batch{Steps: []queueapp.Step{enter(1, newCall(t), "")}})
	}()
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
