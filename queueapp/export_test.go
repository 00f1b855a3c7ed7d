package queueapp

import "time"

// Size is how much a floor holds on to: for tests that nothing outlives its call.
type Size struct {
	Visits, Attempts, Timers, Agents, Extensions int
	Strays                                       int // timers of what is no longer on the floor
}

// Size counts what the floor holds.
func (f *Floor) Size() Size {
	s := Size{
		Visits: len(f.visits), Attempts: len(f.attempts), Timers: len(f.timers.heap), Agents: len(f.agents),
		Extensions: len(f.extensions),
	}
	for _, tm := range f.timers.heap {
		if v := tm.visit; v != nil && f.visits[v.Call] != v {
			s.Strays++
		}
		if a := tm.attempt; a != nil && f.attempts[a.id] != a {
			s.Strays++
		}
		if a := tm.agent; a != nil && f.agents[a.ID] != a {
			s.Strays++
		}
	}
	return s
}

// Pick is the strategy's choice for a waiting call, as the floor makes it; empty where nobody may have it.
func (f *Floor) Pick(call CallID) AgentID {
	v := f.visits[call]
	if m := v.queue.pick(f, v); m != nil {
		return m.agent.ID
	}
	return ""
}

// State is how far an attempt got; "gone" where the floor knows none such.
func (f *Floor) State(id AttemptID) string {
	if a := f.attempts[id]; a != nil {
		return string(a.state)
	}
	return "gone"
}

// VisitState is what a call is doing: waiting, offered, answered and not yet bridged, talking, or gone.
func (f *Floor) VisitState(id CallID) string {
	v := f.visits[id]
	switch {
	case v == nil:
		return "gone"
	case v.current() == nil:
		return "waiting"
	}
	switch v.current().state {
	case AttemptBriefing, AttemptUp:
		return "answered"
	case AttemptConnected:
		return "talking"
	case AttemptCommitted, AttemptRinging, AttemptAsked, AttemptEnding:
	}
	return "offered"
}

// Open is an open attempt, or, without a number, a visit.
type Open struct {
	Attempt   AttemptID
	Call      CallID
	State     string
	Queue     QueueName
	Agent     AgentID
	Extension ExtensionID
	Switch    SwitchName
}

// Open lists the open attempts and the visits.
func (f *Floor) Open() []Open {
	var out []Open
	for id, a := range f.attempts {
		o := Open{
			Attempt: id, Call: id.Call, State: string(a.state), Agent: a.agent.ID, Extension: a.ext.ID, Switch: a.on,
		}
		if v := f.visits[id.Call]; v != nil {
			o.Queue = v.queue.Name
		}
		out = append(out, o)
	}
	for id, v := range f.visits {
		out = append(out, Open{Call: id, State: f.VisitState(id), Queue: v.queue.Name, Switch: v.Switch})
	}
	return out
}

// Due reports whether a call's deadline, or what its attempt waits for, is timed for no later than at.
func (f *Floor) Due(at time.Time, call CallID, kind string) bool {
	for _, tm := range f.timers.heap {
		switch {
		case tm.at.After(at):
		case tm.attempt != nil && kind == "attempt" && tm.attempt.id.Call == call:
			return true
		case tm.visit != nil && tm.of == deadlineTimer && kind == "deadline" && tm.visit.Call == call:
			return true
		}
	}
	return false
}

// Pace is how long the first in line would wait, as far as is known.
func (f *Floor) Pace(name QueueName) (time.Duration, bool) { return f.queues[name].wait(1) }

// Staffed is how many members of each queue count as there to answer.
func (f *Floor) Staffed() map[QueueName]int {
	out := make(map[QueueName]int, len(f.order))
	for _, q := range f.order {
		out[q.Name] = q.staffed()
	}
	return out
}
