package queueapp

import "container/heap"

// queue is a queue of the floor: its rules, who waits, and which of its members are free.
type queue struct {
	Queue
	members []*member
	free    freeHeap
	line    line
	talking int
	offered int       // visits in the hands of an attempt that is not connected
	removed bool      // no longer in the plan, alive for its conversations
	seated  []AgentID // the members who are logged on; nil: to be found out
	round   int64     // of dispatch in which it was last looked at
}

// member is an agent's place in a queue.
type member struct {
	agent *agent
	queue *queue
	place int // in the queue's list of members
	index int // in the heap of the free; -1 when not free
}

// freeHeap holds a queue's free members, the strategy's first choice on top: picking is O(1), a change O(log n).
type freeHeap []*member

func (h freeHeap) Len() int           { return len(h) }
func (h freeHeap) Less(i, j int) bool { return before(h[i], h[j]) }
func (h freeHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is container/heap's; call setFree.
func (h *freeHeap) Push(x any) {
	m := x.(*member)
	m.index = len(*h)
	*h = append(*h, m)
}

// Pop is container/heap's; call setFree.
func (h *freeHeap) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	m.index = -1
	return m
}

// setFree moves a member into or out of the free ones. What the strategy goes by changes only while a member is not free.
func (m *member) setFree(free bool) {
	h := &m.queue.free
	switch in := m.index >= 0; {
	case free && !in:
		heap.Push(h, m)
	case !free && in:
		heap.Remove(h, m.index)
	}
}

// before is the strategy: whether x is to be chosen before y. Least recent: never-called members first, then whoever's
// last call ended longest ago; the plan's order breaks ties.
func before(x, y *member) bool {
	a, b := x.agent.lastCall, y.agent.lastCall
	if !a.Equal(b) {
		return a.Before(b) // the zero time is before all others
	}
	return x.place < y.place
}

// pick takes the member whom the strategy chooses for v, or nil. Members who may not have this visit are few (those
// who just let it pass), so they are lifted off the heap and put back.
func (q *queue) pick(f *Floor, v *visit) *member {
	var lifted []*member
	var chosen *member
	for len(q.free) > 0 {
		top := q.free[0]
		if v.until(top.agent, f.now).IsZero() {
			chosen = top
			break
		}
		lifted = append(lifted, heap.Pop(&q.free).(*member))
	}
	for _, m := range lifted {
		heap.Push(&q.free, m)
	}
	return chosen
}

// loggedOn lists the members who are logged on, in the plan's order. The list is made anew when somebody logs on or off
// and never changed, so that effects may carry it.
func (q *queue) loggedOn() []AgentID {
	if q.seated == nil {
		q.seated = make([]AgentID, 0, len(q.members))
		for _, m := range q.members {
			if m.agent.seat != nil {
				q.seated = append(q.seated, m.agent.ID)
			}
		}
	}
	return q.seated
}
