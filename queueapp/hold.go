package queueapp

import "time"

// heldBy begins a hold; what is told of a leg that does not talk is told of a phone that keeps its line.
func (f *Floor) heldBy(ev Held) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.state != AttemptConnected || !a.since.IsZero() {
		return
	}
	a.since = f.now
	f.emit(OnHold{Attempt: a.id})
}

func (f *Floor) resumed(ev Resumed) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.state != AttemptConnected || a.since.IsZero() {
		return
	}
	d := f.now.Sub(a.since)
	a.held, a.since = a.held+d, time.Time{}
	f.emit(OffHold{Attempt: a.id, For: d})
}

// onHold is how long the caller has been on hold, a hold that lasts included.
func (a *attempt) onHold(now time.Time) time.Duration {
	if a.since.IsZero() {
		return a.held
	}
	return a.held + now.Sub(a.since)
}
