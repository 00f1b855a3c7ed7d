package queueapp

import (
	"slices"
	"time"
)

// takeBack revokes a visit's open attempts for a reason that is not the agents'. The caller says what becomes of the visit.
func (f *Floor) takeBack(v *visit, reason RevokeReason) {
	open := v.open
	v.open = nil // at once: one by one it would cost the square of how many ring
	for _, a := range open {
		f.withdrawOffer(a, reason, "normal")
	}
}

// withdrawOffer revokes an attempt that is not connected, and has its leg hung up where one was asked for.
func (f *Floor) withdrawOffer(a *attempt, reason RevokeReason, cause string) {
	f.detach(a)
	f.emit(Revoke{Attempt: a.id, Reason: reason})
	if a.state == AttemptCommitted {
		f.release(a)
		return
	}
	f.end(a, cause)
}

// detach parts an attempt from its visit; agent and phone stay reserved until the leg is gone.
func (f *Floor) detach(a *attempt) {
	f.timers.stop(&a.timer)
	v := a.visit
	v.open = slices.DeleteFunc(v.open, func(o *attempt) bool { return o == a })
	if v.winner == a {
		v.winner = nil
	}
	a.visit = nil
}

// finish ends a conversation: the record closes, the agent gets wrap-up, and the phone is ours until its leg is gone.
func (f *Floor) finish(a *attempt, by EndedBy, q850 int) {
	q, asked := a.visit.queue, a.visit.asked
	f.detach(a)
	a.state = AttemptEnding
	f.emit(Close{Attempt: a.id, By: by, Q850: q850, Held: a.onHold(f.now)})
	ag := a.agent
	if ag.ID == "" { // nobody of the floor's
		return
	}
	ag.calls++
	ag.talked += f.now.Sub(a.talked)
	wrapup := q.Wrapup
	if ag.OwnWrapup {
		wrapup = ag.Wrapup
	}
	ag.wrapMost = time.Time{}
	if q.MostWrap > 0 {
		wrapup, ag.wrapMost = min(wrapup, q.MostWrap), f.now.Add(q.MostWrap)
	}
	ag.lastCall, ag.wrapUntil = f.now, f.now.Add(wrapup)
	q.handled(asked, ag.wrapUntil)
	f.emit(WrapUp{Agent: ag.ID, Until: ag.wrapUntil, Last: ag.lastCall, Calls: ag.calls, Talked: ag.talked})
	if ag.OnDemand && ag.seat != nil && !ag.paused {
		f.pause(ag, OnDemandReason, true)
	}
}

// OnDemandReason is the reason of the pause that an agent who gets calls on demand has after each.
const OnDemandReason = "on-demand"
