package queueapp

import "slices"

// apply puts a plan in force over the running floor. Conversations go on; ringing offers of agents who left are taken
// back; callers waiting in a queue that left go back to the dialplan.
func (f *Floor) apply(p Plan) {
	f.applyExtensions(p.Extensions)
	f.applyAgents(p.Agents)
	f.applyQueues(p.Queues)
	for _, a := range slices.Clone(f.roll) { // in order, so that what follows is the same every time
		if a.seat != nil && (a.removed || a.seat.removed) {
			f.logOff(a)
		}
		if a.removed && a.attempt == nil {
			f.forget(a)
		}
		f.review(a)
	}
	for id, x := range f.extensions {
		if x.removed && x.attempt == nil {
			delete(f.extensions, id)
		}
	}
	f.realignRinging()
	f.sweep = true
}

// realignRinging puts visits for which phones ring into their lines, or takes them out, as their queues' strategies now say.
// Those that were pulled to a phone ring there for as long as it is in the plan.
func (f *Floor) realignRinging() {
	var ringing []*visit
	for _, v := range f.visits {
		if len(v.open) > 0 && v.winner == nil && !v.queue.removed {
			ringing = append(ringing, v)
		}
	}
	slices.SortFunc(ringing, byService)
	for _, v := range ringing {
		if v.pulled() {
			if v.open[0].ext.removed {
				f.takeFrom(v.open[0])
				f.stay(v)
			}
			continue
		}
		f.unline(v)
		f.pace(v)
		if v.queue.Strategy.rings() {
			f.line(v)
			f.stood = append(f.stood, v)
		}
	}
}

func (f *Floor) applyExtensions(plan []Extension) {
	for _, x := range f.extensions {
		x.removed = true
	}
	for _, e := range plan {
		x := f.extensions[e.ID]
		if x == nil {
			x = &extension{}
			f.extensions[e.ID] = x
		}
		if x.Device != e.Device || x.Switch != e.Switch {
			x.state = ""
		}
		x.Extension, x.removed = e, false
	}
}

func (f *Floor) applyAgents(plan []Agent) {
	for _, a := range f.roll {
		a.removed = true
	}
	roll := make([]*agent, 0, len(plan))
	for _, p := range plan {
		a := f.agents[p.ID]
		if a == nil {
			a = newAgent(p)
			f.agents[p.ID] = a
		}
		a.Agent, a.removed = p, false
		if a.Extension == "" {
			a.Extension = ExtensionID(p.ID)
		}
		roll = append(roll, a)
	}
	for _, a := range f.roll {
		if a.removed {
			roll = append(roll, a)
		}
	}
	f.roll = roll
}

func (f *Floor) applyQueues(plan []Queue) {
	old := f.order
	f.order = make([]*queue, 0, len(plan))
	before := make(map[*agent][]*member, len(f.roll))
	for _, a := range f.roll {
		before[a], a.members, a.free = a.members, nil, false
	}
	for _, p := range plan {
		q := f.queues[p.Name]
		if q == nil {
			q = &queue{turn: -1}
			q.empty.queue = q
			f.queues[p.Name] = q
		}
		waiting := slices.Collect(q.waiting)
		for _, v := range waiting {
			f.unline(v)
		}
		q.Queue = p
		f.order = append(f.order, q)
		f.enrol(q)
		for _, v := range waiting {
			f.line(v)
		}
		f.watchEmpty(q)
	}
	for _, a := range f.roll {
		f.keep(a, before[a])
	}
	for _, q := range old {
		if !slices.Contains(f.order, q) {
			f.dissolve(q)
		}
	}
}

// enrol gives a queue its members anew. Nobody is free in it, or there, until reviewed.
func (f *Floor) enrol(q *queue) {
	q.free, q.here, q.seated, q.lenses, q.flow.staff = 0, 0, nil, nil, 0
	q.members = make([]*member, 0, len(q.Members))
	for i, p := range q.Members {
		a := f.agents[p.Agent]
		if a == nil || a.removed {
			continue
		}
		m := &member{Member: p, agent: a, queue: q, place: i}
		q.members = append(q.members, m)
		a.members = append(a.members, m)
	}
	for i := range len(q.Stages) + 1 {
		q.through(i-1, &Enter{})
	}
}

// dissolve sends the callers of a queue that is no longer in the plan back to the dialplan. Those who are answered talk
// on.
func (f *Floor) dissolve(q *queue) {
	delete(f.queues, q.Name)
	q.members, q.free, q.here, q.seated, q.removed = nil, 0, 0, nil, true
	f.timers.stop(&q.empty)
	var out []*visit
	for _, v := range f.visits {
		if v.queue == q {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, byService)
	for _, v := range out {
		f.dismissVisit(v, Leave{Call: v.Call, Queue: q.Name, Outcome: OutcomeWithdrawn, Then: ThenContinue})
	}
}

// forget drops an agent who is no longer in the plan, once no call of his is open.
func (f *Floor) forget(a *agent) {
	f.timers.stop(&a.wake)
	f.timers.stop(&a.away)
	delete(f.agents, a.ID)
	f.roll = slices.DeleteFunc(f.roll, func(x *agent) bool { return x == a })
}
