package queueapp

import "slices"

// dispatch gives waiting visits to free agents after an event. Before the event no visit and agent fitted each other, so
// only what the event changed is looked at: an agent who became free takes the first visit that he may serve; visits
// that came into line each take the agent whom the strategy chooses. Where several agents became free at once the lines
// are gone through in the order of service, so that the first visit has the first choice.
func (f *Floor) dispatch() {
	switch {
	case f.held != "":
	case f.sweep:
		f.goThrough(f.order)
	case len(f.freed) == 1 && len(f.stood) == 0:
		f.serve(f.freed[0])
	case len(f.freed) > 0:
		f.goThrough(f.touched())
	default:
		slices.SortStableFunc(f.stood, byService)
		for _, v := range f.stood {
			f.place(v)
		}
	}
	clear(f.freed)
	clear(f.stood)
	f.freed, f.stood, f.sweep = f.freed[:0], f.stood[:0], false
}

func byService(v, w *visit) int {
	switch {
	case v.first(w):
		return -1
	case w.first(v):
		return 1
	}
	return 0
}

// place offers a waiting visit to the agent whom its queue's strategy chooses, or to the agents.
func (f *Floor) place(v *visit) {
	for f.wants(v) {
		m := v.queue.pick(f, v)
		if m == nil || !v.ringsWith(m) {
			break
		}
		v.queue.turn = m.place
		f.offer(v, m.agent)
	}
}

// ringsWith reports whether a member may ring together with those who do: all of one level at once, and the next level when
// nobody of it rings any more. Progressive goes through the levels as it goes through the members.
func (v *visit) ringsWith(m *member) bool {
	if v.queue.Strategy != RingAll || len(v.open) == 0 {
		return true
	}
	return slices.ContainsFunc(v.open, func(a *attempt) bool {
		s := v.lens.slotOf(a.agent)
		return s != nil && s.tier.level >= max(m.Level, v.lens.raise)
	})
}

// pace asks to be woken when one more phone is to ring for a visit for which some do.
func (f *Floor) pace(v *visit) {
	next := v.asked.Add(v.queue.Progress)
	if v.queue.Strategy != Progressive || len(v.open) == 0 || v.pulled() || !next.After(f.now) {
		f.timers.stop(&v.more)
		return
	}
	f.timers.set(&v.more, next)
}

// wants reports whether a visit is to be offered to somebody now: once where it waits, and to more where phones ring
// together.
func (f *Floor) wants(v *visit) bool {
	switch {
	case v.level == nil || f.down[v.Switch] || v.winner != nil:
		return false
	case v.queue.Strategy == Progressive:
		return !f.timers.has(&v.more) || len(v.open) == 0
	}
	return v.queue.Strategy == RingAll || len(v.open) == 0
}

// serve offers a free agent the first visit that he may serve, over all his queues.
func (f *Floor) serve(a *agent) {
	if !a.free {
		return
	}
	var best *visit
	for _, m := range a.members {
		if !m.free {
			continue
		}
		for _, s := range m.slots {
			for v := range s.lens.line.all {
				if best != nil && best.first(v) {
					break
				}
				if v.until(a, f.now).IsZero() && f.wants(v) && v.ringsWith(m) {
					best = v
					break
				}
			}
		}
	}
	if best != nil {
		f.place(best)
	}
}

// goThrough places waiting visits of these queues in the order of service over all of them, until nobody is free. A
// visit that is passed over is one that every free agent of its queue has just let pass.
func (f *Floor) goThrough(queues []*queue) {
	var next []*visit
	for _, q := range queues {
		for _, l := range q.lenses {
			if v := l.line.head(); v != nil && q.free > 0 {
				next = append(next, v)
			}
		}
	}
	for len(next) > 0 {
		i := firstOf(next)
		v := next[i]
		next[i] = v.lens.line.after(v)
		f.place(v)
		if next[i] == nil || v.queue.free == 0 {
			next = slices.Delete(next, i, i+1)
		}
	}
}

// touched gives the queues that the freed agents and the visits that came into line belong to, each once.
func (f *Floor) touched() []*queue {
	f.round++
	var queues []*queue
	add := func(q *queue) {
		if q.round != f.round {
			q.round = f.round
			queues = append(queues, q)
		}
	}
	for _, a := range f.freed {
		for _, m := range a.members {
			add(m.queue)
		}
	}
	for _, v := range f.stood {
		add(v.queue)
	}
	return queues
}
