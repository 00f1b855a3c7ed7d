package queueapp_test

import (
	"cmp"
	"slices"
	"time"

	"ringside/queueapp"
)

func (l *ledger) announce(e queueapp.Announce) {
	v := l.visits[e.Call]
	var want []queueapp.AgentID
	if v != nil {
		want = slices.DeleteFunc(l.loggedOnIn(v.queue), func(id queueapp.AgentID) bool { return v.Agent != "" && id != v.Agent })
	}
	if v == nil || v.announced || !slices.Equal(e.Agents, want) {
		l.fail("announced %s to %v", e.Call, e.Agents)
		return
	}
	v.announced = true
}

func (l *ledger) loggedOnIn(q *queueRow) []queueapp.AgentID {
	var ids []queueapp.AgentID
	for _, m := range q.Members {
		if a := l.agents[m.Agent]; a != nil && a.seat != "" && !a.out[q.Name] && l.inPlan(m.Agent) {
			ids = append(ids, m.Agent)
		}
	}
	return ids
}

// offer asserts invariants 1, 5, 6 and 11 and the strategy, at the moment of the offer.
func (l *ledger) offer(e queueapp.Offer) {
	v, a := l.visits[e.Attempt.Call], l.agents[e.Agent]
	if v == nil || a == nil {
		l.fail("offered %s to %s, of whom one is unknown", e.Attempt, e.Agent)
		return
	}
	why := l.barred(a)
	switch {
	case l.held:
		l.fail("offered %s on hold", e.Attempt)
	case why != "":
		l.fail("offered %s to %s, who %s", e.Attempt, e.Agent, why)
	case !l.wants(v):
		l.fail("offered %s to %s, already in other hands", e.Attempt, e.Agent)
	case !l.mayServe(a, v):
		l.fail("offered %s to %s, who may not have it", e.Attempt, e.Agent)
	case e.Extension != a.seat || l.on(e.Extension) != nil || e.Queue != v.queue.Name:
		l.fail("offered %s at %s in %s", e.Attempt, e.Extension, e.Queue)
	case e.Attempt.N != v.attempts+1:
		l.fail("offered %s after attempt %d", e.Attempt, v.attempts)
	case !e.Expires.After(l.now.Add(v.queue.Ring)):
		l.fail("record of %s expires before the ring is over", e.Attempt)
	}
	l.inOrder(e.Attempt, a, v)
	v.attempts = e.Attempt.N
	for _, q := range l.queues { // he was there, for a moment
		if q.memberIn(a.id) >= 0 {
			q.since = time.Time{}
		}
	}
	v.queue.turn, v.more = v.queue.memberIn(a.id), l.now.Add(v.queue.Progress)
	l.attempts[e.Attempt] = &attemptRow{id: e.Attempt, agent: a.id, ext: e.Extension, visit: v, at: l.now}
}

// inOrder asserts that the strategy would choose nobody before a, and that a may serve nobody before v.
func (l *ledger) inOrder(id queueapp.AttemptID, a *agentRow, v *visitRow) {
	for _, b := range l.candidates(v.queue, v) {
		if b != a && l.before(v.queue, v, b, a) {
			l.fail("offered %s to %s, though %s comes first", id, a.id, b.id)
		}
	}
	for _, w := range l.visits {
		if w != v && l.wants(w) && l.mayServe(a, w) && l.first(w, v) {
			l.fail("offered %s to %s, though %s waits before it", id, a.id, w.Call)
		}
	}
}

// barred is why an agent may have no call now.
func (l *ledger) barred(a *agentRow) string {
	switch {
	case a.seat == "" || !l.inPlan(a.id):
		return "is not logged on"
	case l.open(a.id) != nil:
		return "has a call"
	case a.paused:
		return "is paused"
	case a.wrap.After(l.now):
		return "is in wrap-up"
	case l.on(a.seat) != nil:
		return "sits at a taken phone"
	case a.delay.After(l.now):
		return "is delayed"
	case !l.devices[a.seat].Free():
		return "has a phone that is " + string(l.devices[a.seat])
	case l.down[l.switchOf(a.seat)]:
		return "has a phone at a switch that is down"
	}
	return ""
}

func (l *ledger) switchOf(id queueapp.ExtensionID) queueapp.SwitchName {
	for _, x := range l.plan.Extensions {
		if x.ID == id {
			return x.Switch
		}
	}
	return ""
}

// mayServe reports whether the agent, were he free, might have this visit.
func (l *ledger) mayServe(a *agentRow, v *visitRow) bool {
	stage := l.stageOf(v.queue, v)
	n := v.queue.memberIn(a.id)
	if n >= 0 && l.serving(v) != nil && v.queue.Strategy == queueapp.RingAll && max(v.queue.Members[n].Level, stage.Raise) > l.ringing(v, stage) {
		return false // rings when nobody of the lower level does any more
	}
	return l.worksFor(a, v.queue) && l.fits(v.queue, stage, v, a.id) && !v.tried[a.id].After(l.now) && !l.down[v.Switch]
}

