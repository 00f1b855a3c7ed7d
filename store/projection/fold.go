package projection

import (
	"slices"

	"ringside/queueapp"
)

// attempt gives the row to note something about an attempt in: the new one of this part, or changes to one written before.
func (p *part) attempt(id queueapp.AttemptID) *Attempt {
	if i, ok := p.offers[id]; ok {
		return &p.rows.Offers[i]
	}
	i, ok := p.attempts[id]
	if !ok {
		i = len(p.rows.Attempts)
		p.attempts[id] = i
		p.rows.Attempts = append(p.rows.Attempts, Attempt{ID: id})
	}
	return &p.rows.Attempts[i]
}

func (p *part) revoke(e queueapp.Revoke) {
	a := p.attempt(e.Attempt)
	if a.Closed.IsZero() {
		a.Closed, a.Reason = p.at, e.Reason
		a.Q850 = max(a.Q850, e.Q850)
	}
}

func (p *part) close(e queueapp.Close) {
	a := p.attempt(e.Attempt)
	if a.Closed.IsZero() {
		a.Closed, a.By = p.at, e.By
		a.Q850 = max(a.Q850, e.Q850)
	}
	if e.Held > 0 {
		p.unhold(e.Attempt)
	}
}

// located notes at which phone a transferred call turned out to be.
func (p *part) located(e queueapp.Located) {
	if i, ok := p.offers[e.Attempt]; ok {
		p.rows.Offers[i].Agent, p.rows.Offers[i].Extension = e.Agent, e.Extension
		return
	}
	p.rows.Seats = append(p.rows.Seats, Seat{e.Attempt, e.Agent, e.Extension})
}

// handOver notes that a call goes on elsewhere. What rings there does so already.
func (p *part) handOver(e queueapp.HandOver) {
	a := Attempt{
		ID: e.Attempt, Queue: e.Queue, Agent: e.Agent, Extension: e.Extension, Offered: p.at, Expires: e.Expires, Rang: p.at,
		From: e.From, Number: e.Number,
	}
	if e.Attended {
		a.Answered, a.Connected = p.at, p.at
	}
	p.offers[e.Attempt] = len(p.rows.Offers)
	p.rows.Offers = append(p.rows.Offers, a)
	p.rows.Legs = append(p.rows.Legs, Leg{Attempt: e.Attempt, N: 1, Other: e.Channel})
}

func (p *part) hold(id queueapp.AttemptID) {
	p.held[id] = len(p.rows.Holds)
	p.rows.Holds = append(p.rows.Holds, Hold{Attempt: id, Began: p.at})
}

// unhold ends the span that is open: one of this part, else the one written before, if any.
func (p *part) unhold(id queueapp.AttemptID) {
	if i, ok := p.held[id]; ok {
		p.rows.Holds[i].Ended = p.at
		delete(p.held, id)
		return
	}
	p.rows.Unholds = append(p.rows.Unholds, Unhold{Attempt: id, At: p.at})
}

func (p *Projector) enter(ev queueapp.Enter) {
	if _, back := p.visits[ev.Call]; back || p.left[ev.Call] {
		at := p.at
		p.parts, p.part = append(p.parts, p.finish()), newPart()
		p.at = at
	}
	p.inside[ev.Call] = true
	timeout := ev.Timeout
	if timeout <= 0 {
		timeout = p.timeouts[ev.Queue]
	}
	p.visits[ev.Call] = len(p.rows.Visits)
	p.rows.Visits = append(p.rows.Visits, Visit{Enter: ev, At: p.at, Deadline: p.at.Add(timeout)})
}

func (p *part) prioritise(ev queueapp.Prioritise) {
	if i, ok := p.visits[ev.Call]; ok {
		if v := &p.rows.Visits[i]; v.Ended.IsZero() {
			v.Priority = ev.Priority
		}
		return
	}
	if p.left[ev.Call] {
		return
	}
	for i := range p.rows.Moves {
		if m := &p.rows.Moves[i]; m.Call == ev.Call {
			m.Priority = ev.Priority
			return
		}
	}
	p.rows.Moves = append(p.rows.Moves, Move{Call: ev.Call, Priority: ev.Priority})
}

// replaced notes which channel a caller has.
func (p *part) replaced(ev queueapp.Replaced) {
	if i, ok := p.visits[ev.Call]; ok {
		p.rows.Visits[i].Channel = ev.Channel
		return
	}
	p.rows.Channels = append(slices.DeleteFunc(p.rows.Channels, func(c queueapp.Replaced) bool { return c.Call == ev.Call }), ev)
}

