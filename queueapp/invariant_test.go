package queueapp_test

import (
	"slices"

	"ringside/queueapp"
)

// check asserts what must hold between two events.
func (l *ledger) check(f *queueapp.Floor) {
	if l.quiet {
		return
	}
	for _, v := range l.visits {
		l.checkVisit(v)
	}
	for _, a := range l.agents {
		if a.tooMany || a.demanded {
			l.fail("%s missed %d calls, or has had one on demand, and is not paused", a.id, a.misses)
		}
	}
	l.checkEmpty()
	l.checkAway()
	l.checkAsked()
	if s := f.Size(); s.Strays > 0 {
		l.fail("%d timers of what is no more", s.Strays)
	}
	l.checkOnce()
	l.checkNext(f)
	l.checkAgents(f.Agents())
	if l.checks++; l.checks%listEvery == 0 {
		l.checkQueues(f.Queues())
		l.checkLamps(f)
		l.checkCalls(f)
		l.checkStands(f)
		l.checkExplain(f)
	}
}

// listEvery is after how many events the listings are compared: they take longer than all else, and what they show stays.
const listEvery = 4

// checkVisit asserts invariant 7, and of 5 that nothing waits while somebody eligible is free.
func (l *ledger) checkVisit(v *visitRow) {
	a := l.serving(v)
	answered := a != nil && a.stage >= up
	if !answered && !v.deadline.After(l.now) {
		l.fail("%s waits past its deadline", v.Call)
	}
	if !answered && v.queue.removed {
		l.fail("%s waits in a queue that is no more", v.Call)
	}
	if l.wants(v) && !l.held {
		for _, b := range l.candidates(v.queue, v) {
			l.fail("%s waits though %s is free", v.Call, b.id)
		}
	}
}

// checkOnce asserts invariants 1 and 2.
func (l *ledger) checkOnce() {
	agents, phones, visits := map[queueapp.AgentID]int{}, map[queueapp.ExtensionID]int{}, map[*visitRow]int{}
	for _, a := range l.attempts {
		if !a.gone && a.agent != "" {
			agents[a.agent]++
		}
		if !a.gone && a.ext != "" {
			phones[a.ext]++
		}
		if !a.closed && a.stage >= up {
			visits[a.visit]++
		}
		if agents[a.agent] > 1 || phones[a.ext] > 1 || visits[a.visit] > 1 {
			l.fail("%s is one attempt too many", a.id)
		}
	}
}

// checkNext asserts that the floor will wake for every deadline, and for nothing that is past.
func (l *ledger) checkNext(f *queueapp.Floor) {
	next := f.Next()
	if !next.IsZero() && next.Before(l.now) {
		l.fail("next is %s, which is past", next)
	}
	for _, v := range l.visits {
		if a := l.serving(v); (a == nil || a.stage < up) && (next.IsZero() || next.After(v.deadline)) {
			l.fail("next is %s, after the deadline of %s", next, v.Call)
		}
	}
	for _, a := range l.agents {
		if l.open(a.id) == nil && a.seat != "" && !a.paused && a.wrap.After(l.now) && (next.IsZero() || next.After(a.wrap)) {
			l.fail("next is %s, after the end of %s's wrap-up", next, a.id)
		}
	}
}

func (l *ledger) status(a *agentRow) queueapp.AgentStatus {
	if c := l.open(a.id); c != nil {
		switch {
		case c.closed:
			return queueapp.StatusEnding
		case c.stage == offered:
			return queueapp.StatusOffered
		case c.stage == connected:
			return queueapp.StatusTalking
		}
		return queueapp.StatusRinging
	}
	switch {
	case a.seat == "":
		return queueapp.StatusLoggedOff
	case a.paused:
		return queueapp.StatusPaused
	case a.wrap.After(l.now):
		return queueapp.StatusWrapUp
	case l.on(a.seat) != nil:
		return queueapp.StatusUnavailable
	case a.delay.After(l.now):
		return queueapp.StatusDelayed
	case l.barred(a) != "":
		return queueapp.StatusUnavailable
	}
	return queueapp.StatusFree
}

func (l *ledger) checkAgents(views []queueapp.AgentView) {
	if len(views) != len(l.agents) {
		l.fail("%d agents listed, %d known", len(views), len(l.agents))
	}
	for _, got := range views {
		a := l.agents[got.Agent]
		if a == nil {
			l.fail("%s listed, and unknown", got.Agent)
			continue
		}
		seat, call := a.seat, queueapp.AttemptID{}
		if c := l.open(a.id); c != nil {
			seat, call = c.ext, c.id
		}
		if want := l.status(a); got.Status != want {
			l.fail("%s is listed as %s, and is %s", a.id, got.Status, want)
		}
		if got.Extension != seat || got.Call != call.Call || got.Attempt != call.N || got.Reason != a.reason ||
			!got.LastCall.Equal(a.last) || got.NoAnswers != a.misses || a.misses != a.said {
			l.fail("%s is listed as %+v, and is %+v with %s", a.id, got, *a, call)
		}
	}
}

