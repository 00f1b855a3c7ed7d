package queueapp_test

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// ledger is what a database and a switch together would hold of a floor. It is written from events and effects alone and
// shares no code with the floor, so that each can be wrong without the other.
type ledger struct {
	fail     func(format string, args ...any)
	now      time.Time
	plan     queueapp.Plan
	held     bool
	quiet    bool // between two owners: nothing is asserted until the new one dispatches
	down     map[queueapp.SwitchName]bool
	agents   map[queueapp.AgentID]*agentRow
	phones   map[queueapp.ExtensionID]queueapp.Extension // in the plan, or with a leg on them
	devices  map[queueapp.ExtensionID]queueapp.DeviceState
	queues   map[queueapp.QueueName]*queueRow
	visits   map[queueapp.CallID]*visitRow
	attempts map[queueapp.AttemptID]*attemptRow
	closed   map[queueapp.AttemptID]int // how often each record closed
	checks   int
	lamps    map[string]queueapp.DeviceState                // as they were shown last
	pace     func(queueapp.QueueName) (time.Duration, bool) // the floor's estimate for the first in line
}

type agentRow struct {
	id         queueapp.AgentID
	seat       queueapp.ExtensionID
	paused     bool
	reason     string
	last, wrap time.Time
	calls      int
	talk       time.Duration
	misses     int
	delay      time.Time
	delayWhy   queueapp.RevokeReason
	delayOld   bool                          // from before the last restart
	said       int                           // the last Missed
	tooMany    bool                          // missed calls: a pause must follow
	plan       queueapp.Agent                // as it last was in the plan
	out        map[queueapp.QueueName]bool   // logged on, but not for these
	pauses     map[queueapp.QueueName]string // paused for these alone
	away       time.Time                     // since when his phone could not be reached; zero: it can
	most       time.Time                     // wrap-up ends by then; zero: any time
	demanded   bool                          // gets calls on demand, and has had one: so must it here
}

type queueRow struct {
	queueapp.Queue
	turn    int       // the place of who was asked last; -1: nobody
	since   time.Time // when it became empty
	drops   []dropRow
	removed bool
}

// dropRow is a place that a caller may have again.
type dropRow struct {
	number string
	entry  int64
	until  time.Time
}

type visitRow struct {
	queueapp.Enter
	queue             *queueRow
	entered, deadline time.Time
	priority          int
	attempts          int
	announced         bool
	answered          queueapp.AgentID // who answered, before it was transferred
	nobody            bool             // it was answered where no agent is logged on
	more              time.Time        // when one more phone may ring
	tried             map[queueapp.AgentID]time.Time
}

// stage is how far an attempt got.
type stage int

const (
	offered stage = iota
	rung
	up
	handed // transferred, and nobody has answered yet
	connected
)

type attemptRow struct {
	id       queueapp.AttemptID
	agent    queueapp.AgentID
	ext      queueapp.ExtensionID
	visit    *visitRow
	stage    stage
	closed   bool // its record
	gone     bool // its leg, or it never had one
	answered bool
	restored bool
	at, rang time.Time
	talked   time.Time
	briefing *queueapp.Briefing // that is under way; nil: none
	least    time.Time          // when it ends by itself; later where its switch is not heard
	until    time.Time          // when at the latest
	heard    bool
	since    time.Time     // on hold; zero: is not
	held     time.Duration // in holds that are over
	from     int           // the attempt that was transferred; 0: none was
	pulled   bool          // by an operator to this phone
}

func newAgentRow(id queueapp.AgentID) *agentRow {
	return &agentRow{id: id, out: map[queueapp.QueueName]bool{}, pauses: map[queueapp.QueueName]string{}}
}

func newLedger(fail func(string, ...any)) *ledger {
	return &ledger{
		fail:     fail,
		down:     map[queueapp.SwitchName]bool{},
		agents:   map[queueapp.AgentID]*agentRow{},
		phones:   map[queueapp.ExtensionID]queueapp.Extension{},
		devices:  map[queueapp.ExtensionID]queueapp.DeviceState{},
		queues:   map[queueapp.QueueName]*queueRow{},
		visits:   map[queueapp.CallID]*visitRow{},
		attempts: map[queueapp.AttemptID]*attemptRow{},
		closed:   map[queueapp.AttemptID]int{},
	}
}

