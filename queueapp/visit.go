package queueapp

import (
	"time"
)

// visit is one stay of a call in a queue.
type visit struct {
	Enter
	priority int // as it is now; Enter's is what it came with
	boost    int // of it, what the stage adds
	entry    int64
	queue    *queue
	entered  time.Time
	expected time.Time // when he was expected to be answered, on entering; zero: that was not known, or at once
	deadline timer
	again    timer                 // the next end of a retry delay
	widen    timer                 // the next stage
	more     timer                 // one more phone is to ring, under Progressive
	asked    time.Time             // when it was offered last
	lens     *lens                 // who may be asked; its line is where the visit waits
	offers   int                   // how many attempts the call has had
	open     []*attempt            // those that are not ending: more than one only where phones ring together
	winner   *attempt              // the one of them that was answered
	talks    bool                  // somebody has answered
	answered AgentID               // who that was
	out      Outcome               // how the visit ends should its winner come to nothing
	tried    map[AgentID]time.Time // who may not have it again before

	level      *level // in the line; nil while offered or talking, but where more phones may ring
	prev, next *visit
}

// current is the attempt that stands for the visit: the winner, else the one that was made first; nil: none is open.
func (v *visit) current() *attempt {
	switch {
	case v.winner != nil:
		return v.winner
	case len(v.open) > 0:
		return v.open[0]
	}
	return nil
}

// until says when the agent may have this visit again; zero: now.
func (v *visit) until(a *agent, now time.Time) time.Time {
	at := v.tried[a.ID]
	if at.After(now) {
		return at
	}
	return time.Time{}
}

// first reports whether v is served before w: by priority, the queue's weight, then the entry number, over all queues.
func (v *visit) first(w *visit) bool {
	if v.priority != w.priority {
		return v.priority > w.priority
	}
	if v.queue.Weight != w.queue.Weight {
		return v.queue.Weight > w.queue.Weight
	}
	return v.entry < w.entry
}

func (f *Floor) enter(ev Enter) {
	if f.visits[ev.Call] != nil {
		return // doubled
	}
	q := f.queues[ev.Queue]
	if q == nil {
		f.emit(Leave{Call: ev.Call, Queue: ev.Queue, Outcome: OutcomeUnknownQueue, Then: ThenContinue})
		return
	}
	timeout := ev.Timeout
	if timeout <= 0 {
		timeout = q.Timeout
	}
	if why := f.closedTo(q, ev, timeout); why != "" {
		f.emit(q.leave(&ev, ev.Priority, why))
		return
	}
	if entry, ok := q.regained(ev.Caller.Number, f.now); ok && entry < ev.Entry {
		ev.Entry = entry
		f.emit(Regained{Call: ev.Call, Entry: entry})
	}
	v := f.admit(ev, q, f.now, f.now.Add(timeout))
	if told := q.told(ev.Agent); len(told) > 0 {
		f.emit(Announce{Call: v.Call, Agents: told})
	}
	f.stand(v)
	f.expect(v)
}

// closedTo is why a caller may not come into a queue; empty: he may.
func (f *Floor) closedTo(q *queue, ev Enter, timeout time.Duration) Outcome {
	waiting, on := q.visits-q.talking, len(q.loggedOn())
	switch {
	case ev.Closed:
		return OutcomeClosed
	case ev.Agent != "" && !q.has(ev.Agent), q.Join.Matters && !f.anybody(q, q.Join, ev.Agent):
		return OutcomeNoAgents
	case q.MaxLen > 0 && waiting >= q.MaxLen, q.MaxRatio > 0 && on > 0 && waiting >= q.MaxRatio*on:
		return OutcomeFull
	case timeout <= 0:
		return OutcomeTimeout
	case q.MaxExpect > 0 && f.foresee(q, ev) > q.MaxExpect:
		return OutcomeFull
	}
	return ""
}

// leave is how a caller leaves whom nobody answered: for the queue that takes such callers, or the dialplan.
func (q *queue) leave(ev *Enter, priority int, o Outcome) Leave {
	for _, over := range q.Overflow {
		if over.Outcome == o {
			return q.pass(ev, priority, o, over.Queue)
		}
	}
	return Leave{Call: ev.Call, Queue: q.Name, Outcome: o, Then: ThenContinue}
}

// pass is how a caller leaves for another queue.
func (q *queue) pass(ev *Enter, priority int, o Outcome, next QueueName) Leave {
	return Leave{
		Call: ev.Call, Queue: q.Name, Outcome: o, Then: ThenQueue, Next: next, Entry: ev.Entry, Priority: priority,
	}
}

// served is how a visit ends that somebody has answered.
func (v *visit) served(then Then) Leave {
	return Leave{Call: v.Call, Queue: v.queue.Name, Outcome: OutcomeAnswered, Agent: v.answered, Then: then}
}

// talk counts a visit as one that waits no more.
func (v *visit) talk() {
	if !v.talks {
		v.talks = true
		v.queue.talking++
	}
}

// leaving is how a visit ends that nobody answered.
func (v *visit) leaving(o Outcome) Leave { return v.queue.leave(&v.Enter, v.priority-v.boost, o) }

