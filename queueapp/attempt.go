package queueapp

import (
	"time"
)

// ringGrace is how much longer than Asterisk's own originate time-out the floor waits before it ends a ring itself.
const ringGrace = 2 * time.Second

// bridgeGrace is how long an answered leg may wait for its bridge before the attempt is given up.
const bridgeGrace = 5 * time.Second

// offerLife is how much longer than the ring a record that was offered may live by itself: the budget, the grace, and
// a restart of this process in between.
const offerLife = 30 * time.Second

// endGrace is how long a leg that is to be hung up may take to be seen gone before that is asked for again.
const endGrace = 5 * time.Second

// attempt is one offer of a visit to one agent (DESIGN §4.4): committed → ringing → up → connected, or ending, or gone. Between
// ringing and up there may be briefing, or asked.
type attempt struct {
	id       AttemptID
	visit    *visit // nil once the attempt no longer matters to the caller
	agent    *agent
	ext      *extension
	on       SwitchName // where the caller is, and so the leg
	state    AttemptState
	timer    timer
	restored bool // taken over from the last owner
	briefing Briefing
	briefed  bool

	answered, talked time.Time
	since            time.Time     // on hold; zero: is not
	held             time.Duration // in holds that are over
	from             int           // the attempt that was transferred, of which this one came; 0: none
	pulled           bool          // an operator has chosen the phone, not the queue the agent
}

func (f *Floor) offer(v *visit, ag *agent) {
	switch v.queue.Strategy {
	case RingAll, Progressive: // more may ring
	case LeastRecent, FewestCalls, LeastTalk, Random, WeightedRandom, RoundRobin, Linear:
		f.unline(v)
	}
	f.ask(v, ag, ag.seat, false)
}

// next begins a visit's next attempt.
func (f *Floor) next(v *visit, ag *agent, x *extension) *attempt {
	v.offers++
	v.asked = f.now
	return f.open(AttemptID{Call: v.Call, N: v.offers}, v, ag, x)
}

// ask offers a visit to whoever is at a phone.
func (f *Floor) ask(v *visit, ag *agent, x *extension, pulled bool) {
	a := f.next(v, ag, x)
	a.state, a.pulled = AttemptCommitted, pulled
	f.pace(v)
	f.emit(Offer{
		Attempt: a.id, Queue: v.queue.Name, Agent: ag.ID, Extension: x.ID,
		Expires: f.now.Add(v.queue.Ring + ringGrace + offerLife), Pulled: pulled,
	})
}

// open ties agent and phone to a new attempt, and the visit where there is still one: from here on the agent is reserved.
func (f *Floor) open(id AttemptID, v *visit, ag *agent, x *extension) *attempt {
	a := &attempt{id: id, visit: v, agent: ag, ext: x}
	a.timer.attempt = a
	f.attempts[id] = a
	ag.attempt, x.attempt = a, a
	if v != nil {
		a.on, v.open = v.Switch, append(v.open, a)
	}
	f.reviewBoth(a)
	return a
}

// reviewBoth reviews an attempt's agent, and whoever else sits at its phone by now.
func (f *Floor) reviewBoth(a *attempt) {
	f.review(a.agent)
	if s := a.ext.agent; s != nil && s != a.agent {
		f.review(s)
	}
}

func (f *Floor) offered(ev Offered) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.state != AttemptCommitted {
		return
	}
	ring := min(a.visit.queue.Ring, a.visit.deadline.at.Sub(f.now))
	a.state = AttemptRinging
	f.timers.set(&a.timer, f.now.Add(ring+ringGrace))
	f.emit(Ring{Attempt: a.id, Extension: a.ext.ID, For: ring})
}

func (f *Floor) up(ev Up) {
	a := f.attempts[ev.Attempt]
	switch {
	case a == nil || a.state == AttemptEnding || a.state == AttemptCommitted:
		f.emit(HangUp{Attempt: ev.Attempt, Reason: "normal"}) // late-answer: the caller is gone or elsewhere
		if a != nil && a.answered.IsZero() {
			a.answered = f.now
		}
	case a.state == AttemptRinging:
		a.answered = f.now
		f.greet(a)
	}
}

// win gives a caller to whoever answered first, or accepted first where that is asked for: the other phones stop.
func (f *Floor) win(a *attempt) {
	v := a.visit
	v.winner = a
	f.unline(v)
	f.timers.stop(&v.more)
	open := v.open
	v.open = []*attempt{a}
	for _, other := range open {
		if other != a {
			f.withdrawOffer(other, RevokeElsewhere, "answered_elsewhere")
		}
	}
}

func (f *Floor) connected(ev Connected) {
	a := f.attempts[ev.Attempt]
	if a == nil || !a.state.answered() && a.state != AttemptHanded {
		return
	}
	if a.state == AttemptAsked { // accepted before a restart
		f.win(a)
	}
	f.timers.stop(&a.timer)
	v := a.visit
	a.state, a.talked = AttemptConnected, f.now
	if v.talks { // with somebody before, who has handed him over
		a.answered = f.now
		f.recount(a.agent)
		return
	}
	v.answered = a.agent.ID
	v.talk()
	v.queue.answered(f.now)
	f.timers.stop(&v.deadline)
	f.timers.stop(&v.widen)
	f.recount(a.agent)
	f.missed(a.agent, 0)
}

