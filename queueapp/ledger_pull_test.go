package queueapp_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// pull has an operator give a caller to a phone, mostly one who may still be waiting.
func (w *world) pull() {
	calls := []queueapp.CallID{"c0"}
	if inside := sorted(w.ledger.visits); len(inside) > 0 {
		calls = nil
		for _, v := range inside {
			calls = append(calls, v.Call)
		}
	}
	ev := queueapp.Pull{
		Call: rapid.SampledFrom(calls).Draw(w.t, "pulled"), Extension: rapid.SampledFrom(append(extensionIDs(), "4711")).Draw(w.t, "to"),
	}
	w.onTime(ev)
	w.tell(ev)
	for _, a := range w.ledger.attempts {
		if a.pulled && a.agent == "" && a.stage == connected {
			w.seen["nobody talks"]++
		}
	}
}

// pull asserts that a caller whom nobody has answered goes to the phone that an operator names, and to no other; else that
// it is said why not.
func (l *ledger) pull(ev queueapp.Pull, effects []queueapp.Effect) {
	var offers []queueapp.Offer
	for _, e := range effects {
		if o, ok := e.(queueapp.Offer); ok && o.Pulled {
			offers = append(offers, o)
		}
	}
	if why := l.cannotPull(ev); why != "" {
		if len(offers) > 0 || !slices.Contains(effects, queueapp.Effect(queueapp.Refused{Call: ev.Call, Reason: why})) {
			l.fail("%s is pulled to %s, which should be refused as %s", ev.Call, ev.Extension, why)
		}
		return
	}
	x, ag := l.seatAt(ev.Extension)
	if len(offers) != 1 || offers[0].Attempt.Call != ev.Call || offers[0].Extension != x || offers[0].Agent != ag || refuses(effects) {
		l.fail("%s is pulled to %s, where %q sits: %+v", ev.Call, ev.Extension, ag, offers)
	}
	for _, a := range l.attempts {
		if a.visit == l.visits[ev.Call] && !a.closed && !slices.Contains(effects, queueapp.Effect(queueapp.Revoke{Attempt: a.id, Reason: queueapp.RevokeWithdrawn})) {
			l.fail("%s is pulled, and %s rings on", ev.Call, a.id)
		}
	}
}

func (l *ledger) cannotPull(ev queueapp.Pull) queueapp.RefusalReason {
	v, on := l.visits[ev.Call], l.on(ev.Extension)
	var at *attemptRow
	if v != nil {
		at = l.serving(v)
	}
	busy := on != nil
	for _, a := range l.agents {
		busy = busy || a.seat == ev.Extension && l.open(a.id) != nil
	}
	switch {
	case v == nil, at != nil && at.stage >= up:
		return queueapp.RefusedNotWaiting
	case !l.extension(ev.Extension):
		return queueapp.RefusedUnknownExtension
	case on != nil && on.visit == v && !on.closed:
		return queueapp.RefusedAlready
	case busy:
		return queueapp.RefusedOnCall
	case l.held, l.down[v.Switch], l.down[l.switchOf(ev.Extension)]:
		return queueapp.RefusedUnavailable
	}
	return ""
}

// pulledOffer books an attempt that an operator has asked for: none of the queue's rules hold for who gets it.
func (l *ledger) pulledOffer(ev queueapp.Event, e queueapp.Offer) {
	v := l.visits[e.Attempt.Call]
	if p, ok := ev.(queueapp.Pull); !ok || v == nil || p.Call != v.Call || e.Attempt.N != v.attempts+1 || l.serving(v) != nil || e.Queue != v.queue.Name {
		l.fail("%s is pulled by %+v", e.Attempt, ev)
		return
	}
	if !e.Expires.After(l.now.Add(v.queue.Ring)) {
		l.fail("record of %s expires before the ring is over", e.Attempt)
	}
	v.attempts = e.Attempt.N
	for _, q := range l.queues { // he was there, for a moment
		if q.memberIn(e.Agent) >= 0 {
			q.since = time.Time{}
		}
	}
	l.attempts[e.Attempt] = &attemptRow{id: e.Attempt, agent: e.Agent, ext: e.Extension, visit: v, at: l.now, pulled: true}
}
