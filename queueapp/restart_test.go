package queueapp_test

import (
	"cmp"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// restart kills the floor's process, perhaps between an event's commit and its deeds, and starts another one from what
// the database and the switch hold.
func (w *world) restart() {
	if len(w.mail) > 0 && rapid.Bool().Draw(w.t, "between commit and deed") {
		w.onTime(w.mail[0])
		w.hear(w.mail[0])
	}
	w.mail = nil
	w.now = w.now.Add(drawDuration(w.t, 0, 60e9))
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

// dies books what goes with the process: nobody remembers delays.
func (l *ledger) dies() {
	l.quiet, l.held = true, false
	clear(l.down)
	clear(l.devices)
	for _, v := range l.visits {
		clear(v.tried)
	}
	for _, a := range l.agents {
		a.delay = l.now
	}
}

// reborn books that the visits' queues are those of the plan that is in force now, and that nothing is known of agents
// who are not in it.
func (l *ledger) reborn() {
	for _, a := range l.agents {
		if !l.inPlan(a.id) {
			a.last, a.wrap, a.misses, a.said = time.Time{}, time.Time{}, 0, 0
		}
	}
	for _, v := range l.visits {
		v.queue = l.queues[v.queue.Name]
		if v.queue == nil {
			v.queue = &queueRow{Queue: queueapp.Queue{Name: v.Queue}, removed: true}
		}
	}
	for _, a := range l.attempts {
		if v := l.visits[a.id.Call]; v != nil && !a.closed {
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
			NoAnswers: a.misses,
		})
	}
	for _, v := range sorted(l.visits) {
		ev := queueapp.RestoreVisit{Enter: v.Enter, Entered: v.entered, Deadline: v.deadline}
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

// restoreAttempt is an attempt as the database and the switch together tell it.
func (w *world) restoreAttempt(a *attemptRow) queueapp.RestoreAttempt {
	leg := w.legs[a.id]
	ev := queueapp.RestoreAttempt{Attempt: a.id, Agent: a.agent, Extension: a.ext, Offered: a.at, Rang: a.rang}
	a.restored = true
	switch {
	case a.closed:
		ev.State = queueapp.AttemptEnding
	case a.stage == connected:
		ev.State = queueapp.AttemptConnected
	case a.stage == offered || leg == nil:
		ev.State, a.stage = queueapp.AttemptCommitted, offered
	case leg.up || a.stage == up:
		ev.State, a.stage, a.answered = queueapp.AttemptUp, up, true
	default:
		ev.State = queueapp.AttemptRinging
	}
	if a.answered {
		ev.Answered = w.now
	}
	return ev
}

// missedMeanwhile has the new owner hear of all that it finds changed: legs that are gone, callers who are.
func (w *world) missedMeanwhile() {
	for _, a := range sorted(w.ledger.agents) {
		if c := w.ledger.open(a.id); c != nil && (w.legs[c.id] == nil || w.legs[c.id].gone) && c.stage != offered {
			w.tell(queueapp.Ended{Attempt: c.id, Cause: queueapp.EndLost})
		}
	}
	for _, v := range sorted(w.ledger.visits) {
		if w.calls[v.Call].dead {
			w.tell(queueapp.Hangup{Call: v.Call})
		}
	}
	w.tell(queueapp.Tick{})
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