// write books one step, asserting of each effect that it may happen then.
func (l *ledger) write(now time.Time, ev queueapp.Event, effects []queueapp.Effect) {
	l.now = now
	l.event(ev, effects)
	for _, e := range effects {
		l.effect(ev, e)
	}
	if in, ok := ev.(queueapp.Enter); ok {
		if v := l.visits[in.Call]; v != nil && v.entered.Equal(now) && in.Closed && v.Closed {
			l.fail("%s waits where it is closed", in.Call)
		}
	}
	for id, a := range l.attempts {
		if a.gone && a.closed {
			delete(l.attempts, id)
		}
	}
	l.forget()
}

func (l *ledger) event(ev queueapp.Event, effects []queueapp.Effect) {
	switch ev := ev.(type) {
	case queueapp.Apply:
		l.apply(ev.Plan)
	case queueapp.Enter:
		l.enter(ev)
	case queueapp.Up:
		a := l.attempts[ev.Attempt]
		if a != nil && a.stage >= rung {
			a.answered = true
		}
		if (a == nil || a.closed || a.stage == offered) && !hangsUp(effects, ev.Attempt) {
			l.fail("%s is up, for nobody, and not hung up", ev.Attempt)
		}
	case queueapp.Briefed:
		l.briefed(ev)
	case queueapp.Connected:
		switch a := l.attempts[ev.Attempt]; {
		case a == nil || a.closed || revokes(effects, a.id):
		case a.stage == up || a.briefing != nil:
			a.stage, a.talked, a.briefing = connected, l.now, nil
			if ag := l.agents[a.agent]; ag != nil {
				ag.misses = 0
			}
		case a.stage == handed:
			a.stage, a.talked, a.answered = connected, l.now, true
		}
	case queueapp.Transferred:
		l.transferred(ev, effects)
	case queueapp.Reached:
		l.reached(ev, effects)
	case queueapp.Replaced:
	case queueapp.Held, queueapp.Resumed:
		l.hold(ev, effects)
	case queueapp.Ended:
		if a := l.attempts[ev.Attempt]; a != nil {
			l.release(a)
		}
	case queueapp.Prioritise:
		if v := l.visits[ev.Call]; v != nil {
			v.priority = ev.Priority
		}
	case queueapp.Pull:
		l.pull(ev, effects)
	case queueapp.Hold:
		l.held = true
	case queueapp.Unhold:
		l.held, l.quiet = false, false
	case queueapp.SwitchDown:
		l.down[ev.Switch] = true
	case queueapp.SwitchUp:
		delete(l.down, ev.Switch)
	case queueapp.RestoreMember:
	default:
		l.agentEvent(ev, effects)
	}
}

func (l *ledger) apply(p queueapp.Plan) {
	for _, x := range p.Extensions {
		if old := l.phones[x.ID]; x.Device != old.Device || x.Switch != old.Switch {
			delete(l.devices, x.ID)
		}
		l.phones[x.ID] = x
	}
	l.plan = p
	for _, q := range l.queues {
		q.removed = true
	}
	for _, q := range p.Queues {
		if l.queues[q.Name] == nil {
			l.queues[q.Name] = &queueRow{turn: -1}
		}
		l.queues[q.Name].Queue, l.queues[q.Name].removed = q, false
	}
	for name, q := range l.queues {
		if q.removed {
			q.Members = nil
			delete(l.queues, name)
		}
	}
	for _, a := range p.Agents {
		if l.agents[a.ID] == nil {
			l.agents[a.ID] = newAgentRow(a.ID)
		}
		l.agents[a.ID].plan = a
	}
}

func (l *ledger) enter(ev queueapp.Enter) {
	if l.visits[ev.Call] != nil {
		return
	}
	v := &visitRow{
		Enter: ev, queue: l.queues[ev.Queue], entered: l.now, priority: ev.Priority, attempts: ev.Attempts,
		tried: map[queueapp.AgentID]time.Time{},
	}
	if v.queue == nil {
		v.queue = &queueRow{Queue: queueapp.Queue{Name: ev.Queue}, removed: true}
	}
	timeout := ev.Timeout
	if timeout <= 0 {
		timeout = v.queue.Timeout
	}
	v.deadline = l.now.Add(timeout)
	l.visits[ev.Call] = v
}

