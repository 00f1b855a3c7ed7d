package queueapp

import (
	"slices"
	"time"
)

// Agents lists the agents in the floor plan's order.
func (f *Floor) Agents() []AgentView {
	out := make([]AgentView, 0, len(f.roll))
	for _, a := range f.roll {
		view := AgentView{
			Agent: a.ID, Name: a.Name, Reason: a.reason, LastCall: a.lastCall, NoAnswers: a.misses, Queues: []QueueName{},
		}
		view.Status, view.Until = a.status(f)
		if a.seat != nil {
			view.Extension, view.Device = a.seat.ID, a.seat.state
		}
		if a.attempt != nil {
			view.Call, view.Attempt, view.Extension = a.attempt.id.Call, a.attempt.id.N, a.attempt.ext.ID
		}
		for _, m := range a.members {
			view.Queues = append(view.Queues, m.queue.Name)
			if m.out {
				view.Absent = append(view.Absent, m.queue.Name)
			}
			if m.pause {
				view.PausedFor = append(view.PausedFor, m.queue.Name)
			}
		}
		out = append(out, view)
	}
	return out
}

// Queues lists the queues in the floor plan's order.
func (f *Floor) Queues() []QueueView {
	out, longest := make([]QueueView, 0, len(f.order)), f.longest()
	for _, q := range f.order {
		view := QueueView{
			Queue: q.Name, Strategy: q.Strategy, Waiting: q.visits - q.talking, Talking: q.talking,
			LoggedOn: len(q.loggedOn()), Free: q.free, Longest: longest[q], Wait: q.newcomer(),
		}
		out = append(out, view)
	}
	return out
}

// longest gives when the first of each queue's waiting callers entered: not always the first in line, since a caller may
// have kept his place from an earlier visit.
func (f *Floor) longest() map[*queue]time.Time {
	first := make(map[*queue]time.Time, len(f.order))
	look := func(v *visit) {
		if at, ok := first[v.queue]; !ok || v.entered.Before(at) {
			first[v.queue] = v.entered
		}
	}
	for _, q := range f.order {
		for _, l := range q.lenses {
			l.line.all(func(v *visit) bool { look(v); return true })
		}
	}
	for _, a := range f.attempts {
		if a.visit != nil && !a.visit.talks {
			look(a.visit)
		}
	}
	return first
}

// Calls lists the visits: those in somebody's hands first, then the waiting ones, queue by queue in the order of service.
func (f *Floor) Calls() []CallView {
	out := make([]CallView, 0, len(f.visits))
	for _, v := range f.inHands() {
		out = append(out, v.view())
	}
	for _, q := range f.order {
		position := 0
		for v := range q.waiting {
			if len(v.open) > 0 {
				continue
			}
			position++
			view := v.view()
			view.Position = position
			out = append(out, view)
		}
	}
	return out
}

// inHands gives the visits that are not in line.
func (f *Floor) inHands() []*visit {
	visits := slices.Clone(f.restored)
	for _, a := range f.attempts {
		if a.visit != nil {
			visits = append(visits, a.visit)
		}
	}
	slices.SortFunc(visits, byService)
	return slices.Compact(visits)
}

// Call gives one visit, if it is on the floor.
func (f *Floor) Call(id CallID) (CallView, bool) {
	v := f.visits[id]
	if v == nil {
		return CallView{}, false
	}
	return v.view(), true
}

func (v *visit) view() CallView {
	view := CallView{
		Call: v.Call, Queue: v.queue.Name, State: "waiting", Priority: v.priority, Entry: v.entry, Entered: v.entered, Expected: v.expected,
		Deadline: v.deadline.at, Caller: v.Caller, Customers: v.Customers, Switch: v.Switch, Channel: v.Channel,
	}
	if a := v.current(); a != nil {
		view.State, view.Agent, view.Extension, view.Attempt = string(statusOf(a.state)), a.agent.ID, a.ext.ID, a.id.N
		view.Connected = a.talked
	}
	return view
}

// At says who is logged on at an extension; ok is false where nobody is.
func (f *Floor) At(x ExtensionID) (AgentID, bool) {
	e := f.extensions[x]
	if e == nil || e.agent == nil {
		return "", false
	}
	return e.agent.ID, true
}
