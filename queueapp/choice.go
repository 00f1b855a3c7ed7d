package queueapp

import "container/heap"

// chooser holds the free members of one tier, and knows whom the strategy chooses among them.
type chooser interface {
	put(s *slot)
	take(s *slot)
	choose(v *visit) *slot // nil where nobody is free
}

// slot is a member's place in a tier.
type slot struct {
	*member
	lens  *lens
	tier  *tier
	place int // in the tier, in the order of the queue's members
	index int // in the tier's heap; -1 where not free
}

func newChooser(q *queue, slots []*slot) chooser {
	switch q.Strategy {
	case FewestCalls, LeastTalk, LeastRecent:
		return &ranking{}
	case Random, WeightedRandom, RoundRobin, Linear, RingAll, Progressive:
	}
	return newRow(q, slots)
}

// ranking is a heap of free members, the strategy's first choice on top: choosing is O(1), a change O(log n). What the
// strategy goes by changes only while a member is not free.
type ranking []*slot

func (r *ranking) choose(*visit) *slot {
	if len(*r) == 0 {
		return nil
	}
	return (*r)[0]
}

func (r *ranking) put(s *slot)        { heap.Push(r, s) }
func (r *ranking) take(s *slot)       { heap.Remove(r, s.index) }
func (r *ranking) Len() int           { return len(*r) }
func (r *ranking) Less(i, j int) bool { return before((*r)[i].member, (*r)[j].member) }
func (r *ranking) Swap(i, j int) {
	h := *r
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is container/heap's; call put.
func (r *ranking) Push(x any) {
	s := x.(*slot)
	s.index = len(*r)
	*r = append(*r, s)
}

// Pop is container/heap's; call take.
func (r *ranking) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	s.index = -1
	return s
}

// before is a strategy that ranks: whether x is to be chosen before y. The zero time is before all others, so who never
// had a call comes first; the plan's order breaks ties.
func before(x, y *member) bool {
	a, b := x.agent, y.agent
	switch {
	case x.queue.Strategy == FewestCalls && a.calls != b.calls:
		return a.calls < b.calls
	case x.queue.Strategy == LeastTalk && a.talked != b.talked:
		return a.talked < b.talked
	case x.queue.Strategy == LeastRecent && !a.lastCall.Equal(b.lastCall):
		return a.lastCall.Before(b.lastCall)
	}
	return x.place < y.place
}

// row is the members of a tier side by side, with the weights of the free ones summed up (a Fenwick tree): choosing by
// place or by lot is O(log n), and so is a change.
type row struct {
	queue *queue
	slots []*slot
	sums  []int // sums[i] is the weight of the free ones in (i - i&-i, i], counting from 1
	total int
}

func newRow(q *queue, slots []*slot) *row {
	return &row{queue: q, slots: slots, sums: make([]int, len(slots)+1)}
}

func (r *row) choose(v *visit) *slot {
	if r.total == 0 {
		return nil
	}
	switch r.queue.Strategy {
	case Random, WeightedRandom:
		return r.at(int(v.lot(0) % uint64(r.total))) //nolint:gosec // total is positive
	case RoundRobin:
		if before := r.until(r.queue.turn); before < r.total {
			return r.at(before)
		}
	case LeastRecent, FewestCalls, LeastTalk, Linear, RingAll, Progressive:
	}
	return r.at(0)
}

func (r *row) put(s *slot) {
	s.index = 0
	r.add(s, r.queue.weigh(s.member))
}

func (r *row) take(s *slot) {
	s.index = -1
	r.add(s, -r.queue.weigh(s.member))
}

func (r *row) add(s *slot, weight int) {
	r.total += weight
	for i := s.place + 1; i < len(r.sums); i += i & -i {
		r.sums[i] += weight
	}
}

// until is the weight of the free ones up to a place in the queue, that one included.
func (r *row) until(place int) int {
	low, high := 0, len(r.slots)
	for low < high { // the first slot behind place
		mid := (low + high) / 2
		if r.slots[mid].member.place <= place {
			low = mid + 1
		} else {
			high = mid
		}
	}
	sum := 0
	for i := low; i > 0; i -= i & -i {
		sum += r.sums[i]
	}
	return sum
}

// at is the free one in whose share of the total weight n falls, which is less than total.
func (r *row) at(n int) *slot {
	i, step := 0, 1
	for step*2 < len(r.sums) {
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if i+step < len(r.sums) && r.sums[i+step] <= n {
			i += step
			n -= r.sums[i]
		}
	}
	return r.slots[i]
}

// weigh is how often a member is drawn by lot, against the others.
func (q *queue) weigh(m *member) int {
	if q.Strategy == WeightedRandom {
		return max(1, m.Weight)
	}
	return 1
}

// lot is a number that is as good as random and yet the same whenever the same call is to be given away: a mix of bits of
// its entry number, of how often it was offered, and of n.
func (v *visit) lot(n int) uint64 {
	x := uint64(v.entry)*0x9e3779b97f4a7c15 + uint64(v.offers)*0xbf58476d1ce4e5b9 + uint64(n)*0x94d049bb133111eb //nolint:gosec // bits
	for range 2 {
		x ^= x >> 32
		x *= 0xd6e8feb86659fd93
	}
	return x ^ x>>32
}