// ended is a leg seen gone: what that means depends on how far the attempt was.
func (f *Floor) ended(ev Ended) {
	a := f.attempts[ev.Attempt]
	if a == nil {
		return
	}
	v := a.visit
	switch a.state {
	case AttemptEnding:
	case AttemptConnected:
		by := ByAgent
		if ev.Cause == EndLost {
			by = BySystem
		}
		f.finish(a, by, ev.Q850)
		f.leave(v, v.served(ThenHangUp))
	case AttemptHanded:
		f.refused(a, ev)
	case AttemptCommitted, AttemptRinging, AttemptBriefing, AttemptAsked, AttemptUp:
		reason := reasonFor(ev.Cause)
		if a.state == AttemptUp && ev.Cause == EndHangup {
			reason = RevokeRefused // picked up and put down before the caller was there
		}
		f.fail(a, reason, ev.Q850)
	}
	f.release(a)
}

func reasonFor(c EndCause) RevokeReason {
	switch c {
	case EndNoAnswer:
		return RevokeNoAnswer
	case EndBusy:
		return RevokeBusy
	case EndRefused, EndHangup:
		return RevokeRefused
	case EndUnreachable:
		return RevokeUnreachable
	case EndLost:
	}
	return RevokeLost
}

// fail revokes an attempt that came to nothing, and puts the visit back where it stood. What was lost with the last
// owner is nobody's fault and may be tried again at once; what is lost under our eyes could be lost again and again. To whom
// an operator gave a caller it is no miss, but the same caller does not come back to him any sooner for it.
func (f *Floor) fail(a *attempt, reason RevokeReason, q850 int) {
	v, q := a.visit, a.visit.queue
	f.detach(a)
	f.emit(Revoke{Attempt: a.id, Reason: reason, Q850: q850})
	if reason != RevokeLost || !a.restored {
		f.spare(v, a.agent, f.now.Add(q.Retry))
		if !a.pulled {
			f.letBe(a.agent, q, reason)
		}
	}
	f.stay(v)
}

// stay puts a visit back where it stood that has one attempt less.
func (f *Floor) stay(v *visit) {
	switch {
	case v.winner != nil:
	case v.level != nil:
		f.watchEmpty(v.queue)
		f.stood = append(f.stood, v)
	case len(v.open) == 0 || v.queue.Strategy.rings():
		f.stand(v)
	}
}

// letBe keeps an agent from the next offer for as long as the reason asks (DESIGN §4.5).
func (f *Floor) letBe(ag *agent, q *queue, reason RevokeReason) {
	var d time.Duration
	switch reason {
	case RevokeNoAnswer:
		d = q.NoAnswerDelay
		f.missed(ag, ag.misses+1)
	case RevokeBusy:
		d = q.BusyDelay
	case RevokeRefused:
		d = q.RejectDelay
	case RevokeUnreachable, RevokeLost:
		d = q.UnreachableDelay
	case RevokeCallerGone, RevokeElsewhere, RevokeLoggedOff, RevokeWithdrawn:
		return
	}
	ag.delay, ag.delayWhy, ag.delayOld = f.now.Add(d), reason, false
	if reason == RevokeNoAnswer && q.MaxNoAnswer > 0 && ag.misses >= q.MaxNoAnswer && !ag.paused && ag.seat != nil {
		f.missed(ag, 0)
		f.pause(ag, "no-answer", true)
	}
}

func (f *Floor) missed(ag *agent, n int) {
	if ag.misses != n {
		ag.misses = n
		f.emit(Missed{Agent: ag.ID, Count: n})
	}
}

// overdue ends a ring that Asterisk should have ended itself, or an answer that never got its bridge, and asks again for
// the end of a leg that is not seen gone. Of a switch that is not heard nobody knows whether all this has come about: it
// gets its time when it is heard again.
func (f *Floor) overdue(a *attempt) {
	if f.down[a.on] {
		f.timers.set(&a.timer, f.now.Add(endGrace))
		return
	}
	switch a.state {
	case AttemptRinging:
		f.fail(a, RevokeNoAnswer, 0)
		f.end(a, "no_answer")
	case AttemptBriefing: // he has heard enough
		f.meet(a)
	case AttemptAsked:
		f.fail(a, RevokeNoAnswer, 0)
		f.end(a, "normal")
	case AttemptUp:
		f.fail(a, RevokeLost, 0)
		f.end(a, "normal")
	case AttemptEnding:
		f.end(a, "normal")
	case AttemptCommitted, AttemptHanded, AttemptConnected:
	}
}

// end has the leg hung up. Agent and phone stay reserved until it is seen gone.
func (f *Floor) end(a *attempt, reason string) {
	a.state = AttemptEnding
	f.recount(a.agent)
	f.emit(HangUp{Attempt: a.id, Reason: reason})
	f.timers.set(&a.timer, f.now.Add(endGrace))
}

// release frees agent and phone: the leg is seen gone, or never was.
func (f *Floor) release(a *attempt) {
	delete(f.attempts, a.id)
	f.timers.stop(&a.timer)
	a.agent.attempt, a.ext.attempt = nil, nil
	a.ext.quieten(!a.answered.IsZero())
	if a.ext.removed {
		delete(f.extensions, a.ext.ID)
	}
	if a.agent.removed && a.agent.seat == nil {
		f.forget(a.agent)
	}
	f.reviewBoth(a)
}

// quieten takes the leg that just ended out of the phone's state. Asterisk's device state follows its channels a little
// later, so a phone that our own leg made ring or be in use counts as free now; a report that comes after says better.
// A phone in use although our leg was never answered is in use by another call.
func (x *extension) quieten(answered bool) {
	switch x.state {
	case DeviceRinging:
		x.state = DeviceNotInUse
	case DeviceInUse, DeviceBusy, DeviceOnHold:
		if answered {
			x.state = DeviceNotInUse
		}
	case DeviceUnknown, DeviceNotInUse, DeviceInvalid, DeviceUnavailable, DeviceRingInUse:
	}
}
