package queueapp

import "time"

// extension is a phone on the floor, and who sits at it.
type extension struct {
	Extension
	state   DeviceState
	agent   *agent
	attempt *attempt // the open one: it may outlive the session
	removed bool     // no longer in the plan
}

// agent is a person on the floor.
type agent struct {
	Agent
	members   []*member
	seat      *extension // nil: not logged on
	paused    bool
	reason    string
	lastCall  time.Time
	calls     int           // conversations since the log-on
	talked    time.Duration // for how long
	misses    int
	wrapUntil time.Time
	wrapMost  time.Time // no later, however it is extended; zero: any time
	delay     time.Time // left alone until then after a failed offer
	delayWhy  RevokeReason
	delayOld  bool     // from the last owner's time: what a phone's first report says is no change
	attempt   *attempt // the open one
	free      bool     // stands in the heaps of the free
	wake      timer    // when wrap-up or delay ends
	away      timer    // when he is logged off because his phone cannot be reached
	removed   bool     // no longer in the plan
}

func newAgent(p Agent) *agent {
	a := &agent{Agent: p}
	a.wake.agent, a.away.agent = a, a
	return a
}

// status is what the agent is doing, and until when where that is a matter of time.
func (a *agent) status(f *Floor) (AgentStatus, time.Time) {
	switch {
	case a.attempt != nil:
		return statusOf(a.attempt.state), time.Time{}
	case a.seat == nil || a.removed:
		return StatusLoggedOff, time.Time{}
	case a.paused:
		return StatusPaused, time.Time{}
	case a.wrapUntil.After(f.now):
		return StatusWrapUp, a.wrapUntil
	case a.seat.attempt != nil: // of somebody who sat here before
		return StatusUnavailable, time.Time{}
	case a.delay.After(f.now):
		return StatusDelayed, a.delay
	case !a.seat.state.Free() || f.down[a.seat.Switch]:
		return StatusUnavailable, time.Time{}
	}
	return StatusFree, time.Time{}
}

func statusOf(s AttemptState) AgentStatus {
	switch s {
	case AttemptCommitted:
		return StatusOffered
	case AttemptConnected:
		return StatusTalking
	case AttemptEnding:
		return StatusEnding
	case AttemptRinging, AttemptBriefing, AttemptAsked, AttemptHanded, AttemptUp:
	}
	return StatusRinging
}

// review puts the agent into or out of the free ones as the rules now say, and asks to be woken when time will change it.
func (f *Floor) review(a *agent) {
	status, until := a.status(f)
	if until.IsZero() {
		f.timers.stop(&a.wake)
	} else {
		f.timers.set(&a.wake, until)
	}
	freed := false
	a.free = status == StatusFree
	for _, m := range a.members {
		free := a.free && !m.out && !m.pause
		freed = freed || free && !m.free
		m.setFree(free)
	}
	if freed {
		f.freed = append(f.freed, a)
	}
	f.count(a, status)
	f.missPhone(a)
}

// missPhone asks to be woken when an agent is to be logged off whose phone cannot be reached.
func (f *Floor) missPhone(a *agent) {
	gone := a.Away > 0 && a.seat != nil && a.attempt == nil && a.seat.state.unreachable()
	switch {
	case !gone:
		f.timers.stop(&a.away)
	case !f.timers.has(&a.away):
		f.timers.set(&a.away, f.now.Add(a.Away))
	}
}

func (f *Floor) agentEvent(ev Event) {
	switch ev := ev.(type) {
	case LogOn:
		f.logOn(ev)
	case LogOff:
		if a, m, ok := f.seated(ev.Agent, ev.Queue); ok {
			f.logOffFrom(a, m)
		}
	case Pause:
		if a, m, ok := f.seated(ev.Agent, ev.Queue); ok && m != nil {
			f.pauseIn(m, ev.Reason)
		} else if ok {
			f.pause(a, ev.Reason, false)
		}
	case Ready:
		if a, m, ok := f.seated(ev.Agent, ev.Queue); ok && m != nil {
			f.readyIn(m)
		} else if ok {
			f.ready(a)
		}
	case WrapUpFor:
		if a, _, ok := f.seated(ev.Agent, ""); ok {
			f.wrapUpFor(a, ev.For)
		}
	}
}

func (f *Floor) known(id AgentID) *agent {
	a := f.agents[id]
	if a == nil || a.removed {
		f.emit(Refused{Agent: id, Reason: RefusedUnknownAgent})
		return nil
	}
	return a
}

// seated finds an agent who is logged on, and his place in a queue where one is named.
func (f *Floor) seated(id AgentID, queue QueueName) (a *agent, m *member, ok bool) {
	if a = f.known(id); a == nil {
		return nil, nil, false
	}
	if queue != "" {
		if m = a.member(queue); m == nil {
			f.emit(Refused{Agent: id, Reason: RefusedNotMember})
			return nil, nil, false
		}
	}
	if a.seat == nil || m != nil && m.out {
		f.emit(Refused{Agent: id, Reason: RefusedNotLoggedOn})
		return nil, nil, false
	}
	return a, m, true
}

// member is an agent's place in a queue; nil: is no member.
func (a *agent) member(queue QueueName) *member {
	for _, m := range a.members {
		if m.queue.Name == queue {
			return m
		}
	}
	return nil
}

func (f *Floor) pause(a *agent, reason string, auto bool) {
	if a.paused && a.reason == reason {
		f.emit(Refused{Agent: a.ID, Reason: RefusedAlready})
		return
	}
	a.paused, a.reason = true, reason
	a.comesOrGoes()
	f.emit(Paused{Agent: a.ID, Reason: reason, Auto: auto})
	f.review(a)
}

// ready ends a pause or wrap-up, and with it any delay: the agent says so, and knows best.
func (f *Floor) ready(a *agent) {
	if !a.paused && !a.wrapUntil.After(f.now) {
		f.emit(Refused{Agent: a.ID, Reason: RefusedAlready})
		return
	}
	if a.paused {
		a.paused, a.reason = false, ""
		a.comesOrGoes()
		f.emit(Unpaused{Agent: a.ID})
	}
	if a.wrapUntil.After(f.now) {
		a.wrapUntil = f.now
		f.emit(WrapUp{Agent: a.ID, Until: f.now, Last: a.lastCall, Calls: a.calls, Talked: a.talked})
	}
	a.delay = time.Time{}
	f.missed(a, 0)
	f.review(a)
}

// device follows a phone. One that comes back after it could not be reached may be tried at once; a change that our own
// failed leg made is no such sign.
func (f *Floor) device(ev Device) {
	x := f.extensions[ev.Extension]
	if x == nil || x.state == ev.State {
		return
	}
	was := x.state
	x.state = ev.State
	if a := x.agent; a != nil {
		if was.away() && x.state.Free() && a.delayWhy == RevokeUnreachable && !a.delayOld && a.delay.After(f.now) {
			a.delay = f.now
		}
		f.review(a)
	}
}
