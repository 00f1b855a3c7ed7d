package outside

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/store"
)

// Case is what is judged, beside what the witness saw.
type Case struct {
	Attempts []store.Told
	Visits   []store.Stay
	// Outages are when servers were not there.
	Outages Outages
	// Queue is the number that leads straight into the queue, and Patience how long a caller may wait in it; zero values are
	// not checked.
	Queue    string
	Patience time.Duration
}

// Read reads a case from the tables: what began at a time or after it.
func Read(ctx context.Context, tables *store.Store, floor string, since time.Time) (c Case, err error) {
	if c.Attempts, err = tables.Attempts(ctx, floor, since); err != nil {
		return c, err
	}
	c.Visits, err = tables.Visits(ctx, floor, since)
	return c, err
}

// judge compares.
type judge struct {
	w       *Witness
	c       Case
	outages Outages
	v       *Verdict
	times   deviations
	ringOf  map[queueapp.AttemptID]*seen
	visitOf map[string]store.Stay // by the caller's number
	talkOf  map[string]store.Told // the attempt that was connected, by the caller's number
}

// Judge compares what was seen so far with the tables. The floor must be settled: no call may be going on.
func (w *Witness) Judge(c Case) *Verdict {
	w.Look()
	j := &judge{w: w, c: c, outages: c.Outages, times: deviations{}, visitOf: map[string]store.Stay{}, talkOf: map[string]store.Told{},
		ringOf: map[queueapp.AttemptID]*seen{}, v: &Verdict{Cases: map[Check]int{}, Excused: map[Check]int{},
			Outcomes: map[queueapp.Outcome]int{}, Callers: len(w.callers), Visits: len(c.Visits), Attempts: len(c.Attempts), Rings: len(w.rings)}}
	j.match()
	j.matchHanded()
	j.judgeRings()
	j.judgeAttempts()
	j.judgeVisits()
	j.judgeCallers()
	j.judgeScreens()
	j.judgeTimes()
	return j.v
}

// match finds the attempt of every ring, and complains of those that have none of their own.
func (j *judge) match() {
	type place struct{ number, extension string }
	at := map[place][]store.Told{}
	for _, a := range j.c.Attempts {
		p := place{a.Number, string(a.Extension)}
		if a.From == 0 {
			at[p] = append(at[p], a)
		}
		if !a.Connected.IsZero() {
			j.talkOf[a.Number] = a
		}
	}
	for _, r := range j.w.rings {
		var of []queueapp.AttemptID
		for _, a := range at[place{r.from.Number, r.phone}] {
			end := a.Ended
			if end.IsZero() {
				end = time.Now()
			}
			if j.ringOf[a.Attempt] == nil && !r.begun.Before(j.earliest(a)) && r.begun.Before(end.Add(tolerance)) {
				of = append(of, a.Attempt)
			}
		}
		if len(of) == 1 {
			j.ringOf[of[0]] = r
		} else {
			j.find(Rings, "", "the INVITE at %s from %s at %s is of the attempts %v", r.phone, r.from, Clock(r.begun), of)
		}
	}
}

// earliest is when the phone of an attempt may ring: a death may leave unwritten that it was asked for, not that it was
// to be.
func (j *judge) earliest(a store.Told) time.Time {
	if !a.Rang.IsZero() && !j.outages.touch(a.Offered, a.Rang) {
		return a.Rang
	}
	return a.Offered
}

// judgeRings: no phone had two of our calls at once (DESIGN §6, 1).
func (j *judge) judgeRings() {
	last := map[string]*seen{}
	for _, r := range j.w.rings {
		j.v.Cases[Rings]++
		if was := last[r.phone]; was != nil && r.begun.Before(was.down) {
			j.find(Rings, "", "%s was rung for %s at %s while it was with %s until %s", r.phone, r.from, Clock(r.begun), was.from, Clock(was.down))
		}
		last[r.phone] = r
	}
}

// judgeAttempts: every attempt ended as its phone saw it end (DESIGN §6, 1 2 10).
func (j *judge) judgeAttempts() {
	for _, a := range j.c.Attempts {
		j.v.Cases[Ends]++
		if a.From != 0 {
			j.judgeHanded(a)
			continue
		}
		r := j.ringOf[a.Attempt]
		if r == nil {
			j.judgeSilent(a)
			continue
		}
		what, id := fmt.Sprintf("attempt %s at %s", a.Attempt, a.Extension), a.Attempt.Call
		j.compare("asked for → INVITE", what, id, a.Rang, r.begun)
		j.compare("180 → alerted", what, id, r.rang, a.Alerted)
		j.compare("200 → answered", what, id, r.up, a.Answered)
		j.compare("phone free → leg gone", what, id, r.down, a.Ended)
		switch {
		case a.Answered.IsZero() == r.up.IsZero() || lateAnswer(a, r):
		case a.Answered.IsZero() && ourWish(a.Reason) && a.Closed.Sub(r.up) < crossing:
			j.compare("200 → revoked", what, id, r.up, a.Closed)
		default:
			j.findUnless([]time.Time{r.up, a.Answered, a.Closed}, Ends, id, "%s: the tables say answered %s, the phone %s", what, Clock(a.Answered), Clock(r.up))
		}
		if !a.Connected.IsZero() && (a.Connected.Before(r.up) || r.up.IsZero()) {
			j.find(Ends, id, "%s: connected %s, and the phone answered %s", what, Clock(a.Connected), Clock(r.up))
		}
		if a.Connected.IsZero() {
			j.judgeFailure(what, a, r)
		} else {
			j.judgeTalk(what, a, r, j.w.callers[a.Number])
		}
	}
}

