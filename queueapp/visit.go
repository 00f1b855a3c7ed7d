package queueapp

import "time"

// visit is one stay of a call in a queue.
type visit struct {
	Enter
	priority int // as it is now; Enter's is what it came with
	entry    int64
	queue    *queue
	entered  time.Time
	deadline timer
	again    timer // the next end of a retry delay
	attempts int
	attempt  *attempt              // the open one; it is not ending
	out      Outcome               // how the visit ends should its open attempt, which is answered, come to nothing
	tried    map[AgentID]time.Time // who may not have it again before

	level      *level // in the line; nil while offered or talking
	prev, next *visit
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
	told := q.loggedOn()
	if len(told) == 0 && !q.JoinEmpty {
		f.emit(Leave{Call: ev.Call, Queue: ev.Queue, Outcome: OutcomeNoAgents, Then: ThenContinue})
		return
	}
	timeout := ev.Timeout
	if timeout <= 0 {
		timeout = q.Timeout
	}
	if timeout <= 0 {
		f.emit(Leave{Call: ev.Call, Queue: ev.Queue, Outcome: OutcomeTimeout, Then: ThenContinue})
		return
	}
	v := f.admit(ev, q, f.now, f.now.Add(timeout))
	if len(told) > 0 {
		f.emit(Announce{Call: v.Call, Agents: told})
	}
	f.stand(v)
}

// admit makes the visit and sets its deadline, without putting it into line.
func (f *Floor) admit(ev Enter, q *queue, entered, deadline time.Time) *visit {
	v := &visit{
		Enter: ev, priority: ev.Priority, entry: ev.Entry, queue: q, entered: entered, attempts: ev.Attempts,
	}
	v.deadline.visit = v
	v.again.visit, v.again.retry = v, true
	f.visits[v.Call] = v
	f.timers.set(&v.deadline, deadline)
	return v
}

// stand puts a visit into line, where it belongs. One that was to leave when somebody had answered leaves now.
func (f *Floor) stand(v *visit) {
	if v.out != "" {
		f.leave(v, v.out, "", ThenContinue)
		return
	}
	v.queue.line.add(v)
	f.stood = append(f.stood, v)
}

func (f *Floor) hangup(ev Hangup) {
	v := f.visits[ev.Call]
	if v == nil {
		return
	}
	if a := v.attempt; a != nil && a.state == AttemptConnected {
		f.finish(a, ByCaller, ev.Q850)
		f.end(a, "normal")
		f.leave(v, OutcomeAnswered, a.agent.ID, ThenNothing)
		return
	}
	f.takeBack(v, RevokeCallerGone)
	f.leave(v, OutcomeAbandoned, "", ThenNothing)
}

func (f *Floor) withdraw(ev Withdraw) {
	v := f.visits[ev.Call]
	if v == nil {
		return
	}
	if ev.Outcome == "" {
		ev.Outcome = OutcomeWithdrawn
	}
	f.dismissVisit(v, ev.Outcome)
}

// dismissVisit sends a caller back to the dialplan. One whom somebody has answered stays, unless the two don't meet: of
// an answer and a revoke the first wins.
func (f *Floor) dismissVisit(v *visit, o Outcome) {
	if a := v.attempt; a != nil && (a.state == AttemptUp || a.state == AttemptConnected) {
		v.out = o
		return
	}
	f.takeBack(v, RevokeWithdrawn)
	f.leave(v, o, "", ThenContinue)
}

func (f *Floor) prioritise(ev Prioritise) {
	v := f.visits[ev.Call]
	if v == nil || v.priority == ev.Priority {
		return
	}
	waits := v.level != nil
	if waits {
		v.queue.line.remove(v)
	}
	v.priority = ev.Priority
	if waits {
		f.stand(v)
	}
}

// leave ends a visit: exactly once, since only a visit on the floor can leave it.
func (f *Floor) leave(v *visit, o Outcome, by AgentID, then Then) {
	v.queue.line.remove(v)
	f.timers.stop(&v.deadline)
	f.timers.stop(&v.again)
	delete(f.visits, v.Call)
	f.emit(Leave{Call: v.Call, Queue: v.queue.Name, Outcome: o, Agent: by, Then: then})
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
