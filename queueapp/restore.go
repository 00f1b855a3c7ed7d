package queueapp

// restore takes over what a last owner left. The engine holds the floor meanwhile, so nothing is offered in between.
func (f *Floor) restore(ev Event) {
	switch ev := ev.(type) {
	case RestoreAgent:
		f.restoreAgent(ev)
	case RestoreVisit:
		f.restoreVisit(ev)
	case RestoreAttempt:
		f.restoreAttempt(ev)
	}
}

func (f *Floor) restoreAgent(ev RestoreAgent) {
	a := f.agents[ev.Agent]
	if a == nil {
		return
	}
	a.paused, a.reason = ev.Paused, ev.Reason
	a.lastCall, a.wrapUntil, a.misses = ev.LastCall, ev.WrapUntil, ev.NoAnswers
	if x := f.extensions[ev.Extension]; x != nil && x.agent == nil && a.seat == nil {
		a.seat, x.agent = x, a
	}
	f.review(a)
}

// restoreVisit puts a visit back with its entry number and deadline. One that talks is taken out of line again by its
// RestoreAttempt.
func (f *Floor) restoreVisit(ev RestoreVisit) {
	if f.visits[ev.Call] != nil {
		return
	}
	q := f.queues[ev.Queue]
	if q == nil {
		f.emit(Leave{Call: ev.Call, Queue: ev.Queue, Outcome: OutcomeUnknownQueue, Then: ThenContinue})
		return
	}
	f.stand(f.admit(ev.Enter, q, ev.Entered, ev.Deadline))
}

// restoreAttempt takes an open attempt over in the state that database and switch together tell. Its visit must have
// been restored.
func (f *Floor) restoreAttempt(ev RestoreAttempt) {
	v, ag, x := f.visits[ev.Attempt.Call], f.agents[ev.Agent], f.extensions[ev.Extension]
	if v == nil || v.attempt != nil || ag == nil || ag.attempt != nil || x == nil || x.attempt != nil {
		f.emit(Revoke{Attempt: ev.Attempt, Reason: RevokeLost})
		if ev.State != AttemptCommitted {
			f.emit(HangUp{Attempt: ev.Attempt, Reason: "normal"})
		}
		return
	}
	v.queue.line.remove(v)
	v.attempts = max(v.attempts, ev.Attempt.N)
	a := f.open(v, ag, x, ev.Attempt)
	a.state, a.offered, a.rang, a.answered, a.talked = ev.State, ev.Offered, ev.Rang, ev.Answered, ev.Connected
	switch ev.State {
	case AttemptRinging:
		f.timers.set(a.timer, ev.Rang.Add(v.queue.Ring+ringGrace))
	case AttemptUp:
		f.timers.set(a.timer, f.now.Add(bridgeGrace))
		f.emit(Connect{Attempt: a.id})
	case AttemptConnected:
		v.queue.offered--
		v.queue.talking++
		f.timers.stop(v.deadline)
	case AttemptCommitted, AttemptEnding:
	}
}
