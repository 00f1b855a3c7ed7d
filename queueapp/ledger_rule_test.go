package queueapp_test

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// memberIn is an agent's place in a queue's list; -1: is no member.
func (q *queueRow) memberIn(id queueapp.AgentID) int {
	return slices.IndexFunc(q.Members, func(m queueapp.Member) bool { return m.Agent == id })
}

// stageOf is the stage that holds for a visit: the last that has come, and further while nobody logged on fits.
func (l *ledger) stageOf(q *queueRow, v *visitRow) queueapp.Stage {
	now := queueapp.Stage{}
	for i := 0; ; i++ {
		if i == len(q.Stages) {
			return now
		}
		s := q.Stages[i]
		come := v == nil && s.After <= 0 || v != nil && !v.entered.Add(s.After).After(l.now)
		if !come && (q.Patient || l.somebody(q, now, v)) {
			return now
		}
		now = s
	}
}

// somebody reports whether anybody who is logged on may be asked at a stage.
func (l *ledger) somebody(q *queueRow, s queueapp.Stage, v *visitRow) bool {
	return slices.ContainsFunc(l.loggedOnIn(q), func(id queueapp.AgentID) bool { return l.fits(q, s, v, id) })
}

// fits reports whether a stage lets an agent be asked for a visit.
func (l *ledger) fits(q *queueRow, s queueapp.Stage, v *visitRow, id queueapp.AgentID) bool {
	n := q.memberIn(id)
	if v != nil && v.Agent != "" {
		return n >= 0 && id == v.Agent
	}
	if n < 0 || q.Members[n].Level < s.Min || (s.Only || s.Max > 0) && q.Members[n].Level > s.Max {
		return false
	}
	able := map[string]int{}
	for _, a := range l.plan.Agents {
		if a.ID == id {
			for _, s := range a.Skills {
				able[s.Name] = s.Level
			}
		}
	}
	has := func(skill string, least int) bool { level, ok := able[skill]; return ok && level >= least }
	for _, n := range s.Needs {
		if !has(n.Skill, n.Least) {
			return false
		}
	}
	if v == nil || s.Ease >= 100 {
		return true
	}
	for _, n := range v.Needs {
		if !has(n.Skill, n.Least-n.Least*s.Ease/100) {
			return false
		}
	}
	return true
}

// served is a visit's priority with what its stage adds.
func (l *ledger) served(v *visitRow) int {
	if v.queue.removed {
		return v.priority
	}
	return v.priority + l.stageOf(v.queue, v).Boost
}

// wants reports whether a visit is to be offered to somebody now.
func (l *ledger) wants(v *visitRow) bool {
	a := l.serving(v)
	switch {
	case a == nil:
		return true
	case a.stage >= up, a.pulled:
		return false
	}
	return v.queue.Strategy == queueapp.RingAll || v.queue.Strategy == queueapp.Progressive && !v.more.After(l.now)
}

// present reports whether an agent counts as there.
func (l *ledger) present(e queueapp.Empty, a *agentRow) bool {
	why := queueapp.Absence("")
	switch status := l.status(a); status {
	case queueapp.StatusLoggedOff:
		return false
	case queueapp.StatusPaused:
		why = queueapp.AbsentPaused
	case queueapp.StatusWrapUp:
		why = queueapp.AbsentWrapUp
	case queueapp.StatusOffered, queueapp.StatusRinging:
		why = queueapp.AbsentRinging
	case queueapp.StatusTalking, queueapp.StatusEnding:
		why = queueapp.AbsentInUse
	case queueapp.StatusUnavailable:
		why = queueapp.AbsentInUse
		if s := l.devices[a.seat]; l.on(a.seat) == nil && (l.down[l.switchOf(a.seat)] || s == queueapp.DeviceUnavailable || s == queueapp.DeviceInvalid) {
			why = queueapp.AbsentUnavailable
		}
	case queueapp.StatusDelayed:
		if a.delayWhy == queueapp.RevokeUnreachable {
			why = queueapp.AbsentUnavailable
		}
	}
	return why == "" || !slices.Contains(e.Absent, why)
}

