package queueapp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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

// standing is a member as one call, or the next, finds him.
type standing struct {
	*member
	level int
	why   string // he may not have it
}

func (f *Floor) explain(q *queue, v *visit) []Candidate {
	var fit filter
	if v != nil {
		fit = v.lens.filter
	} else {
		fit = q.filterAt(q.stageAt(&visit{}, 0), &Enter{})
	}
	var last *member
	if v != nil && v.level != nil {
		last = v.preferred(f)
	}
	members := make([]standing, 0, len(q.members))
	for _, m := range q.members {
		why := f.barred(m, v)
		if why == "" {
			why = fit.refuses(m)
		}
		members = append(members, standing{m, max(m.Level, fit.raise), why})
	}
	slices.SortStableFunc(members, func(x, y standing) int {
		switch a, b := x.why == "", y.why == ""; {
		case a && b && x.member == last:
			return -1
		case a && b && y.member == last:
			return 1
		case a && b:
			return cmp.Or(cmp.Compare(x.level, y.level), q.order(x.member, y.member))
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	if v != nil {
		q.drawLots(members, v, last)
	}
	out := make([]Candidate, 0, len(members))
	for i, m := range members {
		c := Candidate{Agent: m.agent.ID, Level: m.Level, Why: m.why}
		if m.why == "" {
			c.Eligible, c.Rank, c.Why = true, i+1, f.merit(m.member)
			if m.member == last {
				c.Why = "talked with the caller last"
			}
		}
		out = append(out, c)
	}
	return out
}

// order is the strategy's order of two members of one level. Lots are drawn for each call anew.
func (q *queue) order(x, y *member) int {
	switch q.Strategy {
	case LeastRecent, FewestCalls, LeastTalk:
		if before(x, y) {
			return -1
		}
		return 1
	case RoundRobin:
		if a, b := x.place > q.turn, y.place > q.turn; a != b {
			if a {
				return -1
			}
			return 1
		}
	case Random, WeightedRandom, Linear, RingAll, Progressive:
	}
	return cmp.Compare(x.place, y.place)
}

// drawLots puts the eligible members of each level into the order in which a strategy of chance would draw them for a call,
// behind the one who talked with the caller last.
func (q *queue) drawLots(members []standing, v *visit, last *member) {
	if q.Strategy != Random && q.Strategy != WeightedRandom {
		return
	}
	if last != nil {
		members = members[1:]
	}
	for first := 0; first < len(members) && members[first].why == ""; first++ {
		level, drawn := 0, first
		for drawn > 0 && members[drawn-1].level == members[first].level {
			drawn--
			level++
		}
		total, end := 0, first
		for end < len(members) && members[end].why == "" && members[end].level == members[first].level {
			total += q.weigh(members[end].member)
			end++
		}
		n := int(v.lot(level) % uint64(total)) //nolint:gosec // total is positive
		i := first
		for n >= q.weigh(members[i].member) {
			n -= q.weigh(members[i].member)
			i++
		}
		chosen := members[i]
		copy(members[first+1:i+1], members[first:i])
		members[first] = chosen
	}
}

// refuses is why a filter does not let a member through, in words; empty where it does.
func (f filter) refuses(m *member) string {
	switch n := f.lacks(m.agent); {
	case f.only != "" && m.agent.ID != f.only:
		return fmt.Sprintf("is not agent %s, for whom alone the call is", f.only)
	case m.Level < f.min:
		return fmt.Sprintf("is of level %d, and only from %d on are asked by now", m.Level, f.min)
	case f.max >= 0 && m.Level > f.max:
		return fmt.Sprintf("is of level %d, and only up to %d are asked by now", m.Level, f.max)
	case n != nil:
		return fmt.Sprintf("does not have %s %d, which is asked for by now", n.Skill, n.Least)
	}
	return ""
}

// merit is why an agent who may have the call stands where he stands.
func (f *Floor) merit(m *member) string {
	a := m.agent
	switch m.queue.Strategy {
	case FewestCalls:
		return fmt.Sprintf("has had %d calls", a.calls)
	case LeastTalk:
		return fmt.Sprintf("has talked for %s", a.talked.Round(time.Second/10))
	case Random:
		return "is drawn by lot, as likely as the others"
	case WeightedRandom:
		return fmt.Sprintf("is drawn by lot, of weight %d", m.queue.weigh(m))
	case RoundRobin:
		return fmt.Sprintf("is member %d, and member %d was asked last", m.place+1, m.queue.turn+1)
	case Linear, Progressive:
		return fmt.Sprintf("is member %d", m.place+1)
	case RingAll:
		return "rings with the others"
	case LeastRecent:
	}
	if a.lastCall.IsZero() {
		return "has had no call yet"
	}
	return fmt.Sprintf("idle for %s", f.now.Sub(a.lastCall).Round(time.Second/10))
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
		switch {
		case m.out:
			return "is not logged on for this queue"
		case m.pause:
			return strings.TrimSuffix("is paused for this queue: "+m.why, ": ")
		}
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
