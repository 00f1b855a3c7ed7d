package queueapp

import (
	"slices"
	"time"
)

// present reports whether a member counts as there.
func (e Empty) present(f *Floor, m *member, status AgentStatus) bool {
	a := m.agent
	if !m.serves() {
		return false // though a call of his may be open
	}
	if m.pause && slices.Contains(e.Absent, AbsentPaused) {
		return false
	}
	why := Absence("")
	switch status {
	case StatusLoggedOff:
		return false
	case StatusPaused:
		why = AbsentPaused
	case StatusWrapUp:
		why = AbsentWrapUp
	case StatusOffered, StatusRinging:
		why = AbsentRinging
	case StatusTalking, StatusEnding:
		why = AbsentInUse
	case StatusUnavailable:
		why = AbsentUnavailable
		if a.seat.attempt != nil || !a.seat.state.away() && !f.down[a.seat.Switch] {
			why = AbsentInUse
		}
	case StatusDelayed:
		if a.delayWhy == RevokeUnreachable {
			why = AbsentUnavailable
		}
	case StatusFree:
	}
	return why == "" || !slices.Contains(e.Absent, why)
}

// anybody reports whether a queue has a member who counts as there: of all, or the one for whom a call is.
func (f *Floor) anybody(q *queue, e Empty, only AgentID) bool {
	return slices.ContainsFunc(q.members, func(m *member) bool {
		if only != "" && m.agent.ID != only {
			return false
		}
		status, _ := m.agent.status(f)
		return e.present(f, m, status)
	})
}

// count books an agent as there, or not, in the queues whose callers leave when nobody is.
func (f *Floor) count(a *agent, status AgentStatus) {
	for _, m := range a.members {
		if !m.queue.Leave.Matters {
			continue
		}
		here := m.queue.Leave.present(f, m, status)
		switch {
		case here == m.here:
			continue
		case here:
			m.queue.here++
		default:
			m.queue.here--
		}
		m.here = here
		f.watchEmpty(m.queue)
	}
}

// watchEmpty has a queue looked at when what happens has happened: whether anybody is there.
func (f *Floor) watchEmpty(q *queue) {
	if q.Leave.Matters || f.timers.has(&q.empty) {
		f.watched = append(f.watched, q)
	}
}

// watch asks to be woken when a queue has been empty for long enough that its callers leave.
func (f *Floor) watch() {
	for _, q := range f.watched {
		f.expectEmpty(q)
	}
	clear(f.watched)
	f.watched = f.watched[:0]
}

// deserted reports whether callers wait for nobody.
func (q *queue) deserted() bool {
	return q.Leave.Matters && q.here == 0 && !q.removed && q.visits > q.talking
}

func (f *Floor) expectEmpty(q *queue) {
	if !q.deserted() {
		q.since = time.Time{}
		f.timers.stop(&q.empty)
		return
	}
	if q.since.IsZero() {
		q.since = f.now
	}
	at := q.since.Add(q.LeaveAfter)
	if at.Before(f.now) {
		at = f.now
	}
	f.timers.set(&q.empty, at)
}

// leaveEmpty sends on the callers of a queue in which nobody is there. One whom a phone rings for stays for as long.
func (f *Floor) leaveEmpty(q *queue) {
	if !q.deserted() { // what was due before it has changed that
		f.watchEmpty(q)
		return
	}
	var out []*visit
	for v := range q.waiting {
		if len(v.open) == 0 {
			out = append(out, v)
		}
	}
	for _, v := range out {
		f.dismissVisit(v, v.leaving(OutcomeLeftEmpty))
	}
}

// recount counts an agent whose attempt has come further.
func (f *Floor) recount(a *agent) {
	status, _ := a.status(f)
	f.count(a, status)
}

// enlist counts a member who begins or ceases to serve a queue behind the lenses that he fits. Where the first comes or the
// last goes, another stage may hold for who waits.
func (f *Floor) enlist(m *member, on bool) {
	m.queue.seated, m.queue.flow.staff = nil, 0
	for _, s := range m.slots {
		if on {
			s.lens.seated++
		} else {
			s.lens.seated--
		}
		if q := m.queue; len(q.Stages) > 0 && !q.Patient && s.lens.seated <= 1 && !q.changed {
			q.changed = true
			f.changed = append(f.changed, q)
		}
	}
}

// restep has those who wait in queues where who is logged on has changed stand where they belong by now.
func (f *Floor) restep() {
	for _, q := range f.changed {
		q.changed = false
		for _, v := range slices.Collect(q.waiting) {
			f.realign(v)
		}
	}
	clear(f.changed)
	f.changed = f.changed[:0]
}
