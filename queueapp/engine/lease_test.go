package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// passes reports whether somebody who asks now gets leave at once.
func passes(ask func(context.Context) error) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ask(ctx) == nil
}

func TestTheLeaseIsGoodForThreeSecondsFromABeatsBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLease(time.Now)
		check := func(when string, act, begin bool) {
			t.Helper()
			if a, b := passes(l.Act), passes(l.Begin); a != act || b != begin {
				t.Errorf("%s: act %v, begin %v; want %v, %v", when, a, b, act, begin)
			}
		}
		check("before the floor is owned", false, false)
		l.Renew(time.Now(), true)
		check("after a beat", true, true)
		<-time.After(leaseLife - time.Millisecond) // virtual time
		check("just before its end", true, true)
		<-time.After(time.Millisecond)
		check("after 3 s", false, false)
		l.Renew(time.Now().Add(-leaseLife), true)
		check("an answer that waited for a process that was frozen", false, false)
		l.Renew(time.Now(), false)
		check("a database that cannot be reached", true, false)
		l.Renew(time.Now(), true)
		l.Doubt()
		check("after another's act", false, false)
		l.Renew(time.Now(), true)
		check("a beat of the same moment", false, false)
		<-time.After(time.Millisecond)
		l.Renew(time.Now(), false)
		check("a database that cannot be reached, after another's act", false, false)
		l.Renew(time.Now(), true)
		check("a confirmation after another's act", true, true)
		l.end()
		check("after the floor was given up", false, false)
	})
}

func TestWhoWaitsForTheLeaseIsLetGoByTheNextBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLease(time.Now)
		got := make(chan error)
		go func() { got <- l.Act(t.Context()) }()
		synctest.Wait()
		l.Renew(time.Now().Add(-leaseLife), true) // too old
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("an old answer lets pass")
		default:
		}
		l.Renew(time.Now(), false)
		if err := <-got; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("begun without a confirmation: %v", err)
		}
	})
}

// owned is an owner whose beats the test answers.
type owned struct {
	*world
	beats chan error
}

func (o *owned) Beat(ctx context.Context) error {
	select {
	case err := <-o.beats:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestBeatsRenewTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &owned{newWorld(t), make(chan error)}
		ten := &tenure{Options: Options{Now: time.Now, Lease: NewLease(time.Now)}, owner: w, log: slog.New(slog.DiscardHandler), in: make(chan func(), 100)}
		ended := make(chan error, 1)
		go func() { ended <- ten.beat(t.Context()) }()
		synctest.Wait()
		if passes(ten.Lease.Act) {
			t.Error("may act before the first beat")
		}
		w.beats <- nil
		synctest.Wait()
		if !passes(ten.Lease.Begin) {
			t.Error("may not begin anything after a beat")
		}
		for range 10 { // nobody answers: what is under way goes on, and nothing is begun
			pass(time.Second)
			if !passes(ten.Lease.Act) {
				t.Fatal("may not act while the database is away")
			}
		}
		if passes(ten.Lease.Begin) {
			t.Error("may begin something without a confirmation")
		}
		ten.Lease.end()
		close(w.lost)
		w.beats <- errors.New("dead")
		synctest.Wait()
		if passes(ten.Lease.Act) {
			t.Error("may act with a dead connection")
		}
		w.beats <- ErrNotOwner
		if err := <-ended; !errors.Is(err, errTenureOver) || passes(ten.Lease.Act) {
			t.Errorf("another's floor: %v", err)
		}
	})
}
