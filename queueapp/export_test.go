package queueapp

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
