package projection

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// Project gives the rows that follow from steps, in parts that must be written one after the other: a call that comes back
// within the batch begins a new part. timeouts are the queues' own; an Apply among the steps replaces its entries, so the
// same map is to be given with each batch of a floor.
func Project(steps []queueapp.Step, timeouts map[queueapp.QueueName]time.Duration) []Rows {
	p := projector{timeouts: timeouts}
	p.clear()
	for _, s := range steps {
		p.at = s.At
		p.event(s.Event, s.Effects)
		for _, e := range s.Effects {
			p.effect(e)
		}
	}
	return append(p.parts, p.finish())
}

// projector folds steps into rows. Places in the slices of rows are kept by key, for what comes later to the same row.
type projector struct {
	timeouts map[queueapp.QueueName]time.Duration
	parts    []Rows
	at       time.Time

	rows     Rows
	visits   map[queueapp.CallID]int // in rows.Visits
	offers   map[queueapp.AttemptID]int
	attempts map[queueapp.AttemptID]int
	left     map[queueapp.CallID]bool
	open     map[queueapp.AgentID]int // in rows.Sessions: those that did not end yet
	paused   map[queueapp.AgentID]int // in rows.Pauses: those that did not end yet
}

func (p *projector) clear() {
	p.rows = Rows{}
	p.visits = map[queueapp.CallID]int{}
	p.offers = map[queueapp.AttemptID]int{}
	p.attempts = map[queueapp.AttemptID]int{}
	p.left = map[queueapp.CallID]bool{}
	p.open = map[queueapp.AgentID]int{}
	p.paused = map[queueapp.AgentID]int{}
}

// finish completes the attempts that this part both opened and closed: one that never had a leg ends as it closes, and one
// whose leg is gone is closed.
func (p *projector) finish() Rows {
	for i := range p.rows.Offers {
		a := &p.rows.Offers[i]
		if !a.Closed.IsZero() && a.Rang.IsZero() && a.Ended.IsZero() {
			a.Ended = a.Closed
		}
		if !a.Ended.IsZero() && a.Closed.IsZero() {
			a.Closed = a.Ended
		}
	}
	return p.rows
}

func (p *projector) event(ev queueapp.Event, effects []queueapp.Effect) {
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
	case queueapp.Ready:
		if !slices.ContainsFunc(effects, func(e queueapp.Effect) bool { _, refused := e.(queueapp.Refused); return refused }) {
			p.misses(ev.Agent, 0)
		}
	case queueapp.Offered, queueapp.Ringing, queueapp.Connected, queueapp.Ended, queueapp.RestoreAttempt:
		p.attemptEvent(ev)
	case queueapp.Up, queueapp.Hangup, queueapp.LogOn, queueapp.LogOff, queueapp.Pause, queueapp.Device, queueapp.Withdraw,
		queueapp.Hold, queueapp.Unhold, queueapp.SwitchDown, queueapp.SwitchUp, queueapp.RestoreAgent, queueapp.RestoreVisit,
		queueapp.Tick: // rows follow from their effects, or none do
	}
}

func (p *projector) effect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		p.offers[e.Attempt] = len(p.rows.Offers)
		p.rows.Offers = append(p.rows.Offers, Attempt{
			ID: e.Attempt, Queue: e.Queue, Agent: e.Agent, Extension: e.Extension, Offered: p.at, Expires: e.Expires,
		})
	case queueapp.Ring:
		first(&p.attempt(e.Attempt).Rang, p.at)
		p.rows.Legs = append(p.rows.Legs, Leg{Attempt: e.Attempt, N: 1})
	case queueapp.Connect:
		first(&p.attempt(e.Attempt).Answered, p.at)
	case queueapp.Revoke:
		p.revoke(e)
	case queueapp.Close:
		p.close(e)
	case queueapp.Leave:
		p.leave(e)
	case queueapp.LoggedOn, queueapp.LoggedOff, queueapp.Paused, queueapp.Unpaused, queueapp.WrapUp, queueapp.Missed:
		p.agentEffect(e)
	case queueapp.Announce, queueapp.HangUp, queueapp.Refused: // nothing that lasts
	}
}

func (p *projector) attemptEvent(ev queueapp.Event) {
	switch ev := ev.(type) {
	case queueapp.Offered:
		if a := p.attempt(ev.Attempt); a.Publish == "" {
			a.Publish, a.Published = ev.Publish, p.at
		}
	case queueapp.Ringing:
		first(&p.attempt(ev.Attempt).Alerted, p.at)
	case queueapp.Connected:
		if a := p.attempt(ev.Attempt); a.Closed.IsZero() {
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

// restored writes what a new owner learnt from the switch and the last owner did not live to write.
func (p *projector) restored(ev queueapp.RestoreAttempt) {
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
	case queueapp.AttemptUp:
		mark(&a.Answered, ev.Answered)
		mark(&a.Rang, ev.Rang)
	case queueapp.AttemptRinging:
		mark(&a.Rang, ev.Rang)
	case queueapp.AttemptCommitted, queueapp.AttemptEnding:
	}
}

func first(t *time.Time, at time.Time) {
	if t.IsZero() {
		*t = at
	}
}