func (l *ledger) anybody(q *queueRow, e queueapp.Empty, only queueapp.AgentID) bool {
	return slices.ContainsFunc(l.loggedOnIn(q), func(id queueapp.AgentID) bool {
		if only != "" && id != only {
			return false
		}
		_, paused := l.agents[id].pauses[q.Name]
		return l.present(e, l.agents[id]) && (!paused || !slices.Contains(e.Absent, queueapp.AbsentPaused))
	})
}

// checkEmpty asserts that nobody waits for longer than he must in a queue where nobody is there.
func (l *ledger) checkEmpty() {
	waiting := map[*queueRow]bool{}
	for _, v := range l.visits {
		if a := l.serving(v); a == nil || a.stage < handed {
			waiting[v.queue] = true
		}
	}
	for _, q := range l.queues {
		switch {
		case !q.Leave.Matters || !waiting[q] || l.anybody(q, q.Leave, ""):
			q.since = time.Time{}
		case q.since.IsZero():
			q.since = l.now
		}
	}
	for _, v := range l.visits {
		if q := v.queue; !q.since.IsZero() && q.since.Add(q.LeaveAfter).Before(l.now) && l.serving(v) == nil {
			l.fail("%s waits in a queue that has been empty since %s", v.Call, q.since)
		}
	}
}

// leftFor asserts that a caller leaves for the queue that takes such callers, and by an outcome that is true.
func (l *ledger) leftFor(ev queueapp.Event, v *visitRow, e queueapp.Leave) {
	next := queueapp.QueueName("")
	for _, o := range v.queue.Overflow {
		if o.Outcome == e.Outcome {
			next = o.Queue
		}
	}
	if m, ok := ev.(queueapp.Move); ok && m.Call == e.Call && e.Outcome == queueapp.OutcomeMoved {
		next = m.Queue
	}
	if e.Next != next || (next != "") != (e.Then == queueapp.ThenQueue) {
		l.fail("%s left by %s for %q, and %q takes such callers", e.Call, e.Outcome, e.Next, next)
	}
	switch e.Outcome {
	case queueapp.OutcomeNoAgents:
		if member := v.Agent == "" || v.queue.memberIn(v.Agent) >= 0; member && (!v.queue.Join.Matters || l.anybody(v.queue, v.queue.Join, v.Agent)) {
			l.fail("%s: somebody is there", e.Call)
		}
	case queueapp.OutcomeClosed:
		if !v.Closed {
			l.fail("%s: the queue is open", e.Call)
		}
	case queueapp.OutcomeFull:
		waiting, on := 0, len(l.loggedOnIn(v.queue))
		for _, w := range l.visits {
			if a := l.serving(w); w.queue == v.queue && (a == nil || a.stage < handed) {
				waiting++
			}
		}
		q := v.queue
		full := q.MaxLen > 0 && waiting >= q.MaxLen || q.MaxRatio > 0 && on > 0 && waiting >= q.MaxRatio*on
		if !full && !l.tooLong(v) {
			l.fail("%s: %d wait, which is not too many, and not for too long", e.Call, waiting)
		}
	}
}

// tooLong reports whether a caller who has just come would have to wait for longer than he is let in for: as long as the floor
// expects of the first in line, for whoever waits before him and himself. How good that is has a test of its own.
func (l *ledger) tooLong(v *visitRow) bool {
	for _, d := range v.queue.drops {
		if d.number == v.Caller.Number && d.until.After(l.now) {
			v.Entry = min(v.Entry, d.entry)
			break
		}
	}
	free := slices.ContainsFunc(v.queue.Members, func(m queueapp.Member) bool {
		a := l.agents[m.Agent]
		return a != nil && l.barred(a) == "" && l.worksFor(a, v.queue)
	})
	place := 1
	for _, w := range l.visits {
		if w != v && w.queue == v.queue && l.serving(w) == nil && l.first(w, v) {
			place++
		}
	}
	each, known := l.pace(v.queue.Name)
	return v.queue.MaxExpect > 0 && !free && known && time.Duration(place)*each > v.queue.MaxExpect-time.Microsecond
}