// admit makes the visit and sets its deadline, without putting it into line.
func (f *Floor) admit(ev Enter, q *queue, entered, deadline time.Time) *visit {
	v := &visit{
		Enter: ev, priority: ev.Priority, entry: ev.Entry, queue: q, entered: entered, offers: ev.Attempts,
	}
	v.deadline.visit = v
	v.again = timer{visit: v, of: retryTimer}
	v.widen = timer{visit: v, of: stageTimer}
	v.more = timer{visit: v, of: moreTimer}
	f.visits[v.Call] = v
	q.visits++
	f.timers.set(&v.deadline, deadline)
	return v
}

// stand puts a visit into line, where it belongs. One that was to leave when somebody had answered leaves now.
func (f *Floor) stand(v *visit) {
	if v.out != "" {
		f.leave(v, v.leaving(v.out))
		return
	}
	f.line(v)
	f.watchEmpty(v.queue)
	f.stood = append(f.stood, v)
}

// line puts a visit into the line of the stage that holds for it by now, and asks to be woken for the next.
func (f *Floor) line(v *visit) {
	q, waited := v.queue, f.now.Sub(v.entered)
	at := q.stageAt(v, waited)
	boost := 0
	if at >= 0 {
		boost = q.Stages[at].Boost
	}
	v.priority += boost - v.boost
	v.boost, v.lens = boost, q.through(at, &v.Enter)
	v.lens.line.add(v)
	if at+1 < len(q.Stages) && v.winner == nil {
		f.timers.set(&v.widen, v.entered.Add(q.Stages[at+1].After))
	} else {
		f.timers.stop(&v.widen)
	}
}

// unline takes a visit out of its line, if it is in one.
func (f *Floor) unline(v *visit) {
	if v.level != nil {
		v.lens.line.remove(v)
	}
}

// realign puts a waiting visit into the line where it belongs by now.
func (f *Floor) realign(v *visit) {
	if v.level != nil {
		f.unline(v)
		f.line(v)
		f.stood = append(f.stood, v)
	}
}

func (f *Floor) hangup(ev Hangup) {
	v := f.visits[ev.Call]
	if v == nil {
		return
	}
	if a := v.winner; a != nil && v.talks {
		if a.state == AttemptConnected {
			f.finish(a, ByCaller, ev.Q850)
			f.end(a, "normal")
		} else {
			f.withdrawOffer(a, RevokeCallerGone, "normal")
		}
		f.leave(v, v.served(ThenNothing))
		return
	}
	f.takeBack(v, RevokeCallerGone)
	v.queue.dropped(v, f.now)
	f.leave(v, Leave{Call: v.Call, Queue: v.queue.Name, Outcome: OutcomeAbandoned, Then: ThenNothing})
}

func (f *Floor) withdraw(ev Withdraw) {
	v := f.visits[ev.Call]
	if v == nil {
		return
	}
	if ev.Outcome == "" {
		ev.Outcome = OutcomeWithdrawn
	}
	f.dismissVisit(v, v.leaving(ev.Outcome))
}

// move sends a caller whom nobody has answered to another queue, or to the end of nothing where there is no such queue.
func (f *Floor) move(ev Move) {
	v := f.visits[ev.Call]
	if v == nil || f.queues[ev.Queue] == nil || v.winner != nil || f.queues[ev.Queue] == v.queue {
		return
	}
	f.dismissVisit(v, v.queue.pass(&v.Enter, v.priority-v.boost, OutcomeMoved, ev.Queue))
}

// dismissVisit sends a caller back to the dialplan. One whom somebody has answered stays, unless the two don't meet: of
// an answer and a revoke the first wins.
func (f *Floor) dismissVisit(v *visit, l Leave) {
	if v.winner != nil {
		v.out = l.Outcome
		return
	}
	f.takeBack(v, RevokeWithdrawn)
	f.leave(v, l)
}

func (f *Floor) prioritise(ev Prioritise) {
	v := f.visits[ev.Call]
	if v == nil || v.priority-v.boost == ev.Priority {
		return
	}
	waits := v.level != nil
	f.unline(v)
	v.priority = ev.Priority + v.boost
	if waits {
		f.stand(v)
	}
}

// leave ends a visit: exactly once, since only a visit on the floor can leave it.
func (f *Floor) leave(v *visit, l Leave) {
	f.unline(v)
	for _, tm := range []*timer{&v.deadline, &v.again, &v.widen, &v.more} {
		f.timers.stop(tm)
	}
	delete(f.visits, v.Call)
	v.queue.visits--
	if v.talks {
		v.queue.talking--
	}
	v.queue.emptied()
	f.emit(l)
}

// spare keeps the visit from the agent until at, and looks again then.
func (f *Floor) spare(v *visit, a *agent, at time.Time) {
	if !at.After(f.now) {
		return
	}
	if v.tried == nil {
		v.tried = map[AgentID]time.Time{}
	}
	v.tried[a.ID] = at
	if !f.timers.has(&v.again) || at.Before(v.again.at) {
		f.timers.set(&v.again, at)
	}
}

// retry looks again for an agent when one who let the visit pass may have it again.
func (f *Floor) retry(v *visit) {
	var next time.Time
	for id, at := range v.tried { // the order does not matter: only the earliest counts
		switch {
		case !at.After(f.now):
			delete(v.tried, id)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	if !next.IsZero() {
		f.timers.set(&v.again, next)
	}
	if v.level != nil {
		f.stood = append(f.stood, v)
	}
}
