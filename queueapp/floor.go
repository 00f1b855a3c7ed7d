package queueapp

import (
	"slices"
	"time"
)

// Floor decides who gets which call. It is not safe for concurrent use: one goroutine owns it.
type Floor struct {
	now        time.Time
	queues     map[QueueName]*queue
	order      []*queue // in the plan's order, so that map order never shows
	agents     map[AgentID]*agent
	roll       []*agent // in the plan's order, those who left the plan with a call open at the end
	extensions map[ExtensionID]*extension
	visits     map[CallID]*visit
	restored   []*visit // taken over from the last owner, and not yet put into line
	restoring  bool     // the last event restored something
	attempts   map[AttemptID]*attempt
	timers     timers
	held       string // why no offers are made; empty: they are
	down       map[SwitchName]bool

	out     []Effect // of the event being handled
	freed   []*agent // who became free during it
	stood   []*visit // which visits came into line during it
	watched []*queue // in which somebody may be there no more
	changed []*queue // in which who is logged on has changed
	sweep   bool     // so much changed that every line must be looked at
	round   int64    // counts the dispatches that look at several lines
}

// NewFloor returns an empty floor. Its first event must be [Apply].
func NewFloor() *Floor {
	return &Floor{
		queues:     map[QueueName]*queue{},
		agents:     map[AgentID]*agent{},
		extensions: map[ExtensionID]*extension{},
		visits:     map[CallID]*visit{},
		attempts:   map[AttemptID]*attempt{},
		down:       map[SwitchName]bool{},
	}
}

// Handle tells the floor that ev happened at now and returns what must be done about it, in order. A now before the
// last one counts as the last one. What was due by now is dealt with first, so a late [Tick] changes nothing. While the
// floor is being restored nothing is due and nobody is offered: a visit's deadline may be past because it talks, which the
// floor hears of only after. The first event that restores nothing ends that.
func (f *Floor) Handle(now time.Time, ev Event) []Effect {
	if now.After(f.now) {
		f.now = now
	}
	if f.restoring = f.restore(ev); f.restoring {
		return f.effects()
	}
	f.settle()
	f.fireDue()
	f.take(ev)
	f.restep()
	f.watch()
	f.fireDue() // what the event made due at once
	f.dispatch()
	f.watch()
	return f.effects()
}

// effects hands over what was collected; nil where that is nothing.
func (f *Floor) effects() []Effect {
	if len(f.out) == 0 {
		return nil
	}
	out := slices.Clone(f.out)
	clear(f.out)
	f.out = f.out[:0]
	return out
}

// Next says when the floor next wants a [Tick]; the zero time where it waits for nothing, or for the end of restoring.
func (f *Floor) Next() time.Time {
	if f.restoring || len(f.timers.heap) == 0 {
		return time.Time{}
	}
	return f.timers.heap[0].at
}

func (f *Floor) take(ev Event) {
	switch ev := ev.(type) {
	case Apply:
		f.apply(ev.Plan)
	case Enter:
		f.enter(ev)
	case Offered, Ringing, Up, Briefed, Accepted, Connected, Held, Resumed, Transferred, Reached, Ended:
		f.attemptEvent(ev)
	case Hangup:
		f.hangup(ev)
	case Withdraw:
		f.withdraw(ev)
	case Move:
		f.move(ev)
	case Pull:
		f.pull(ev)
	case Prioritise:
		f.prioritise(ev)
	case Replaced:
		if v := f.visits[ev.Call]; v != nil {
			v.Channel = ev.Channel
		}
	case Identify:
		if v := f.visits[ev.Call]; v != nil {
			v.Customers, v.Data = ev.Customers, ev.Data
		}
	case LogOn, LogOff, Pause, Ready, WrapUpFor:
		f.agentEvent(ev)
	case Device:
		f.device(ev)
	case Hold:
		f.held = ev.Why
		if f.held == "" {
			f.held = "held"
		}
	case Unhold:
		f.held, f.sweep = "", true
	case SwitchDown:
		f.switchDown(ev.Switch)
	case SwitchUp:
		f.switchUp(ev.Switch)
	case Tick, RestoreAgent, RestoreMember, RestoreVisit, RestoreAttempt:
	}
}

func (f *Floor) attemptEvent(ev Event) {
	switch ev := ev.(type) {
	case Offered:
		f.offered(ev)
	case Up:
		f.up(ev)
	case Briefed:
		f.briefed(ev)
	case Accepted:
		f.accepted(ev)
	case Connected:
		f.connected(ev)
	case Held:
		f.heldBy(ev)
	case Resumed:
		f.resumed(ev)
	case Transferred:
		f.transferred(ev)
	case Reached:
		f.reached(ev)
	case Ended:
		f.ended(ev)
	case Ringing:
		if f.attempts[ev.Attempt] == nil {
			f.emit(HangUp{Attempt: ev.Attempt, Reason: "normal"}) // a leg that nobody waits for
		}
	}
}

func (f *Floor) fireDue() {
	for tm := f.timers.due(f.now); tm != nil; tm = f.timers.due(f.now) {
		f.fire(tm)
	}
}

func (f *Floor) fire(tm *timer) {
	switch {
	case tm.attempt != nil:
		f.overdue(tm.attempt)
	case tm.agent != nil && tm == &tm.agent.away:
		f.logOff(tm.agent)
	case tm.agent != nil:
		f.review(tm.agent)
	case tm.queue != nil:
		f.leaveEmpty(tm.queue)
	case tm.of == retryTimer:
		f.retry(tm.visit)
	case tm.of == stageTimer:
		f.realign(tm.visit)
	case tm.of == moreTimer:
		f.stood = append(f.stood, tm.visit)
	default:
		f.dismissVisit(tm.visit, tm.visit.leaving(OutcomeTimeout))
	}
}

func (f *Floor) emit(e Effect) { f.out = append(f.out, e) }

// A switch that cannot be commanded takes its phones and its callers out of new offers.
func (f *Floor) switchDown(s SwitchName) {
	f.down[s] = true
	for _, a := range f.roll {
		f.review(a)
	}
}

func (f *Floor) switchUp(s SwitchName) {
	delete(f.down, s)
	for _, a := range f.roll {
		f.review(a)
	}
	f.sweep = true
}
