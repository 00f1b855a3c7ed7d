package queueapp_test

import (
	"slices"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// transfer has whoever talks send the caller on: to a phone of the floor's or to any other, with or without having asked there.
func (w *world) transfer(id queueapp.AttemptID) {
	ev := queueapp.Transferred{Attempt: id, Attended: rapid.Bool().Draw(w.t, "attended"), Channel: "l"}
	if rapid.IntRange(0, 2).Draw(w.t, "ours") > 0 {
		ev.Extension = rapid.SampledFrom(append(extensionIDs(), "4711")).Draw(w.t, "to")
	}
	w.post(ev)
}

// transferred asserts that a conversation that is sent on ends, and goes on elsewhere; of any other nothing follows.
func (l *ledger) transferred(ev queueapp.Transferred, effects []queueapp.Effect) {
	a := l.attempts[ev.Attempt]
	talks := a != nil && a.stage == connected && !a.closed
	closes := slices.ContainsFunc(effects, func(e queueapp.Effect) bool { c, ok := e.(queueapp.Close); return ok && c.Attempt == ev.Attempt })
	passes := slices.ContainsFunc(effects, func(e queueapp.Effect) bool { h, ok := e.(queueapp.HandOver); return ok && h.From == ev.Attempt.N })
	if talks != closes || talks != passes || talks != hangsUp(effects, ev.Attempt) && talks {
		l.fail("%s is sent on: it talks is %t, it closes %t, it goes on %t", ev.Attempt, talks, closes, passes)
	}
}

// handOver books the attempt with which a transferred call goes on: nobody is kept by it who has another call.
func (l *ledger) handOver(ev queueapp.Event, e queueapp.HandOver) {
	sent, ok := ev.(queueapp.Transferred)
	from := l.attempts[sent.Attempt]
	if !ok || from == nil || !from.closed || e.From != sent.Attempt.N || e.Attempt.N != from.visit.attempts+1 || e.Attempt.Call != sent.Attempt.Call {
		l.fail("%s is handed over by %+v", e.Attempt, ev)
		return
	}
	x, ag := l.seatAt(sent.Extension)
	if e.Extension != x || e.Agent != ag || e.Attended != sent.Attended {
		l.fail("%s goes to %q at %q, want %q at %q", e.Attempt, e.Agent, e.Extension, ag, x)
	}
	v := from.visit
	v.attempts = e.Attempt.N
	row := &attemptRow{id: e.Attempt, agent: ag, ext: x, visit: v, stage: handed, at: l.now, rang: l.now, from: e.From}
	if e.Attended {
		row.stage, row.talked, row.answered = connected, l.now, true
	}
	l.attempts[e.Attempt] = row
}

// seatAt is the phone that a call is at that was transferred there, and who sits at it, as far as they have no other call.
func (l *ledger) seatAt(x queueapp.ExtensionID) (queueapp.ExtensionID, queueapp.AgentID) {
	if !l.extension(x) || l.on(x) != nil {
		return "", ""
	}
	for _, a := range l.agents {
		if a.seat == x && l.open(a.id) == nil {
			return x, a.id
		}
	}
	return x, ""
}

// reached asserts that the place of a transferred call is told once, where it was not known, and books it.
func (l *ledger) reached(ev queueapp.Reached, effects []queueapp.Effect) {
	a := l.attempts[ev.Attempt]
	x, ag := l.seatAt(ev.Extension)
	wants := a != nil && !a.closed && a.from != 0 && a.ext == "" && x != ""
	told := slices.ContainsFunc(effects, func(e queueapp.Effect) bool {
		at, ok := e.(queueapp.Located)
		return ok && at.Attempt == ev.Attempt && at.Extension == x && at.Agent == ag
	})
	if wants != told {
		l.fail("%s is at %q with %q: told is %t", ev.Attempt, x, ag, told)
	}
	if told {
		a.ext, a.agent = x, ag
	}
}