// release books that a leg is gone: what it did to the phone's state is over.
func (l *ledger) release(a *attemptRow) {
	a.gone = true
	switch s := l.devices[a.ext]; {
	case s == queueapp.DeviceRinging,
		a.answered && (s == queueapp.DeviceInUse || s == queueapp.DeviceBusy || s == queueapp.DeviceOnHold):
		l.devices[a.ext] = queueapp.DeviceNotInUse
	}
}

func (l *ledger) effect(ev queueapp.Event, e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Announce:
		l.announce(e)
	case queueapp.Offer:
		if e.Pulled {
			l.pulledOffer(ev, e)
		} else {
			l.offer(e)
		}
	case queueapp.Ring:
		l.ring(ev, e)
	case queueapp.Brief:
		l.brief(ev, e)
	case queueapp.Connect:
		l.connect(ev, e)
	case queueapp.HandOver:
		l.handOver(ev, e)
	case queueapp.Located: // booked with its event
	case queueapp.Revoke:
		l.revoke(ev, e)
	case queueapp.Close:
		l.close(ev, e)
	case queueapp.HangUp:
		l.hangUp(ev, e)
	case queueapp.Leave:
		l.leave(ev, e)
	case queueapp.Regained:
		l.regained(e)
	case queueapp.Missed:
		if a := l.agents[e.Agent]; a == nil || a.said == e.Count {
			l.fail("%s missed %d calls, said twice", e.Agent, e.Count)
		} else {
			a.said = e.Count
		}
	default:
		l.agentEffect(ev, e)
	}
}

// open is the agent's attempt whose leg is not known to be gone.
func (l *ledger) open(id queueapp.AgentID) *attemptRow {
	for _, a := range l.attempts {
		if a.agent == id && !a.gone {
			return a
		}
	}
	return nil
}

// on is the attempt that occupies a phone.
func (l *ledger) on(x queueapp.ExtensionID) *attemptRow {
	for _, a := range l.attempts {
		if a.ext == x && !a.gone {
			return a
		}
	}
	return nil
}

// serving is the attempt that has the visit in its hands: the one that was answered, else the first of those that ring.
func (l *ledger) serving(v *visitRow) *attemptRow {
	var first *attemptRow
	for _, a := range l.attempts {
		switch {
		case a.visit != v || a.closed:
		case a.stage >= up:
			return a
		case first == nil || a.id.N < first.id.N:
			first = a
		}
	}
	return first
}

func revokes(effects []queueapp.Effect, id queueapp.AttemptID) bool {
	return slices.ContainsFunc(effects, func(e queueapp.Effect) bool {
		r, ok := e.(queueapp.Revoke)
		return ok && r.Attempt == id
	})
}

func hangsUp(effects []queueapp.Effect, id queueapp.AttemptID) bool {
	return slices.ContainsFunc(effects, func(e queueapp.Effect) bool {
		h, ok := e.(queueapp.HangUp)
		return ok && h.Attempt == id
	})
}

func refuses(effects []queueapp.Effect) bool {
	return slices.ContainsFunc(effects, func(e queueapp.Effect) bool { _, ok := e.(queueapp.Refused); return ok })
}

// regained books that a caller who hung up has his place again.
func (l *ledger) regained(e queueapp.Regained) {
	v := l.visits[e.Call]
	if v == nil || e.Entry >= v.Entry {
		l.fail("%s regains place %d", e.Call, e.Entry)
		return
	}
	i := slices.IndexFunc(v.queue.drops, func(d dropRow) bool {
		return d.number == v.Caller.Number && d.entry == e.Entry && d.until.After(l.now)
	})
	if i < 0 {
		l.fail("%s regains place %d, which nobody left", e.Call, e.Entry)
		return
	}
	v.queue.drops = slices.Delete(v.queue.drops, i, i+1)
	v.Entry = e.Entry
}