func (l *ledger) checkQueues(views []queueapp.QueueView) {
	if len(views) != len(l.plan.Queues) {
		l.fail("%d queues listed, %d known", len(views), len(l.plan.Queues))
		return
	}
	for i, got := range views {
		q := l.queues[l.plan.Queues[i].Name]
		want := queueapp.QueueView{
			Queue: q.Name, Strategy: q.Strategy, LoggedOn: len(l.loggedOnIn(q)),
		}
		for _, id := range l.loggedOnIn(q) {
			if l.barred(l.agents[id]) == "" && l.worksFor(l.agents[id], q) {
				want.Free++
			}
		}
		for _, v := range l.visits {
			switch a := l.serving(v); {
			case v.queue != q:
			case a != nil && a.stage >= handed:
				want.Talking++
			default:
				want.Waiting++
				if want.Longest.IsZero() || v.entered.Before(want.Longest) {
					want.Longest = v.entered
				}
			}
		}
		want.Wait = max(0, got.Wait) // an estimate: how good it is has a test of its own
		if got != want {
			l.fail("queue is listed as %+v, and is %+v", got, want)
		}
	}
}

func (l *ledger) checkCalls(f *queueapp.Floor) {
	var waiting []*visitRow
	for _, v := range l.visits {
		if l.serving(v) == nil {
			waiting = append(waiting, v)
		}
	}
	place := func(v *visitRow) int {
		return slices.IndexFunc(l.plan.Queues, func(q queueapp.Queue) bool { return q.Name == v.queue.Name })
	}
	slices.SortFunc(waiting, func(v, w *visitRow) int {
		if v.queue == w.queue && l.first(v, w) || place(v) < place(w) {
			return -1
		}
		return 1
	})
	views := f.Calls()
	if len(views) != len(l.visits) {
		l.fail("%d calls listed, %d known", len(views), len(l.visits))
		return
	}
	position := map[*queueRow]int{}
	for i, v := range waiting {
		position[v.queue]++
		got := views[len(views)-len(waiting)+i]
		if got.Call != v.Call || got.Position != position[v.queue] || got.State != "waiting" || got.Attempt != 0 {
			l.fail("waiting call is listed as %+v, and is %s at %d", got, v.Call, position[v.queue])
		}
	}
	for _, got := range views {
		l.checkCall(f, got)
	}
}

func (l *ledger) checkCall(f *queueapp.Floor, got queueapp.CallView) {
	v := l.visits[got.Call]
	if v == nil {
		l.fail("%s listed, and unknown", got.Call)
		return
	}
	if one, ok := f.Call(v.Call); !ok || one.Attempt != got.Attempt || one.Entry != got.Entry {
		l.fail("%s is %+v and listed as %+v", v.Call, one, got)
	}
	if got.Queue != v.queue.Name || l.serving(v) == nil && got.Priority != l.served(v) || got.Entry != v.Entry || !got.Entered.Equal(v.entered) ||
		!got.Deadline.Equal(v.deadline) {
		l.fail("call is listed as %+v, and is %+v", got, *v)
	}
	a := l.serving(v)
	if a == nil {
		return
	}
	state := map[stage]string{offered: "offered", rung: "ringing", up: "ringing", handed: "ringing", connected: "talking"}[a.stage]
	if got.State != state || got.Agent != a.agent || got.Extension != a.ext || got.Attempt != a.id.N {
		l.fail("call is listed as %+v, and is %s with %+v", got, state, *a)
	}
}

// checkExplain asserts that Explain names the eligible agents in the strategy's order, and nobody else, for every queue
// and every waiting call.
func (l *ledger) checkExplain(f *queueapp.Floor) {
	for _, q := range l.queues {
		got, ok := f.Explain(q.Name)
		if !ok {
			l.fail("%s is not explained", q.Name)
		}
		l.checkCandidates(q, nil, got)
	}
	for _, v := range l.visits {
		if l.serving(v) != nil {
			continue
		}
		got, _ := f.ExplainCall(v.Call)
		l.checkCandidates(v.queue, v, got)
		var first queueapp.AgentID
		if len(got) > 0 && got[0].Eligible {
			first = got[0].Agent
		}
		if pick := f.Pick(v.Call); pick != first && !l.down[v.Switch] {
			l.fail("%s picks %q, and %q is explained", v.Call, pick, first)
		}
	}
}

func (l *ledger) checkCandidates(q *queueRow, v *visitRow, got []queueapp.Candidate) {
	want := l.candidates(q, v)
	slices.SortFunc(want, func(a, b *agentRow) int {
		if l.before(q, v, a, b) {
			return -1
		}
		return 1
	})
	lots := v != nil && (q.Strategy == queueapp.Random || q.Strategy == queueapp.WeightedRandom)
	for i, c := range got {
		if lots && c.Eligible {
			n := slices.IndexFunc(want, func(a *agentRow) bool { return a.id == c.Agent })
			if n < i {
				l.fail("%s explains %s, who may not have it, or twice", q.Name, c.Agent)
				return
			}
			want[i], want[n] = want[n], want[i]
		}
		switch {
		case c.Why == "", c.Eligible != (i < len(want)), c.Eligible != (c.Rank == i+1):
			l.fail("%s is explained as %+v, place %d of %d", q.Name, c, i, len(want))
		case c.Eligible && c.Agent != want[i].id:
			l.fail("%s explains %s, and %s is first", q.Name, c.Agent, want[i].id)
		}
	}
	if len(got) < len(want) {
		l.fail("%s explains %d, and %d are eligible", q.Name, len(got), len(want))
	}
}
