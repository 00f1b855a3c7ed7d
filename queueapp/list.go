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
			Queue: q.Name, Strategy: q.Strategy, Waiting: q.line.length + q.offered, Talking: q.talking,
			LoggedOn: len(q.loggedOn()), Free: len(q.free), Longest: longest[q],
		}
		out = append(out, view)
	}
	return out
}

// longest gives when the first of each queue's waiting callers entered.
func (f *Floor) longest() map[*queue]time.Time {
	first := make(map[*queue]time.Time, len(f.order))
	for _, v := range f.visits {
		if v.attempt != nil && v.attempt.state == AttemptConnected {
			continue
		}
		if at, ok := first[v.queue]; !ok || v.entered.Before(at) {
			first[v.queue] = v.entered
		}
	}
	return first
}

// Calls lists the visits over all queues: those in somebody's hands first, then the waiting ones in the order of service.
func (f *Floor) Calls() []CallView {
	visits := make([]*visit, 0, len(f.visits))
	for _, v := range f.visits {
		visits = append(visits, v)
	}
	slices.SortFunc(visits, func(v, w *visit) int {
		if (v.level == nil) != (w.level == nil) {
			if v.level == nil {
				return -1
			}
			return 1
		}
		return byService(v, w)
	})
	out := make([]CallView, 0, len(visits))
	position := map[*queue]int{}
	for _, v := range visits {
		view := v.view()
		if v.level != nil {
			position[v.queue]++
			view.Position = position[v.queue]
		}
		out = append(out, view)
	}
	return out
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
		Call: v.Call, Queue: v.queue.Name, State: "waiting", Priority: v.priority, Entry: v.entry, Entered: v.entered,
		Deadline: v.deadline.at, Caller: v.Caller, Customers: v.Customers, Switch: v.Switch, Channel: v.Channel,
	}
	if a := v.attempt; a != nil {
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
