package queueapp

import (
	"maps"
	"slices"
	"time"
)

// queue is a queue of the floor: its rules, who waits, and which of its members are free.
type queue struct {
	Queue
	members []*member
	lenses  []*lens // the first is of those visits that no stage has changed yet
	visits  int     // those who talk included
	talking int
	free    int       // members who are free
	turn    int       // the place of the member whom it asked last
	removed bool      // no longer in the plan, alive for its conversations
	seated  []AgentID // the members who are logged on; nil: to be found out
	round   int64     // of dispatch in which it was last looked at
	changed bool      // who is logged on has changed, and so may a visit's stage is
	drops   []drop    // who hung up a moment ago, the first first
	here    int       // members who count as there, where Leave matters
	since   time.Time // when nobody was there any more, and somebody waited; zero: somebody is, or nobody does
	flow    flow      // how fast callers are answered
	empty   timer     // when callers are to leave because nobody is there
}

// member is an agent's place in a queue.
type member struct {
	Member
	agent *agent
	queue *queue
	place int // in the queue's list of members
	slots []*slot
	free  bool
	out   bool // does not serve the queue, though logged on
	pause bool
	why   string // of the pause
	here  bool   // counts as there, where the queue's Leave matters
}

// serves reports whether a member is logged on for the queue.
func (m *member) serves() bool { return m.agent.seat != nil && !m.out }

// setFree moves a member into or out of the free ones.
func (m *member) setFree(free bool) {
	if m.free == free {
		return
	}
	m.free = free
	for _, s := range m.slots {
		if free {
			s.tier.choice.put(s)
		} else {
			s.tier.choice.take(s)
		}
	}
	if free {
		m.queue.free++
	} else {
		m.queue.free--
	}
}

// pick takes the member who talked with v's caller last, else whom the strategy chooses, or nil. Members who may not have this
// visit are few (those who just let it pass), so they are lifted out and put back.
func (q *queue) pick(f *Floor, v *visit) *member {
	if m := v.preferred(f); m != nil {
		return m
	}
	var lifted []*slot
	for _, id := range slices.Sorted(maps.Keys(v.tried)) {
		a := f.agents[id]
		if a == nil || v.until(a, f.now).IsZero() {
			continue
		}
		if s := v.lens.slotOf(a); s != nil && s.free {
			s.tier.choice.take(s)
			lifted = append(lifted, s)
		}
	}
	chosen := v.lens.choose(v)
	for _, s := range lifted {
		s.tier.choice.put(s)
	}
	return chosen
}

// preferred is the member who goes before whom the strategy chooses: he talked with the caller last, and may have this visit
// now; nil: there is none. Where all phones ring at once nobody goes before anybody.
func (v *visit) preferred(f *Floor) *member {
	a := f.agents[v.Prefer]
	if a == nil || !v.queue.Sticky || v.queue.Strategy == RingAll || !v.until(a, f.now).IsZero() {
		return nil
	}
	if s := v.lens.slotOf(a); s != nil && s.free {
		return s.member
	}
	return nil
}

// loggedOn lists the members who are logged on, in the plan's order. The list is made anew when somebody logs on or off
// and never changed, so that effects may carry it.
func (q *queue) loggedOn() []AgentID {
	if q.seated == nil {
		q.seated = make([]AgentID, 0, len(q.members))
		for _, m := range q.members {
			if m.serves() {
				q.seated = append(q.seated, m.agent.ID)
			}
		}
	}
	return q.seated
}

// has reports whether an agent is a member.
func (q *queue) has(id AgentID) bool {
	return slices.ContainsFunc(q.members, func(m *member) bool { return m.agent.ID == id })
}

// told lists who hears of a caller: whoever is logged on, or of them the one for whom the call is.
func (q *queue) told(only AgentID) []AgentID {
	on := q.loggedOn()
	if only == "" {
		return on
	}
	if i := slices.Index(on, only); i >= 0 {
		return on[i : i+1 : i+1]
	}
	return nil
}

// waiting yields the callers in line in the order of service, over all lenses. The lines must not change meanwhile.
func (q *queue) waiting(yield func(*visit) bool) {
	heads := make([]*visit, 0, len(q.lenses))
	for _, l := range q.lenses {
		if v := l.line.head(); v != nil {
			heads = append(heads, v)
		}
	}
	for len(heads) > 0 {
		i := firstOf(heads)
		v := heads[i]
		if heads[i] = v.lens.line.after(v); heads[i] == nil {
			heads = slices.Delete(heads, i, i+1)
		}
		if !yield(v) {
			return
		}
	}
}

// firstOf is the place of the visit that is served first.
func firstOf(visits []*visit) int {
	best := 0
	for i, v := range visits {
		if v.first(visits[best]) {
			best = i
		}
	}
	return best
}

// stageAt is the stage that holds after a time of waiting, -1 before the first. Where nobody who is logged on could be asked
// by it, the next holds at once, unless the queue is patient.
func (q *queue) stageAt(v *visit, waited time.Duration) int {
	i := -1
	for i+1 < len(q.Stages) && (q.Stages[i+1].After <= waited || !q.Patient && q.through(i, &v.Enter).seated == 0) {
		i++
	}
	return i
}
