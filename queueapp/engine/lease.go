package engine

import (
	"context"
	"sync"
	"time"
)

// Lease says when this process may act for its floor. A process that was frozen cannot know that it was: another one may
// own the floor by now. So whoever is about to touch the outside asks here first. Right after a beat the answer is yes; after
// a gap it waits for the next beat's, or for the end of the tenure, which takes all that waits with it (DESIGN §4.1).
//
// A nil Lease lets everything pass. All methods may be called concurrently.
type Lease struct {
	now func() time.Time

	mu        sync.Mutex
	heard     time.Time // when the last beat began that came to an end, good or bad
	confirmed time.Time // when the last one began that proved ownership
	doubted   time.Time // when somebody else was seen to act; zero once ownership was proved since
	changed   chan struct{}
}

// leaseLife is how long a beat's answer is good for. A standby takes over 5 s after the last beat at the earliest.
const leaseLife = 3 * time.Second

// NewLease returns a lease that lets nothing pass until the floor is owned.
func NewLease(now func() time.Time) *Lease {
	return &Lease{now: now, changed: make(chan struct{})}
}

// Act waits until this process is known to have been awake, and the last beat's answer was not that the floor is lost. It
// returns an error when ctx ends first. Also a database that cannot be reached is an answer: what is under way goes on,
// unless somebody else was seen to act.
func (l *Lease) Act(ctx context.Context) error {
	return l.wait(ctx, func() time.Time { return l.heard })
}

// Begin waits until ownership was confirmed within the last 3 s: only then may something new be begun, or taken from whoever
// has it. It returns an error when ctx ends first.
func (l *Lease) Begin(ctx context.Context) error {
	return l.wait(ctx, func() time.Time { return l.confirmed })
}

func (l *Lease) wait(ctx context.Context, since func() time.Time) error {
	if l == nil {
		return nil
	}
	for {
		l.mu.Lock()
		at, changed := since(), l.changed
		l.mu.Unlock()
		if !at.IsZero() && l.now().Sub(at) < leaseLife {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lastConfirmed is when the last beat began that proved ownership; zero where none did.
func (l *Lease) lastConfirmed() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirmed
}

// Renew takes the answer to a beat that began then. The begin counts, not the answer: a process may have been frozen in
// between, with the answer waiting for it.
func (l *Lease) Renew(begun time.Time, confirmed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.doubted.IsZero() && (!confirmed || !begun.After(l.doubted)) {
		return
	}
	l.doubted, l.heard = time.Time{}, begun
	if confirmed {
		l.confirmed = begun
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// Doubt says that somebody else was seen to act for the floor, as only its owner does. Nothing passes until a beat that
// begins later proves that the floor is ours: that the database cannot be reached is no answer then.
func (l *Lease) Doubt() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard, l.confirmed, l.doubted = time.Time{}, time.Time{}, l.now()
}

// end lets nothing pass until the floor is owned again.
func (l *Lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard, l.confirmed, l.doubted = time.Time{}, time.Time{}, time.Time{}
}
