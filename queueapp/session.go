package queueapp

import "time"

// logOn seats an agent. Who sits elsewhere moves, unless a call is open there; who sits here already is told so. A phone
// that somebody else sits at is not taken over: two people would share one screen.
func (f *Floor) logOn(ev LogOn) {
	a := f.known(ev.Agent)
	if a == nil {
		return
	}
	id := ev.Extension
	if id == "" {
		id = a.Extension
	}
	x := f.extensions[id]
	if ev.Queue != "" && ev.Extension == "" && a.seat != nil {
		x = a.seat
	}
	why := RefusalReason("")
	switch {
	case ev.Queue != "" && a.member(ev.Queue) == nil:
		why = RefusedNotMember
	case x == nil || x.removed:
		why = RefusedUnknownExtension
	case x.agent == a:
		if !f.rejoin(a, ev.Queue) {
			f.emit(Refused{Agent: a.ID, Reason: RefusedAlready})
		}
		return
	case x.agent != nil:
		why = RefusedExtensionTaken
	case a.attempt != nil:
		why = RefusedOnCall
	}
	if why != "" {
		f.emit(Refused{Agent: a.ID, Reason: why})
		return
	}
	if a.seat != nil {
		f.unseat(a)
		f.review(a) // what a strategy goes by changes only while he is not free
	}
	f.sit(a, x)
	a.delay, a.calls, a.talked = time.Time{}, 0, 0
	f.emit(LoggedOn{Agent: a.ID, Extension: x.ID})
	f.missed(a, 0)
	if ev.Queue != "" {
		f.only(a, ev.Queue)
	}
	f.review(a)
}

// logOff ends a session. A call that rings is taken back; a conversation goes on to its end.
func (f *Floor) logOff(a *agent) {
	at := a.attempt
	f.unseat(a)
	if a.paused {
		a.paused, a.reason = false, ""
		a.comesOrGoes()
		f.emit(Unpaused{Agent: a.ID})
	}
	if at != nil && at.visit != nil && at.visit.winner != at {
		v := at.visit
		f.takeFrom(at)
		f.stay(v)
	}
	f.review(a)
}

// takeFrom takes a ringing offer back from an agent who is logged off. Were he back at once, the visit would be no faster
// with him again than after any other failure.
func (f *Floor) takeFrom(at *attempt) {
	v, why := at.visit, RevokeLoggedOff
	if at.agent.ID == "" { // the phone itself is no more
		why = RevokeWithdrawn
	}
	f.withdrawOffer(at, why, "normal")
	f.spare(v, at.agent, f.now.Add(v.queue.Retry))
}

func (f *Floor) unseat(a *agent) {
	for _, m := range a.members {
		if m.pause {
			f.unpauseIn(m)
		}
	}
	f.emit(LoggedOff{Agent: a.ID, Extension: a.seat.ID})
	f.sit(a, nil)
}

// sit moves an agent to a phone, or to none. Who sits down serves all of his queues.
func (f *Floor) sit(a *agent, x *extension) {
	if a.seat != nil {
		a.seat.agent = nil
	}
	for _, m := range a.members {
		was := m.serves()
		m.out = false
		if is := x != nil; is != was {
			f.enlist(m, is)
		}
	}
	a.seat = x
	if x != nil {
		x.agent = a
	}
}
