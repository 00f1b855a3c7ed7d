package projection

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// Projector gives the rows that follow from a floor's steps. What it must know of steps before it keeps: the queues' own
// timeouts, from the plan that was applied last, and which calls are in a queue. One goroutine uses it.
type Projector struct {
	timeouts map[queueapp.QueueName]time.Duration
	inside   map[queueapp.CallID]bool
	parts    []Rows
	part
}

// New returns a projector for a floor on which these calls are in a queue.
func New(inside ...queueapp.CallID) *Projector {
	p := &Projector{timeouts: map[queueapp.QueueName]time.Duration{}, inside: map[queueapp.CallID]bool{}}
	for _, c := range inside {
		p.inside[c] = true
	}
	return p
}

// Project gives the rows that follow from the next steps, in parts that must be written one after the other: a call that
// comes back within them begins a new part.
func (p *Projector) Project(steps []queueapp.Step) []Rows {
	p.parts, p.part = nil, newPart()
	for _, s := range steps {
		p.at = s.At
		effects := s.Effects
		if ev, ok := s.Event.(queueapp.Enter); ok && p.inside[ev.Call] {
			// What was due came before the event: either that ended the visit, or the call enters twice, of which the floor
			// takes no notice.
			i := slices.IndexFunc(effects, func(e queueapp.Effect) bool { l, ok := e.(queueapp.Leave); return ok && l.Call == ev.Call })
			if i < 0 {
				p.effects(effects)
				continue
			}
			p.effects(effects[:i+1])
			effects = effects[i+1:]
		}
		p.event(s.Event, effects)
		p.effects(effects)
	}
	return append(p.parts, p.finish())
}

// part is rows in the making. Places in their slices are kept by key, for what comes later to the same row.
type part struct {
	at       time.Time
	rows     Rows
	visits   map[queueapp.CallID]int // in rows.Visits
	offers   map[queueapp.AttemptID]int
	attempts map[queueapp.AttemptID]int
	left     map[queueapp.CallID]bool
	open     map[queueapp.AgentID]int   // in rows.Sessions: those that did not end yet
	paused   map[place]int              // in rows.Pauses: those that did not end yet
	held     map[queueapp.AttemptID]int // in rows.Holds: those that did not end yet
	absent   map[place]int              // in rows.Absences: those that did not end yet
}

// place is an agent and a queue; none where it is about all of them.
type place struct {
	agent queueapp.AgentID
	queue queueapp.QueueName
}

func newPart() part {
	return part{
		visits: map[queueapp.CallID]int{}, offers: map[queueapp.AttemptID]int{}, attempts: map[queueapp.AttemptID]int{},
		left: map[queueapp.CallID]bool{}, open: map[queueapp.AgentID]int{}, paused: map[place]int{}, absent: map[place]int{}, held: map[queueapp.AttemptID]int{},
	}
}

// finish completes the attempts that this part both opened and closed: one whose leg was never asked for ends as it closes,
// whatever is heard later of one that was only prepared, and one whose leg is gone is closed.
func (p *part) finish() Rows {
	for i := range p.rows.Offers {
		a := &p.rows.Offers[i]
		if a.From != 0 && a.Answered.IsZero() {
			a.Answered = a.Connected // nothing tells of it but that they talk
		}
		if !a.Closed.IsZero() && a.Rang.IsZero() {
			a.Ended = a.Closed
		}
		if !a.Ended.IsZero() && a.Closed.IsZero() {
			a.Closed = a.Ended
		}
	}
	return p.rows
}

func (p *Projector) event(ev queueapp.Event, effects []queueapp.Effect) {
	switch ev := ev.(type) {
	case queueapp.Apply:
		clear(p.timeouts)
		for _, q := range ev.Plan.Queues {
			p.timeouts[q.Name] = q.Timeout
		}
	case queueapp.Enter:
		p.enter(ev)
	case queueapp.Prioritise:
		p.prioritise(ev)
	case queueapp.Identify:
		p.identify(ev)
	case queueapp.Replaced:
		p.replaced(ev)
	case queueapp.Offered, queueapp.Ringing, queueapp.Connected, queueapp.Ended, queueapp.RestoreAttempt:
		p.attemptEvent(ev, effects)
	case queueapp.Up, queueapp.Briefed, queueapp.Accepted, queueapp.Held, queueapp.Resumed, queueapp.Transferred, queueapp.Reached, queueapp.Hangup, queueapp.LogOn, queueapp.LogOff, queueapp.Pause, queueapp.Ready, queueapp.WrapUpFor, queueapp.RestoreMember, queueapp.Device, queueapp.Withdraw, queueapp.Move, queueapp.Pull,
		queueapp.Hold, queueapp.Unhold, queueapp.SwitchDown, queueapp.SwitchUp, queueapp.RestoreAgent, queueapp.RestoreVisit,
		queueapp.Tick: // rows follow from their effects, or none do
	}
}