// candidates are the agents who might have v (or, where v is nil, any call of q) now, in no order.
func (l *ledger) candidates(q *queueRow, v *visitRow) []*agentRow {
	var out []*agentRow
	for _, m := range q.Members {
		a := l.agents[m.Agent]
		if a == nil || l.barred(a) != "" {
			continue
		}
		if v == nil && l.worksFor(a, q) && l.fits(q, l.stageOf(q, nil), nil, a.id) || v != nil && l.mayServe(a, v) {
			out = append(out, a)
		}
	}
	return out
}

// before is the level, and then the strategy: the plan's order among equals. Of those of whom one is drawn by lot nobody is
// before another.
func (l *ledger) before(q *queueRow, v *visitRow, a, b *agentRow) bool {
	if v != nil && q.Sticky && q.Strategy != queueapp.RingAll && (a.id == v.Prefer || b.id == v.Prefer) {
		return a.id == v.Prefer && a != b
	}
	raise := l.stageOf(q, v).Raise
	m, n := q.memberIn(a.id), q.memberIn(b.id)
	if x, y := max(q.Members[m].Level, raise), max(q.Members[n].Level, raise); x != y {
		return x < y
	}
	switch q.Strategy {
	case queueapp.LeastRecent:
		if !a.last.Equal(b.last) {
			return a.last.IsZero() || !b.last.IsZero() && a.last.Before(b.last)
		}
	case queueapp.FewestCalls:
		if a.calls != b.calls {
			return a.calls < b.calls
		}
	case queueapp.LeastTalk:
		if a.talk != b.talk {
			return a.talk < b.talk
		}
	case queueapp.RoundRobin:
		if x, y := m > q.turn, n > q.turn; x != y {
			return x
		}
	case queueapp.Random, queueapp.WeightedRandom:
		return v == nil && m < n
	}
	return m < n
}

// first is invariant 5's order.
func (l *ledger) first(v, w *visitRow) bool {
	return cmp.Or(
		cmp.Compare(l.served(w), l.served(v)), cmp.Compare(w.queue.Weight, v.queue.Weight), cmp.Compare(v.Entry, w.Entry),
	) < 0
}

func (l *ledger) ring(ev queueapp.Event, e queueapp.Ring) {
	a := l.attempts[e.Attempt]
	o, ok := ev.(queueapp.Offered)
	if a == nil || a.stage != offered || a.closed || !ok || o.Attempt != e.Attempt || e.Extension != a.ext {
		l.fail("rang %s, which is not committed and published", e.Attempt)
		return
	}
	if e.For <= 0 || e.For > a.visit.queue.Ring || l.now.Add(e.For).After(a.visit.deadline) {
		l.fail("rings %s for %s", e.Attempt, e.For)
	}
	a.stage, a.rang = rung, l.now
}

func (l *ledger) connect(ev queueapp.Event, e queueapp.Connect) {
	a := l.attempts[e.Attempt]
	if a != nil && a.briefing != nil && !a.closed {
		l.met(ev, a)
		return
	}
	if r, ok := ev.(queueapp.RestoreAttempt); ok && a != nil && r.Attempt == a.id && a.stage == up && !a.closed {
		return
	}
	u, ok := ev.(queueapp.Up)
	if a == nil || a.stage != rung || a.closed || !ok || u.Attempt != e.Attempt || briefs(a.visit.queue.Briefing) {
		l.fail("connected %s, which was not answered", e.Attempt)
		return
	}
	a.stage = up
}

// revoke books a closed record, and what §4.5 says of the agent's next call.
func (l *ledger) revoke(ev queueapp.Event, e queueapp.Revoke) {
	a := l.attempts[e.Attempt]
	l.givenUp(ev, a, e)
	l.closed[e.Attempt]++
	if a == nil || a.closed || a.stage == connected || l.closed[e.Attempt] > 1 {
		l.fail("revoked %s, which has no open record", e.Attempt)
		return
	}
	_, restoring := ev.(queueapp.RestoreAttempt) // then who has to accept is nobody's yet
	if a.stage == up && e.Reason == queueapp.RevokeWithdrawn && (!restoring || a.visit.queue.Briefing.Accept == "") {
		l.fail("%s taken back, which was answered first", e.Attempt)
	}
	a.closed = true
	if a.stage == offered {
		l.release(a)
	}
	ag := l.agents[a.agent]
	if ag == nil || a.from != 0 || (e.Reason == queueapp.RevokeLost && a.restored) {
		return
	}
	q := a.visit.queue
	delay := map[queueapp.RevokeReason]time.Duration{
		queueapp.RevokeNoAnswer: q.NoAnswerDelay, queueapp.RevokeBusy: q.BusyDelay, queueapp.RevokeRefused: q.RejectDelay,
		queueapp.RevokeUnreachable: q.UnreachableDelay, queueapp.RevokeLost: q.UnreachableDelay,
	}
	d, counts := delay[e.Reason]
	if counts && !a.pulled {
		ag.delay, ag.delayWhy, ag.delayOld = l.now.Add(d), e.Reason, false
	}
	if counts || e.Reason == queueapp.RevokeLoggedOff {
		a.visit.tried[a.agent] = l.now.Add(q.Retry)
	}
	if e.Reason == queueapp.RevokeNoAnswer {
		l.unaccepted(ev, a)
	}
	if e.Reason == queueapp.RevokeNoAnswer && !a.pulled {
		ag.misses++
		ag.tooMany = q.MaxNoAnswer > 0 && ag.misses >= q.MaxNoAnswer && !ag.paused && ag.seat != ""
	}
}

