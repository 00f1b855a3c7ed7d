package queuelog

import (
	"strconv"
	"time"

	"ringside/queueapp"
)

// Past is what a fold must know of the time before its first step, and cannot learn from the Restore events that a new
// owner's floor is told. The zero value is that of a floor on which nothing has happened.
type Past struct {
	Plan     queueapp.Plan                  // the last one that was in force
	Original map[queueapp.CallID]int        // of callers who are in a queue: at which place they entered
	Began    map[queueapp.AgentID]time.Time // of agents who are logged on: since when
}

// Fold makes entries of a floor's steps, in their order, from when a process owns the floor. One goroutine uses it.
type Fold struct {
	past     Past
	started  bool // the first floor plan was told
	plan     plan
	lines    map[queueapp.QueueName]*line
	visits   map[queueapp.CallID]*visit
	attempts map[queueapp.AttemptID]*attempt
	seats    map[queueapp.AgentID]seat
	paused   map[membership]bool // with no queue: for all
	absent   map[membership]bool // logged on, but not for this queue

	// Of the step at hand.
	place Place
	at    time.Time
	out   []Entry
}

// New returns a fold that goes on from the past.
func New(past Past) *Fold {
	return &Fold{
		past: past, plan: planOf(past.Plan),
		lines: map[queueapp.QueueName]*line{}, visits: map[queueapp.CallID]*visit{},
		attempts: map[queueapp.AttemptID]*attempt{}, seats: map[queueapp.AgentID]seat{}, paused: map[membership]bool{},
		absent: map[membership]bool{},
	}
}

// Fold gives the entries that follow from the next steps.
func (f *Fold) Fold(steps []queueapp.Step) []Entry {
	f.out = nil
	for _, s := range steps {
		f.place, f.at = Place{Step: s.N}, s.At
		f.step(s)
	}
	return f.out
}

func (f *Fold) step(s queueapp.Step) {
	switch ev := s.Event.(type) {
	case queueapp.Apply:
		f.apply(ev.Plan)
	case queueapp.Enter:
		f.enter(ev, s.Effects)
		return
	case queueapp.Prioritise:
		f.prioritise(ev)
	case queueapp.Connected:
		f.connected(ev, s.Effects)
	case queueapp.RestoreAgent:
		f.restoreAgent(ev)
	case queueapp.RestoreMember:
		f.restoreMember(ev)
	case queueapp.RestoreVisit:
		f.restoreVisit(ev)
	case queueapp.RestoreAttempt:
		f.restoreAttempt(ev)
	case queueapp.Offered, queueapp.Ringing, queueapp.Up, queueapp.Briefed, queueapp.Accepted, queueapp.Held, queueapp.Resumed,
		queueapp.Transferred, queueapp.Reached, queueapp.Replaced, queueapp.Ended, queueapp.Hangup, queueapp.LogOn, queueapp.LogOff,
		queueapp.Pause, queueapp.Ready, queueapp.WrapUpFor, queueapp.Device, queueapp.Withdraw, queueapp.Move, queueapp.Pull, queueapp.Identify, queueapp.Hold,
		queueapp.Unhold, queueapp.SwitchDown, queueapp.SwitchUp, queueapp.Tick: // entries follow from their effects, or none do
	}
	f.effects(s.Effects)
}

func (f *Fold) effects(effects []queueapp.Effect) {
	for _, e := range effects {
		f.effect(e)
	}
}

func (f *Fold) effect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		f.offer(e)
	case queueapp.Ring:
		f.ring(e)
	case queueapp.Brief:
		f.answered(e.Attempt)
	case queueapp.Connect:
		f.answered(e.Attempt)
	case queueapp.Revoke:
		f.revoke(e)
	case queueapp.OnHold:
		f.hold(e)
	case queueapp.OffHold:
		f.unhold(f.attempts[e.Attempt])
	case queueapp.Close:
		f.close(e)
	case queueapp.HandOver:
		f.handOver(e)
	case queueapp.Leave:
		f.leave(e)
	case queueapp.LoggedOn, queueapp.LoggedOff, queueapp.Serves, queueapp.Paused, queueapp.Unpaused:
		f.agentEffect(e)
	case queueapp.Announce, queueapp.HangUp, queueapp.Located, queueapp.Regained, queueapp.WrapUp, queueapp.Missed, queueapp.Refused: // no entries
	}
}

// write adds an entry to the step at hand. Empty texts are NONE.
func (f *Fold) write(call string, queue queueapp.QueueName, agent queueapp.AgentID, event Event, data ...string) {
	f.place.N++
	e := Entry{
		Place: f.place, Time: f.at, Call: clean(call), Queue: clean(queue), Agent: clean(agent), Event: event, Data: Trim(event, data),
	}
	for _, field := range []*string{&e.Call, &e.Queue, &e.Agent} {
		if *field == "" {
			*field = none
		}
	}
	for i := range e.Data {
		e.Data[i] = clean(e.Data[i])
	}
	f.out = append(f.out, e)
}

// seconds is the time between two moments as app_queue counts it, by the seconds on the clock: so it is the difference of
// the entries' own times.
func seconds(from, to time.Time) string { return strconv.FormatInt(max(0, to.Unix()-from.Unix()), 10) }

func milliseconds(from, to time.Time) string {
	return strconv.FormatInt(max(0, to.Sub(from).Milliseconds()), 10)
}
