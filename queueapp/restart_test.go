package queueapp_test

import (
	"cmp"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// restart kills the floor's process, perhaps between an event's commit and its deeds or before the commit, and starts
// another one from what the database and the switch hold.
func (w *world) restart() {
	switch death := rapid.IntRange(0, 3).Draw(w.t, "death"); {
	case death == 0 && len(w.mail) > 0:
		w.onTime(w.mail[0])
		w.hear(w.mail[0])
	case death == 1:
		w.unwritten()
	}
	w.meanwhile()
	l := w.ledger
	plan := l.plan
	if rapid.IntRange(0, 3).Draw(w.t, "applied meanwhile") == 0 {
		plan = drawPlan(w.t)
	}
	l.dies()
	w.floor, w.twin = queueapp.NewFloor(), queueapp.NewFloor()
	w.tell(queueapp.Apply{Plan: plan})
	if rapid.Bool().Draw(w.t, "held") {
		w.tell(queueapp.Hold{Why: "starting"})
	}
	l.reborn()
	for _, ev := range w.remembered() {
		effects := w.hear(ev)
		w.do(effects)
		if len(effects) == 0 && rapid.IntRange(0, 9).Draw(w.t, "doubled") == 0 {
			w.tell(ev)
		}
	}
	for _, x := range l.plan.Extensions {
		w.tell(queueapp.Device{Extension: x.ID, State: rapid.SampledFrom(deviceStates()).Draw(w.t, "state")})
	}
	w.tell(queueapp.Unhold{})
	w.missedMeanwhile()
}

// unwritten has the floor hear what no commit follows any more. Done is only what waits for none: a ring, whose offer is
// durable, and a hang-up.
func (w *world) unwritten() {
	n := min(len(w.mail), rapid.IntRange(1, 4).Draw(w.t, "unwritten"))
	for _, ev := range w.mail[:n] {
		for _, e := range w.floor.Handle(w.now, ev) {
			switch e := e.(type) {
			case queueapp.Ring:
				w.legs[e.Attempt] = &leg{}
			case queueapp.HangUp:
				if l := w.legs[e.Attempt]; l != nil {
					l.gone = true
				}
			}
		}
	}
}

// meanwhile is what happens while nobody listens: people hang up and pick up, or the switch itself dies.
func (w *world) meanwhile() {
	for range rapid.IntRange(0, 3).Draw(w.t, "meanwhile") {
		if rapid.Bool().Draw(w.t, "who") {
			w.phone()
		} else {
			w.hangUp()
		}
	}
	if rapid.IntRange(0, 9).Draw(w.t, "switch restarts") == 0 {
		for _, c := range w.calls {
			c.dead = true
		}
		for _, l := range w.legs {
			l.gone = true
		}
	}
	w.mail = nil
	w.now = w.now.Add(drawDuration(w.t, 0, 60e9))
}

// dies books what goes with the process: who was tried for a visit. That a phone is back is nobody's news after it.
func (l *ledger) dies() {
	l.quiet, l.held = true, false
	clear(l.down)
	clear(l.devices)
	for _, v := range l.visits {
		clear(v.tried)
	}
	for _, q := range l.queues {
		q.turn, q.drops, q.since = -1, nil, time.Time{}
	}
	for _, a := range l.agents {
		a.delayOld, a.most, a.away = true, time.Time{}, time.Time{}
	}
}

// reborn books that the visits' queues are those of the plan that is in force now, and that nothing is known of agents
// who are not in it.
func (l *ledger) reborn() {
	for _, a := range l.agents {
		if !l.inPlan(a.id) {
			a.last, a.wrap, a.delay, a.misses, a.said = time.Time{}, time.Time{}, time.Time{}, 0, 0
			a.calls, a.talk, a.plan = 0, 0, queueapp.Agent{}
			clear(a.out)
			clear(a.pauses)
		}
	}
	for _, v := range l.visits {
		v.queue = l.queues[v.queue.Name]
		if v.queue == nil {
			v.queue = &queueRow{Queue: queueapp.Queue{Name: v.Queue}, removed: true}
		}
		v.more = time.Time{} // of attempts that are over nobody knows when they were made
	}
	for _, a := range l.attempts {
		v := l.visits[a.id.Call]
		if v == nil {
			continue
		}
		if next := a.at.Add(v.queue.Progress); next.After(v.more) {
			v.more = next
		}
		if !a.closed {
			a.visit = v
		}
	}
}

// remembered is what a new owner is told, in the order in which it must be.
func (w *world) remembered() []queueapp.Event {
	l := w.ledger
	var out []queueapp.Event
	for _, a := range sorted(l.agents) {
		out = append(out, queueapp.RestoreAgent{
			Agent: a.id, Extension: a.seat, Paused: a.paused, Reason: a.reason, LastCall: a.last, WrapUntil: a.wrap,
			NoAnswers: a.misses, Delayed: a.delay, Why: a.delayWhy, Calls: a.calls, Talked: a.talk,
		})
	}
	for _, a := range sorted(l.agents) {
		for _, q := range queueNames() {
			if why, paused := a.pauses[q]; paused || a.out[q] {
				out = append(out, queueapp.RestoreMember{Queue: q, Agent: a.id, Out: a.out[q], Paused: paused, Reason: why})
			}
		}
	}
	for _, v := range sorted(l.visits) {
		ev := queueapp.RestoreVisit{Enter: v.Enter, Entered: v.entered, Deadline: v.deadline, Answered: v.answered}
		ev.Priority, ev.Attempts = v.priority, v.attempts
		out = append(out, ev)
	}
	attempts := make([]*attemptRow, 0, len(l.attempts))
	for _, a := range l.attempts {
		attempts = append(attempts, a)
	}
	slices.SortFunc(attempts, func(a, b *attemptRow) int {
		return cmp.Or(cmp.Compare(a.id.Call, b.id.Call), cmp.Compare(a.id.N, b.id.N))
	})
	for _, a := range attempts {
		out = append(out, w.restoreAttempt(a))
	}
	return out
}

// restoreAttempt is an attempt as the database and the switch together tell it. A leg that is gone may be told as an
// attempt that has none, or as one of which the end is told after.
func (w *world) restoreAttempt(a *attemptRow) queueapp.RestoreAttempt {
	leg := w.legs[a.id]
	if leg != nil && leg.gone && rapid.Bool().Draw(w.t, "as if there was no leg") {
		leg = nil
	}
	ev := queueapp.RestoreAttempt{Attempt: a.id, Agent: a.agent, Extension: a.ext, Offered: a.at, Rang: a.rang, From: a.from, Pulled: a.pulled}
	a.restored, a.briefing, a.heard = true, nil, false
	switch {
	case a.closed:
		ev.State = queueapp.AttemptEnding
	case a.stage == connected:
		ev.State = queueapp.AttemptConnected
	case a.stage == handed:
		ev.State = queueapp.AttemptHanded
	case leg == nil:
		ev.State, a.stage = queueapp.AttemptCommitted, offered
	case leg.up || a.stage == up:
		ev.State, a.stage, a.answered = queueapp.AttemptUp, up, true
	default:
		ev.State, a.stage = queueapp.AttemptRinging, rung
	}
	if a.stage >= rung && a.rang.IsZero() { // asked for, and not written any more
		a.rang, ev.Rang = w.now, w.now
	}
	if a.answered {
		ev.Answered = w.now
	}
	ev.Connected, ev.Holds, ev.HeldSince = a.talked, a.held, a.since
	return ev
}

// missedMeanwhile has the new owner hear of all that it finds changed: legs that are gone, callers who are.
func (w *world) missedMeanwhile() {
	for _, id := range w.openAttempts() {
		switch c, leg := w.ledger.attempts[id], w.legs[id]; {
		case c == nil:
		case (leg == nil || leg.gone) && c.stage != offered:
			w.tell(queueapp.Ended{Attempt: id, Cause: queueapp.EndLost})
		case leg != nil && leg.handed && leg.up:
			w.tell(queueapp.Connected{Attempt: id})
		}
	}
	for _, a := range sorted(w.ledger.agents) {
		if c := w.ledger.open(a.id); c != nil && !c.closed && w.legs[c.id] != nil && w.legs[c.id].bridged && !w.legs[c.id].gone {
			w.tell(queueapp.Connected{Attempt: c.id})
		}
	}
	for _, v := range sorted(w.ledger.visits) {
		if w.calls[v.Call].dead {
			w.tell(queueapp.Hangup{Call: v.Call})
		}
	}
	w.tell(queueapp.Tick{})
}

// openAttempts are those whose legs are not known to be gone, in order.
func (w *world) openAttempts() []queueapp.AttemptID {
	var ids []queueapp.AttemptID
	for id, a := range w.ledger.attempts {
		if !a.gone {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b queueapp.AttemptID) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.N, b.N)) })
	return ids
}

// sorted gives a map's values in the order of their keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]V, 0, len(m))
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out
}