// identify notes who a caller is, also of one whose visit is over: his record tells.
func (p *part) identify(ev queueapp.Identify) {
	if i, ok := p.visits[ev.Call]; ok {
		v := &p.rows.Visits[i]
		v.Customers, v.Data = ev.Customers, ev.Data
		return
	}
	p.rows.Callers = slices.DeleteFunc(p.rows.Callers, func(c queueapp.Identify) bool { return c.Call == ev.Call })
	p.rows.Callers = append(p.rows.Callers, ev)
}

func (p *Projector) leave(e queueapp.Leave) {
	delete(p.inside, e.Call)
	if i, ok := p.visits[e.Call]; ok {
		if v := &p.rows.Visits[i]; v.Ended.IsZero() {
			v.Ended, v.Outcome, v.By = p.at, e.Outcome, e.Agent
		}
		return
	}
	if p.left[e.Call] {
		return
	}
	p.left[e.Call] = true
	p.rows.Leaves = append(p.rows.Leaves, Leave{Call: e.Call, At: p.at, Outcome: e.Outcome, Agent: e.Agent})
}

func (p *part) agentEffect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.LoggedOn:
		p.logOff(e.Agent)
		p.open[e.Agent] = len(p.rows.Sessions)
		p.rows.Sessions = append(p.rows.Sessions, Session{Agent: e.Agent, Extension: e.Extension, Began: p.at})
	case queueapp.LoggedOff:
		p.logOff(e.Agent)
	case queueapp.Serves:
		p.serves(e)
	case queueapp.Paused:
		p.unpause(e.Agent, e.Queue)
		p.paused[place{e.Agent, e.Queue}] = len(p.rows.Pauses)
		p.rows.Pauses = append(p.rows.Pauses, Pause{Agent: e.Agent, Reason: e.Reason, Auto: e.Auto, Queue: e.Queue, Began: p.at})
	case queueapp.Unpaused:
		p.unpause(e.Agent, e.Queue)
	case queueapp.WrapUp:
		p.wrapUp(e)
	case queueapp.Missed:
		p.misses(e.Agent, e.Count)
	}
}

// logOff ends the session that is open: one of this part, else the one written before, if any.
func (p *part) logOff(a queueapp.AgentID) {
	for at, i := range p.absent {
		if at.agent == a {
			p.rows.Absences[i].Ended = p.at
			delete(p.absent, at)
		}
	}
	if i, ok := p.open[a]; ok {
		p.rows.Sessions[i].Ended = p.at
		delete(p.open, a)
		return
	}
	for _, l := range p.rows.LogOffs {
		if l.Agent == a {
			return
		}
	}
	p.rows.LogOffs = append(p.rows.LogOffs, LogOff{Agent: a, At: p.at})
}

// unpause ends the span that is open: one of this part, else the one written before, if any.
func (p *part) unpause(a queueapp.AgentID, q queueapp.QueueName) {
	if i, ok := p.paused[place{a, q}]; ok {
		p.rows.Pauses[i].Ended = p.at
		delete(p.paused, place{a, q})
		return
	}
	for _, u := range p.rows.Unpauses {
		if u.Agent == a && u.Queue == q {
			return
		}
	}
	p.rows.Unpauses = append(p.rows.Unpauses, Unpause{Agent: a, Queue: q, At: p.at})
}

// serves begins or ends a span in which an agent is logged on, but not for a queue.
func (p *part) serves(e queueapp.Serves) {
	at := place{e.Agent, e.Queue}
	i, open := p.absent[at]
	switch {
	case e.Out:
		p.absent[at] = len(p.rows.Absences)
		p.rows.Absences = append(p.rows.Absences, Absence{Agent: e.Agent, Queue: e.Queue, Began: p.at})
	case open:
		p.rows.Absences[i].Ended = p.at
		delete(p.absent, at)
	default:
		p.rows.Returns = append(p.rows.Returns, Return{Agent: e.Agent, Queue: e.Queue, At: p.at})
	}
}

func (p *part) wrapUp(e queueapp.WrapUp) {
	row := WrapUp(e)
	for i := range p.rows.WrapUps {
		if p.rows.WrapUps[i].Agent == e.Agent {
			p.rows.WrapUps[i] = row
			return
		}
	}
	p.rows.WrapUps = append(p.rows.WrapUps, row)
}

func (p *part) misses(a queueapp.AgentID, n int) {
	for i := range p.rows.Misses {
		if p.rows.Misses[i].Agent == a {
			p.rows.Misses[i].Count = n
			return
		}
	}
	p.rows.Misses = append(p.rows.Misses, Misses{Agent: a, Count: n})
}
