package queueapp

import (
	"slices"
	"time"
)

// rejoin has an agent who is logged on serve a queue again, or all of them. It reports false where he does already.
func (f *Floor) rejoin(a *agent, queue QueueName) bool {
	again := false
	for _, m := range a.members {
		if m.out && (queue == "" || m.queue.Name == queue) {
			again = true
			f.setServes(m, true)
		}
	}
	f.review(a)
	return again
}

// only has an agent who just logged on serve one queue.
func (f *Floor) only(a *agent, queue QueueName) {
	for _, m := range a.members {
		if m.queue.Name != queue {
			f.setServes(m, false)
		}
	}
}

func (f *Floor) setServes(m *member, on bool) {
	m.out = !on
	f.enlist(m, on)
	f.emit(Serves{Agent: m.agent.ID, Queue: m.queue.Name, Out: !on})
}

// logOffFrom ends a session, or an agent's work for one queue: what rings for it is taken back. From the last one he logs
// off altogether.
func (f *Floor) logOffFrom(a *agent, m *member) {
	serves := func(o *member) bool { return o != m && o.serves() }
	if m == nil || !slices.ContainsFunc(a.members, serves) {
		f.logOff(a)
		return
	}
	if m.pause {
		f.unpauseIn(m)
	}
	f.setServes(m, false)
	if at := a.attempt; at != nil && at.visit != nil && at.visit.queue == m.queue && at.visit.winner != at && !at.pulled {
		v := at.visit
		f.takeFrom(at)
		f.stay(v)
	}
	f.review(a)
}

func (f *Floor) pauseIn(m *member, reason string) {
	if m.pause && m.why == reason {
		f.emit(Refused{Agent: m.agent.ID, Reason: RefusedAlready})
		return
	}
	m.pause, m.why, m.queue.flow.staff = true, reason, 0
	f.emit(Paused{Agent: m.agent.ID, Reason: reason, Queue: m.queue.Name})
	f.review(m.agent)
}

func (f *Floor) readyIn(m *member) {
	if !m.pause {
		f.emit(Refused{Agent: m.agent.ID, Reason: RefusedAlready})
		return
	}
	f.unpauseIn(m)
	f.review(m.agent)
}

func (f *Floor) unpauseIn(m *member) {
	m.pause, m.why, m.queue.flow.staff = false, "", 0
	f.emit(Unpaused{Agent: m.agent.ID, Queue: m.queue.Name})
}

// wrapUpFor has wrap-up last for so long from now on, but no longer than the queue of the last call allows.
func (f *Floor) wrapUpFor(a *agent, d time.Duration) {
	if !a.wrapUntil.After(f.now) {
		f.emit(Refused{Agent: a.ID, Reason: RefusedAlready})
		return
	}
	a.wrapUntil = f.now.Add(max(0, d))
	if !a.wrapMost.IsZero() && a.wrapUntil.After(a.wrapMost) {
		a.wrapUntil = a.wrapMost
	}
	f.emit(WrapUp{Agent: a.ID, Until: a.wrapUntil, Last: a.lastCall, Calls: a.calls, Talked: a.talked})
	f.review(a)
}

// keep carries over what an agent chose for a queue into a new plan. What has no place in it any more ends.
func (f *Floor) keep(a *agent, before []*member) {
	for _, old := range before {
		m := a.member(old.queue.Name)
		if m != nil && m.queue == old.queue {
			m.pause, m.why, m.queue.flow.staff = old.pause, old.why, 0
			if old.out && a.seat != nil {
				m.out = true
				f.enlist(m, false)
			}
			continue
		}
		if old.pause {
			f.unpauseIn(old)
		}
		if old.out && a.seat != nil {
			f.emit(Serves{Agent: a.ID, Queue: old.queue.Name})
		}
	}
}

// restoreMember takes over what an agent chose for a queue. What has no place in the plan any more ends.
func (f *Floor) restoreMember(ev RestoreMember) {
	a := f.agents[ev.Agent]
	var m *member
	if a != nil && a.seat != nil {
		m = a.member(ev.Queue)
	}
	if m == nil {
		if ev.Paused {
			f.emit(Unpaused{Agent: ev.Agent, Queue: ev.Queue})
		}
		if ev.Out && a != nil && a.seat != nil {
			f.emit(Serves{Agent: ev.Agent, Queue: ev.Queue})
		}
		return
	}
	m.pause, m.why, m.queue.flow.staff = ev.Paused, ev.Reason, 0
	if ev.Out != m.out {
		m.out = ev.Out
		f.enlist(m, !ev.Out)
	}
	f.review(a)
}
