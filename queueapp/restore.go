package queueapp

// restore takes over what a last owner left: agents first, then visits, then attempts. It reports whether ev was such.
func (f *Floor) restore(ev Event) bool {
	switch ev := ev.(type) {
	case RestoreAgent:
		f.restoreAgent(ev)
	case RestoreMember:
		f.restoreMember(ev)
	case RestoreVisit:
		f.restoreVisit(ev)
	case RestoreAttempt:
		f.restoreAttempt(ev)
	default:
		return false
	}
	return true
}

// restoreAgent seats an agent again. A session that the floor plan has no place for any more ends here, as it would
// have ended by Apply.
func (f *Floor) restoreAgent(ev RestoreAgent) {
	a, x := f.agents[ev.Agent], f.extensions[ev.Extension]
	fits := a != nil && !a.removed && a.seat == nil && x != nil && !x.removed && x.agent == nil
	if ev.Extension != "" && !fits {
		if a != nil && x != nil && a.seat == x {
			return // doubled
		}
		f.emit(LoggedOff{Agent: ev.Agent, Extension: ev.Extension})
		if ev.Paused {
			f.emit(Unpaused{Agent: ev.Agent})
		}
	}
	if a == nil {
		return
	}
	a.lastCall, a.wrapUntil, a.misses = ev.LastCall, ev.WrapUntil, ev.NoAnswers
	a.calls, a.talked = ev.Calls, ev.Talked
	a.delay, a.delayWhy, a.delayOld = ev.Delayed, ev.Why, true
	if fits {
		f.sit(a, x)
		a.paused, a.reason = ev.Paused, ev.Reason
		a.comesOrGoes()
	}
	f.review(a)
}

// restoreVisit takes a visit over with its entry number and deadline. Whether it belongs into line shows only when all
// attempts are restored. Where its queue is gone the visit still has a right to its conversation.
func (f *Floor) restoreVisit(ev RestoreVisit) {
	if v := f.visits[ev.Call]; v != nil { // doubled, or of more attempts than were known
		v.offers = max(v.offers, ev.Attempts)
		return
	}
	q := f.queues[ev.Queue]
	if q == nil {
		q = &queue{Queue: Queue{Name: ev.Queue}, turn: -1, removed: true}
		q.through(-1, &Enter{})
	}
	v := f.admit(ev.Enter, q, ev.Entered, ev.Deadline)
	v.answered = ev.Answered
	for _, s := range ev.Spared {
		if a := f.agents[s.Agent]; a != nil {
			f.spare(v, a, s.Until)
		}
	}
	f.restored = append(f.restored, v)
}

// settle ends the restoring: visits that are in nobody's hands go into line, and where the queue is gone nobody waits.
func (f *Floor) settle() {
	for _, v := range f.restored {
		switch {
		case v.queue.removed:
			f.dismissVisit(v, Leave{Call: v.Call, Queue: v.queue.Name, Outcome: OutcomeWithdrawn, Then: ThenContinue})
		case v.winner == nil && (len(v.open) == 0 || v.queue.Strategy.rings() && !v.pulled()):
			f.pace(v)
			f.stand(v)
		default: // in its phones' hands; nobody else may be there
			f.watchEmpty(v.queue)
		}
	}
	f.restored = nil
}

// restoreAttempt takes an open attempt over in the state that database and switch together tell. Committed means that
// no leg was asked for, as far as anybody knows: such an attempt is lost, and nobody's fault.
func (f *Floor) restoreAttempt(ev RestoreAttempt) {
	if f.attempts[ev.Attempt] != nil {
		return // doubled
	}
	v := f.visits[ev.Attempt.Call]
	if v != nil {
		v.offers = max(v.offers, ev.Attempt.N)
		if ev.Offered.After(v.asked) {
			v.asked = ev.Offered
		}
	}
	if ev.State == AttemptCommitted {
		f.emit(Revoke{Attempt: ev.Attempt, Reason: RevokeLost})
		return
	}
	if ev.State != AttemptEnding && (v == nil || !v.takes(ev)) {
		f.shut(ev)
		ev.State = AttemptEnding
	}
	if f.reserved(ev.Agent, ev.Extension) { // the database forbids it; of two legs the first stays
		f.shut(ev)
		f.emit(HangUp{Attempt: ev.Attempt, Reason: "normal"})
		return
	}
	if ev.State == AttemptEnding {
		v = nil
	}
	a := f.open(ev.Attempt, v, f.whoever(ev.Agent), f.whichever(ev.Extension))
	a.state, a.restored, a.answered, a.talked = ev.State, true, ev.Answered, ev.Connected
	a.held, a.since, a.from, a.pulled = ev.Holds, ev.HeldSince, ev.From, ev.Pulled
	f.resume(a, ev)
}

// takes reports whether a visit may have another attempt.
func (v *visit) takes(ev RestoreAttempt) bool {
	return len(v.open) == 0 || v.winner == nil && !v.pulled() && !ev.Pulled &&
		(v.queue.Strategy.rings() || v.queue.removed && ev.State != AttemptRinging)
}

// shut closes the record of an attempt that cannot go on.
func (f *Floor) shut(ev RestoreAttempt) {
	switch ev.State {
	case AttemptConnected:
		f.emit(Close{Attempt: ev.Attempt, By: BySystem})
	case AttemptCommitted, AttemptRinging, AttemptBriefing, AttemptAsked, AttemptHanded, AttemptUp:
		f.emit(Revoke{Attempt: ev.Attempt, Reason: RevokeLost})
	case AttemptEnding: // closed already
	}
}

// resume lets an attempt go on from where it was.
func (f *Floor) resume(a *attempt, ev RestoreAttempt) {
	switch a.state {
	case AttemptRinging:
		if a.vacated() { // no longer in the floor plan
			f.takeFrom(a)
			return
		}
		f.timers.set(&a.timer, ev.Rang.Add(a.visit.queue.Ring+ringGrace))
	case AttemptUp, AttemptBriefing, AttemptAsked: // how far the agent was nobody knows: he is told again, and asked
		if a.vacated() && a.visit.queue.Briefing.Accept != "" {
			f.takeFrom(a)
			return
		}
		f.greet(a)
	case AttemptConnected, AttemptHanded:
		f.win(a)
		a.visit.talk()
		if a.visit.answered == "" && a.from == 0 {
			a.visit.answered = a.agent.ID
		}
		f.timers.stop(&a.visit.deadline)
	case AttemptEnding:
		f.end(a, "normal")
	case AttemptCommitted:
	}
}

func (f *Floor) reserved(id AgentID, ext ExtensionID) bool {
	a, x := f.agents[id], f.extensions[ext]
	return (a != nil && a.attempt != nil) || (x != nil && x.attempt != nil)
}

// whoever finds an agent, also one who left the floor plan while a call of his went on.
func (f *Floor) whoever(id AgentID) *agent {
	if id == "" {
		return nobody()
	}
	a := f.agents[id]
	if a == nil {
		a = newAgent(Agent{ID: id})
		a.removed = true
		f.agents[id] = a
		f.roll = append(f.roll, a)
	}
	return a
}

// whichever finds an extension, also one that left the floor plan while a call on it went on.
func (f *Floor) whichever(id ExtensionID) *extension {
	if id == "" {
		return nowhere()
	}
	x := f.extensions[id]
	if x == nil {
		x = &extension{Extension: Extension{ID: id}, removed: true}
		f.extensions[id] = x
	}
	return x
}