// crossing is how long an answer may be on its way that finds its offer taken back: by a machine that was busy. Such are
// told as times, of which few may be off.
const crossing = time.Second

// lateAnswer is an answer that came when the offer had been taken back.
func lateAnswer(a store.Told, r *seen) bool {
	return !a.Closed.IsZero() && r.up.After(a.Closed.Add(-tolerance))
}

// judgeSilent: an attempt that no phone heard of was given up at once, or the phone was not there.
func (j *judge) judgeSilent(a store.Told) {
	switch a.Reason {
	case queueapp.RevokeUnreachable:
		return
	case queueapp.RevokeCallerGone, queueapp.RevokeElsewhere, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn, queueapp.RevokeLost:
		if a.Rang.IsZero() || a.Closed.Sub(a.Rang) < 10*tolerance {
			return
		}
	default: // somebody must have heard of it
	}
	j.findUnless([]time.Time{a.Offered, a.Closed}, Ends, a.Attempt.Call, "attempt %s at %s, asked for %s, closed %s for %q: no phone saw it",
		a.Attempt, a.Extension, Clock(a.Rang), Clock(a.Closed), a.Reason)
}

// reasons are what the tables may say where a phone refused.
func reasons(refused int) []queueapp.RevokeReason {
	switch refused {
	case 486:
		return []queueapp.RevokeReason{queueapp.RevokeBusy}
	case 603:
		return []queueapp.RevokeReason{queueapp.RevokeRefused}
	case 480: // busy where it never rang
		return []queueapp.RevokeReason{queueapp.RevokeBusy, queueapp.RevokeNoAnswer, queueapp.RevokeUnreachable}
	}
	return []queueapp.RevokeReason{queueapp.RevokeUnreachable}
}

// ourWish reports whether a reason is no doing of the phone's.
func ourWish(r queueapp.RevokeReason) bool {
	switch r {
	case queueapp.RevokeCallerGone, queueapp.RevokeElsewhere, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn:
		return true
	case queueapp.RevokeNoAnswer, queueapp.RevokeBusy, queueapp.RevokeRefused, queueapp.RevokeUnreachable, queueapp.RevokeLost:
	}
	return false
}

// judgeFailure: why an attempt came to nothing is what the phone did.
func (j *judge) judgeFailure(what string, a store.Told, r *seen) {
	when := []time.Time{r.down, a.Closed}
	switch {
	case ourWish(a.Reason):
	case r.refused != 0 && r.refused != 487:
		if !slices.Contains(reasons(r.refused), a.Reason) {
			j.findUnless(when, Ends, a.Attempt.Call, "%s: the phone said %d, the tables say %s", what, r.refused, a.Reason)
			return
		}
		j.compare("refused → revoked", what, a.Attempt.Call, r.down, a.Closed)
	case r.up.IsZero() && a.Reason != queueapp.RevokeNoAnswer:
		j.findUnless(when, Ends, a.Attempt.Call, "%s: the phone only rang, the tables say %s", what, a.Reason)
	}
}

// judgeTalk: who ended a conversation is who hung up.
func (j *judge) judgeTalk(what string, a store.Told, r, caller *seen) {
	id, agentDid, callerDid := a.Attempt.Call, r.out.By == phone.Us, caller != nil && caller.out.By == phone.Us
	switch {
	case a.EndedBy == queueapp.ByTransfer && j.sentOn(a): // and the phone was free by that
	case a.EndedBy == queueapp.ByAgent && agentDid:
		j.compare("agent hung up → closed", what, id, r.down, a.Closed)
	case a.EndedBy == queueapp.ByCaller && callerDid:
		j.compare("caller hung up → closed", what, id, caller.down, a.Closed)
	default:
		moments := []time.Time{r.down, a.Closed}
		if caller != nil {
			moments = append(moments, caller.down)
		}
		j.findUnless(moments, Ends, id, "%s: the tables say ended by %s; the agent hung up: %v, the caller: %v", what, a.EndedBy, agentDid, callerDid)
	}
}
