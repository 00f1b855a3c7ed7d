package queueapp

import "time"

// handedLife is how long the record of a transferred call may live by itself until somebody answers: what rings there, and
// for how long, is the dialplan's business.
const handedLife = 5 * time.Minute

// transferred follows a call that its agent has sent on: he is done with it, and whoever it went to has the caller, for as
// long as one of the two stays. Nobody of the queue is asked any more.
func (f *Floor) transferred(ev Transferred) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.state != AttemptConnected {
		return
	}
	v := a.visit
	f.finish(a, ByTransfer, 0)
	f.end(a, "normal")
	ag, x := f.seatAt(ev.Extension)
	b := f.next(v, ag, x)
	b.state, b.from, v.winner = AttemptHanded, a.id.N, b
	if ev.Attended {
		b.state, b.answered, b.talked = AttemptConnected, f.now, f.now
	}
	f.recount(ag)
	f.emit(HandOver{
		Attempt: b.id, From: b.from, Queue: v.queue.Name, Agent: ag.ID, Extension: x.ID, Number: ev.Number, Context: ev.Context,
		Channel: ev.Channel, Attended: ev.Attended, Expires: f.now.Add(handedLife),
	})
}

// reached takes the extension that a transferred call turned out to be at.
func (f *Floor) reached(ev Reached) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.from == 0 || a.visit == nil || a.ext.ID != "" {
		return
	}
	ag, x := f.seatAt(ev.Extension)
	if x.ID == "" {
		return
	}
	a.agent, a.ext = ag, x
	ag.attempt, x.attempt = a, a
	f.reviewBoth(a)
	f.emit(Located{Attempt: a.id, Agent: ag.ID, Extension: x.ID, Expires: f.now.Add(handedLife)})
}

// seatAt finds a phone to which a call was transferred, and who sits there. It is nobody's as far as the floor goes where
// it is none of ours, or busy with another call of ours: then it rings all the same, or not, as the dialplan has it.
func (f *Floor) seatAt(id ExtensionID) (*agent, *extension) {
	x := f.extensions[id]
	if x == nil || x.removed || x.attempt != nil {
		x = nowhere()
	}
	if ag := x.agent; ag != nil && ag.attempt == nil {
		return ag, x
	}
	return nobody(), x
}

// nobody stands for who is no agent of the floor's, nowhere for a phone that is none.
func nobody() *agent {
	a := newAgent(Agent{})
	a.removed = true
	return a
}

func nowhere() *extension { return &extension{removed: true} }

// refused ends a transferred call to which nobody came: the dialplan has had its say, so nobody else is asked.
func (f *Floor) refused(a *attempt, ev Ended) {
	v, reason := a.visit, reasonFor(ev.Cause)
	if ev.Cause == EndHangup {
		reason = RevokeNoAnswer
	}
	f.detach(a)
	f.emit(Revoke{Attempt: a.id, Reason: reason, Q850: ev.Q850})
	f.leave(v, v.served(ThenHangUp))
}