// checkLetIn asserts that nobody was let in who is expected to wait for too long.
func (l *ledger) checkLetIn(v queueapp.CallView) {
	if most := l.queues[v.Queue].MaxExpect; most > 0 && v.Expected.Sub(v.Entered) > most {
		l.fail("%s is let in, and expected to wait for %s", v.Call, v.Expected.Sub(v.Entered))
	}
}

// ringing is the highest level of those who ring for a visit and fit its stage; -1: nobody does.
func (l *ledger) ringing(v *visitRow, s queueapp.Stage) int {
	highest := -1
	for _, a := range l.attempts {
		if a.visit == v && !a.closed && l.fits(v.queue, s, v, a.agent) {
			highest = max(highest, v.queue.Members[v.queue.memberIn(a.agent)].Level, s.Raise)
		}
	}
	return highest
}

// worksFor reports whether an agent who is logged on gets calls of a queue.
func (l *ledger) worksFor(a *agentRow, q *queueRow) bool {
	_, paused := a.pauses[q.Name]
	return !a.out[q.Name] && !paused
}

// serves books that an agent serves a queue, or does not.
func (l *ledger) serves(e queueapp.Serves) {
	a := l.agents[e.Agent]
	if a == nil || a.out[e.Queue] == e.Out {
		l.fail("%s serves %s: not out is %t, as before", e.Agent, e.Queue, !e.Out)
		return
	}
	a.out[e.Queue] = e.Out
}

// pauseIn books a pause for one queue, or its end.
func (l *ledger) pauseIn(id queueapp.AgentID, q queueapp.QueueName, why string, on bool) {
	a := l.agents[id]
	if a == nil {
		l.fail("%s paused for %s, and unknown", id, q)
		return
	}
	if was, paused := a.pauses[q]; paused == on && was == why {
		l.fail("%s paused for %s: %t, as before", id, q, on)
	}
	if delete(a.pauses, q); on {
		a.pauses[q] = why
	}
}

// hold asserts that a hold is told once when it begins and once when it ends, of who talks and nobody else.
func (l *ledger) hold(ev queueapp.Event, effects []queueapp.Effect) {
	var a *attemptRow
	begins := false
	switch ev := ev.(type) {
	case queueapp.Held:
		a, begins = l.attempts[ev.Attempt], true
	case queueapp.Resumed:
		a = l.attempts[ev.Attempt]
	}
	if a == nil || a.stage != connected || a.closed || a.since.IsZero() != begins {
		for _, e := range effects {
			switch e.(type) {
			case queueapp.OnHold, queueapp.OffHold:
				l.fail("a hold is told of who does not talk: %+v", e)
			}
		}
		return
	}
	want := queueapp.Effect(queueapp.OnHold{Attempt: a.id})
	if begins {
		a.since = l.now
	} else {
		want = queueapp.OffHold{Attempt: a.id, For: l.now.Sub(a.since)}
		a.held, a.since = a.held+l.now.Sub(a.since), time.Time{}
	}
	if !slices.Contains(effects, want) {
		l.fail("%+v is not told", want)
	}
}

// checkAway asserts that nobody stays logged on at a phone that could not be reached for as long as his plan says.
func (l *ledger) checkAway() {
	for _, a := range l.agents {
		s := l.devices[a.seat]
		gone := a.plan.Away > 0 && a.seat != "" && l.open(a.id) == nil && (s == queueapp.DeviceUnavailable || s == queueapp.DeviceInvalid)
		switch {
		case !gone:
			a.away = time.Time{}
		case a.away.IsZero():
			a.away = l.now
		case !a.away.Add(a.plan.Away).After(l.now):
			l.fail("%s is logged on at a phone that has been away since %s", a.id, a.away)
		}
	}
}
