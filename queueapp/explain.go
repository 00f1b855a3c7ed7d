package queueapp

import (
	"fmt"
	"slices"
	"time"
)

// Explain says how a queue's members stand for the next call: who would get it, and why each other agent would
// not, the eligible ones first in the order of choice. ok is false where there is no such queue.
func (f *Floor) Explain(name QueueName) (candidates []Candidate, ok bool) {
	q := f.queues[name]
	if q == nil {
		return nil, false
	}
	return f.explain(q, nil), true
}

// ExplainCall is Explain for one waiting call, which some agents may not have again yet.
func (f *Floor) ExplainCall(call CallID) (candidates []Candidate, ok bool) {
	v := f.visits[call]
	if v == nil {
		return nil, false
	}
	return f.explain(v.queue, v), true
}

func (f *Floor) explain(q *queue, v *visit) []Candidate {
	type standing struct {
		*member
		why string // he may not have it
	}
	members := make([]standing, 0, len(q.members))
	for _, m := range q.members {
		members = append(members, standing{m, f.barred(m, v)})
	}
	slices.SortStableFunc(members, func(x, y standing) int {
		a, b := x.why == "", y.why == ""
		switch {
		case a != b && a, a == b && before(x.member, y.member):
			return -1
		case a != b && b, a == b && before(y.member, x.member):
			return 1
		}
		return 0
	})
	out := make([]Candidate, 0, len(members))
	for i, m := range members {
		c := Candidate{Agent: m.agent.ID, Why: m.why}
		if m.why == "" {
			c.Eligible, c.Rank, c.Why = true, i+1, f.merit(m.member)
		}
		out = append(out, c)
	}
	return out
}

// merit is why an agent who may have the call stands where he stands.
func (f *Floor) merit(m *member) string {
	if m.agent.lastCall.IsZero() {
		return "has had no call yet"
	}
	return fmt.Sprintf("idle for %s", f.now.Sub(m.agent.lastCall).Round(time.Second/10))
}

// parted is why a free agent may not have this very call.
func (f *Floor) parted(a *agent, v *visit) string {
	switch {
	case v == nil:
		return ""
	case !v.until(a, f.now).IsZero():
		return fmt.Sprintf("let this call pass, and may have it again in %s", v.until(a, f.now).Sub(f.now).Round(time.Second/10))
	case f.down[v.Switch]:
		return "is free, but the caller's switch cannot be reached"
	}
	return ""
}

// barred is why an agent may not have the call, in words; empty where he may.
func (f *Floor) barred(m *member, v *visit) string {
	a := m.agent
	status, until := a.status(f)
	switch status {
	case StatusFree:
		return f.parted(a, v)
	case StatusLoggedOff:
		return "is not logged on"
	case StatusPaused:
		if a.reason != "" {
			return "is paused: " + a.reason
		}
		return "is paused"
	case StatusWrapUp, StatusDelayed:
		why := "is in wrap-up"
		if status == StatusDelayed {
			why = "is left alone after " + string(a.delayWhy)
		}
		return fmt.Sprintf("%s for another %s", why, until.Sub(f.now).Round(time.Second/10))
	case StatusUnavailable:
		switch {
		case a.seat.attempt != nil:
			return "sits at a phone that still has another agent's call"
		case f.down[a.seat.Switch]:
			return "sits at a switch that cannot be reached"
		}
		return "has a phone that is " + string(a.seat.state)
	case StatusOffered, StatusRinging:
		return fmt.Sprintf("is being offered call %s", a.attempt.id.Call)
	case StatusTalking:
		return fmt.Sprintf("talks on call %s", a.attempt.id.Call)
	case StatusEnding:
		return fmt.Sprintf("has a phone that is still ending call %s", a.attempt.id.Call)
	}
	return string(status)
}