func (p *Projector) effects(effects []queueapp.Effect) {
	for _, e := range effects {
		p.effect(e)
	}
}

func (p *Projector) effect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		p.offers[e.Attempt] = len(p.rows.Offers)
		p.rows.Offers = append(p.rows.Offers, Attempt{
			ID: e.Attempt, Queue: e.Queue, Agent: e.Agent, Extension: e.Extension, Offered: p.at, Expires: e.Expires, Pulled: e.Pulled,
		})
	case queueapp.Ring:
		first(&p.attempt(e.Attempt).Rang, p.at)
		p.rows.Legs = append(p.rows.Legs, Leg{Attempt: e.Attempt, N: 1})
	case queueapp.Brief:
		first(&p.attempt(e.Attempt).Answered, p.at)
	case queueapp.Connect:
		if a := p.attempt(e.Attempt); a.Answered.IsZero() {
			a.Answered, a.Connected = p.at, time.Time{} // what came before the answer was no conversation
		}
	case queueapp.HandOver:
		p.handOver(e)
	case queueapp.Located:
		p.located(e)
	case queueapp.Revoke:
		p.revoke(e)
	case queueapp.OnHold:
		p.hold(e.Attempt)
	case queueapp.OffHold:
		p.unhold(e.Attempt)
	case queueapp.Close:
		p.close(e)
	case queueapp.Leave:
		p.leave(e)
	case queueapp.Regained:
		if i, ok := p.visits[e.Call]; ok {
			p.rows.Visits[i].Entry = e.Entry
		}
	case queueapp.LoggedOn, queueapp.LoggedOff, queueapp.Serves, queueapp.Paused, queueapp.Unpaused, queueapp.WrapUp, queueapp.Missed:
		p.agentEffect(e)
	case queueapp.Announce, queueapp.HangUp, queueapp.Refused: // nothing that lasts
	}
}

func (p *part) attemptEvent(ev queueapp.Event, effects []queueapp.Effect) {
	switch ev := ev.(type) {
	case queueapp.Offered:
		if a := p.attempt(ev.Attempt); a.Publish == "" {
			a.Publish, a.Published = ev.Publish, p.at
		}
	case queueapp.Ringing:
		first(&p.attempt(ev.Attempt).Alerted, p.at)
	case queueapp.Connected:
		if a := p.attempt(ev.Attempt); a.Closed.IsZero() && !revoked(ev.Attempt, effects) {
			first(&a.Connected, p.at)
		}
	case queueapp.Ended:
		if a := p.attempt(ev.Attempt); a.Ended.IsZero() {
			a.Ended, a.Cause, a.Q850 = p.at, ev.Cause, ev.Q850
		}
	case queueapp.RestoreAttempt:
		p.restored(ev)
	}
}

// revoked reports whether an attempt was given up before its event was heard, because that was due.
func revoked(id queueapp.AttemptID, effects []queueapp.Effect) bool {
	return slices.ContainsFunc(effects, func(e queueapp.Effect) bool { r, ok := e.(queueapp.Revoke); return ok && r.Attempt == id })
}

// restored writes what a new owner learnt from the switch and the last owner did not live to write.
func (p *part) restored(ev queueapp.RestoreAttempt) {
	a := p.attempt(ev.Attempt)
	mark := func(t *time.Time, at time.Time) {
		if at.IsZero() {
			at = p.at // nobody saw it: not before now, as far as we know
		}
		first(t, at)
	}
	switch ev.State {
	case queueapp.AttemptConnected:
		mark(&a.Connected, ev.Connected)
		mark(&a.Answered, ev.Answered)
		mark(&a.Rang, ev.Rang)
	case queueapp.AttemptUp, queueapp.AttemptBriefing, queueapp.AttemptAsked:
		mark(&a.Answered, ev.Answered)
		mark(&a.Rang, ev.Rang)
	case queueapp.AttemptRinging:
		mark(&a.Rang, ev.Rang)
	case queueapp.AttemptHanded:
	case queueapp.AttemptEnding:
		mark(&a.Closed, time.Time{})
		mark(&a.Rang, ev.Rang) // it has a leg that is yet to be seen gone
	case queueapp.AttemptCommitted:
	}
}

func first(t *time.Time, at time.Time) {
	if t.IsZero() {
		*t = at
	}
}
