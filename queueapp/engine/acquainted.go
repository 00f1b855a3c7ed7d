package engine

import (
	"ringside/queueapp"
)

// MostMeetings is how many of the conversations that were last are remembered, for queues that are sticky.
const MostMeetings = 10_000

// Meeting is a conversation that is over: who the caller was, and who talked with him.
type Meeting struct {
	Number    string
	Customers []queueapp.Customer
	Agent     queueapp.AgentID
}

// acquainted remembers with whom callers talked last. It keeps two generations of what it was told: once the younger one is
// full the older one is forgotten, so that it holds MostMeetings at least and twice as many at most.
type acquainted struct {
	young, old map[string]queueapp.AgentID
	meetings   int // in the younger one
}

// knownAs is under what a caller is remembered: the customer whom he was found to be before the number that he calls from. Who
// may be several customers is known by the number alone.
func knownAs(number string, customers []queueapp.Customer, code string) []string {
	var keys []string
	if len(customers) == 1 {
		if id := customers[0].ID; id != "" {
			keys = append(keys, "id "+id)
		}
		if code == "" {
			code = customers[0].Code
		}
	}
	if code != "" {
		keys = append(keys, "code "+code)
	}
	if number != "" {
		keys = append(keys, "number "+number)
	}
	return keys
}

func (a *acquainted) meet(m Meeting) {
	if a.young == nil || a.meetings == MostMeetings {
		a.young, a.old, a.meetings = map[string]queueapp.AgentID{}, a.young, 0
	}
	a.meetings++
	for _, key := range knownAs(m.Number, m.Customers, "") {
		a.young[key] = m.Agent
	}
}

// last is who talked with a caller last; empty: nobody did, or that is too long ago.
func (a *acquainted) last(keys []string) queueapp.AgentID {
	for _, key := range keys {
		if agent := a.young[key]; agent != "" {
			return agent
		}
		if agent := a.old[key]; agent != "" {
			return agent
		}
	}
	return ""
}

// met notes that a caller's visit has ended that somebody had answered.
func (t *tenure) met(c *call, e queueapp.Leave) {
	if e.Outcome == queueapp.OutcomeAnswered && e.Agent != "" {
		t.acquainted.meet(Meeting{Number: c.channel.Caller.Number, Customers: c.customers, Agent: e.Agent})
	}
}

// prefer is who is to be asked first for a caller. It is known at once: no look-up holds the call.
func (t *tenure) prefer(ev queueapp.Enter) queueapp.AgentID {
	for _, q := range t.plan.Floor.Queues {
		if q.Name == ev.Queue && q.Sticky {
			return t.acquainted.last(knownAs(ev.Caller.Number, ev.Customers, codeIn(ev.Data)))
		}
	}
	return ""
}
