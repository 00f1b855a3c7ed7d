package api

import (
	"sync"
	"time"

	"ringside/queueapp"
)

// tally keeps the times from which waits and rings are counted, for calls that are open.
type tally struct {
	mu        sync.Mutex
	visits    map[queueapp.CallID]stay
	attempts  map[queueapp.AttemptID]*offer
	restoring bool // the last step was a restore
}

// stay is an open visit.
type stay struct {
	queue   queueapp.QueueName
	entered time.Time
}

// offer is an open attempt.
type offer struct {
	queue    queueapp.QueueName
	rang     time.Time
	answered time.Time
	talks    bool
}

// Stepped counts what a turn of the floor says about visits and offers: outcomes, waits and rings. The turns of one floor
// must be told in their order.
func (m *Metrics) Stepped(step queueapp.Step) {
	t := &m.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	m.heard(t, step.At, step.Event)
	for _, e := range step.Effects {
		m.followed(t, step.At, e)
	}
}

// heard takes in an event, before what follows from it.
func (m *Metrics) heard(t *tally, at time.Time, e queueapp.Event) {
	restoring := false
	switch e := e.(type) {
	case queueapp.Enter:
		t.visits[e.Call] = stay{e.Queue, at}
	case queueapp.Up:
		if o := t.attempts[e.Attempt]; o != nil && o.answered.IsZero() {
			o.answered = at
		}
	case queueapp.Connected:
		m.connected(t, e.Attempt, at)
	case queueapp.RestoreAgent:
		restoring = true
		t.restore()
	case queueapp.RestoreVisit:
		restoring = true
		t.restore()
		t.visits[e.Call] = stay{e.Queue, e.Entered}
	case queueapp.RestoreAttempt:
		restoring = true
		t.restore()
		t.attempts[e.Attempt] = &offer{queue: t.visits[e.Attempt.Call].queue, rang: e.Rang, answered: e.Answered, talks: e.State == queueapp.AttemptConnected}
	default:
	}
	t.restoring = restoring
}

// restore forgets a tenure that is over, where a new one begins to remember.
func (t *tally) restore() {
	if !t.restoring {
		t.forget()
	}
}

func (t *tally) forget() {
	t.visits, t.attempts = map[queueapp.CallID]stay{}, map[queueapp.AttemptID]*offer{}
}

func (m *Metrics) connected(t *tally, id queueapp.AttemptID, at time.Time) {
	o := t.attempts[id]
	if o == nil || o.talks {
		return
	}
	o.talks = true
	m.offers.WithLabelValues(string(o.queue), "answered").Inc()
	if !o.rang.IsZero() && !o.answered.IsZero() {
		m.ring.WithLabelValues(string(o.queue)).Observe(o.answered.Sub(o.rang).Seconds())
	}
	if v, ok := t.visits[id.Call]; ok {
		m.wait.WithLabelValues(string(o.queue)).Observe(at.Sub(v.entered).Seconds())
	}
}

// followed counts an effect.
func (m *Metrics) followed(t *tally, at time.Time, e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		t.attempts[e.Attempt] = &offer{queue: e.Queue}
	case queueapp.Ring:
		if o := t.attempts[e.Attempt]; o != nil {
			o.rang = at
		}
	case queueapp.Revoke:
		if o := t.attempts[e.Attempt]; o != nil {
			m.offers.WithLabelValues(string(o.queue), string(e.Reason)).Inc()
			delete(t.attempts, e.Attempt)
		}
	case queueapp.Close:
		delete(t.attempts, e.Attempt)
	case queueapp.Leave:
		q := e.Queue
		if e.Outcome == queueapp.OutcomeUnknownQueue {
			q = "" // its name came from a dialplan: there may be any number of them
		}
		m.calls.WithLabelValues(string(q), string(e.Outcome)).Inc()
		delete(t.visits, e.Call)
	default:
	}
}