// givenUp asserts that nothing is given up for want of a report while its switch is not heard.
func (l *ledger) givenUp(ev queueapp.Event, a *attemptRow, e queueapp.Revoke) {
	if a == nil || l.quiet || e.Reason != queueapp.RevokeNoAnswer && e.Reason != queueapp.RevokeLost {
		return
	}
	if end, ok := ev.(queueapp.Ended); ok && end.Attempt == e.Attempt {
		return
	}
	if l.down[a.visit.Switch] {
		l.fail("%s is given up as %s while its switch is not heard", a.id, e.Reason)
	}
}

func (l *ledger) close(ev queueapp.Event, e queueapp.Close) {
	a := l.attempts[e.Attempt]
	if sent, ok := ev.(queueapp.Transferred); (e.By == queueapp.ByTransfer) != (ok && sent.Attempt == e.Attempt) {
		l.fail("%s was ended by %s", e.Attempt, e.By)
	}
	l.closed[e.Attempt]++
	if a == nil || a.closed || a.stage != connected || l.closed[e.Attempt] > 1 {
		l.fail("closed %s, which does not talk", e.Attempt)
		return
	}
	a.closed = true
	if a.from == 0 {
		a.visit.answered, a.visit.nobody = a.agent, a.agent == ""
	}
	held := a.held
	if !a.since.IsZero() {
		held += l.now.Sub(a.since)
	}
	if e.Held != held {
		l.fail("%s was on hold for %s, and is closed with %s", e.Attempt, held, e.Held)
	}
	ag := l.agents[a.agent]
	if ag == nil {
		return
	}
	ag.calls++
	ag.talk += l.now.Sub(a.talked)
	wrapup := a.visit.queue.Wrapup
	ag.most = time.Time{}
	if ag.plan.OwnWrapup {
		wrapup = ag.plan.Wrapup
	}
	if most := a.visit.queue.MostWrap; most > 0 {
		wrapup, ag.most = min(wrapup, most), l.now.Add(most)
	}
	ag.demanded = ag.plan.OnDemand && ag.seat != "" && !ag.paused
	ag.last, ag.wrap = l.now, l.now.Add(wrapup)
}

func (l *ledger) hangUp(ev queueapp.Event, e queueapp.HangUp) {
	a := l.attempts[e.Attempt]
	switch ev.(type) {
	case queueapp.Up, queueapp.Ringing, queueapp.RestoreAttempt:
		return // a leg that nobody waits for
	}
	if a == nil || !a.closed || (a.stage == offered && !a.restored) {
		l.fail("hung %s up, whose record is open or which has no leg", e.Attempt)
	}
}

func (l *ledger) leave(ev queueapp.Event, e queueapp.Leave) {
	v := l.visits[e.Call]
	if v == nil {
		l.fail("%s left twice", e.Call)
		return
	}
	if l.serving(v) != nil {
		l.fail("%s left out of open hands", e.Call)
	}
	delete(l.visits, e.Call)
	hangup, _ := ev.(queueapp.Hangup)
	if e.Then == queueapp.ThenQueue || e.Then == queueapp.ThenContinue {
		l.leftFor(ev, v, e)
	}
	switch e.Outcome {
	case queueapp.OutcomeAnswered:
		if (e.Then == queueapp.ThenNothing) != (hangup.Call == e.Call) || (e.Agent == "") != v.nobody || e.Agent != v.answered {
			l.fail("%s answered by %q, then %s", e.Call, e.Agent, e.Then)
		}
		return
	case queueapp.OutcomeAbandoned:
		if hangup.Call != e.Call || e.Then != queueapp.ThenNothing {
			l.fail("%s abandoned, then %s", e.Call, e.Then)
		}
		if q := v.queue; q.Regain > 0 && v.Caller.Number != "" {
			q.drops = append(q.drops, dropRow{v.Caller.Number, v.Entry, l.now.Add(q.Regain)})
		}
		return
	case queueapp.OutcomeTimeout:
		if v.deadline.After(l.now) {
			l.fail("%s timed out before its deadline", e.Call)
		}
	case queueapp.OutcomeUnknownQueue:
		if !v.queue.removed {
			l.fail("%s: its queue is known", e.Call)
		}
	}
	if e.Then == queueapp.ThenNothing || e.Then == queueapp.ThenHangUp || e.Then == queueapp.ThenContinue && e.Outcome.QueueStatus() == "" ||
		e.Agent != "" {
		l.fail("%s left by %s, then %s, by %q", e.Call, e.Outcome, e.Then, e.Agent)
	}
}
