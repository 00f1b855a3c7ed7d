package queueapp

// Size is how much a floor holds on to: for tests that nothing outlives its call.
type Size struct{ Visits, Attempts, Timers, Agents, Extensions int }

// Size counts what the floor holds.
func (f *Floor) Size() Size {
	return Size{
		Visits: len(f.visits), Attempts: len(f.attempts), Timers: len(f.timers.heap), Agents: len(f.agents),
		Extensions: len(f.extensions),
	}
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
