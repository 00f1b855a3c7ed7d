package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store"
	"ringside/store/storetest"
)

// Whatever happens on a floor, and wherever it is interrupted: what is loaded is the floor as it was committed last, a new
// floor that is given it goes on, no rule of the tables is ever in the way, and the journal has every step.
func TestRandomFloors(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		w := newWorld(t, rt, s, fmt.Sprintf("floor %d", checks))
		defer func() { release(t, w.owner) }()
		rt.Repeat(map[string]func(*rapid.T){
			"enter": w.enter, "enter ": w.enter, "offered": w.offered, "leg": w.leg, "talk": w.talk, "talk ": w.talk, "leg gone": w.legGone,
			"leg gone ": w.legGone, "hangup": w.hangup, "doubled": w.doubled,
			"agent": w.agent, "agent ": w.agent, "operator": w.operator, "time": w.time, "device": w.device, "plan": w.plan,
			"commit": w.commit, "restart": w.restart,
		})
		w.now = w.now.Add(time.Second)
		w.commit(rt)
		w.compareJournal()
		w.compareQueueLog()
	})
}

// world is what is outside a floor: callers, legs, a database, and processes that die.
type world struct {
	t     *testing.T
	rt    *rapid.T
	store *store.Store
	name  string
	owner engine.Owner
	plans []floorplan.Plan

	floor  *queueapp.Floor
	now    time.Time
	n      int64
	entry  int64
	inside map[queueapp.CallID]queueapp.Enter // in a queue, as far as the world knows
	back   []queueapp.Enter                   // sent back to the dialplan: they may come again
	count  map[queueapp.CallID]int            // attempts
	offers []queueapp.AttemptID               // made, not yet published
	legs   []queueapp.AttemptID               // alive
	left   map[queueapp.AgentID]bool          // the floor plan since the last start: the floor has forgotten them, the tables have not

	steps  []queueapp.Step // not yet committed
	kept   []queueapp.Step // committed, as the journal should have them
	agents []queueapp.AgentView
	calls  []queueapp.CallView
}

func newWorld(t *testing.T, rt *rapid.T, s *store.Store, name string) *world {
	w := &world{
		t: t, rt: rt, store: s, name: name, now: noon(), floor: queueapp.NewFloor(),
		inside: map[queueapp.CallID]queueapp.Enter{}, count: map[queueapp.CallID]int{}, left: map[queueapp.AgentID]bool{},
	}
	whole := string(floorplan.Default()) + "[queue.sales]\nstrategy = \"ringall\"\nmembers = [\"2000\", \"3000\"]\nweight = 1\nregain = \"1m\"\naccept = \"1\"\n" +
		"overflow = { timeout = \"support\" }\n"
	small := "[queue.support]\nmembers = [\"1000\", \"2000\"]\nwrapup = \"0s\"\nreportholdtime = true\n" +
		"[agent.1000]\n[agent.2000]\n[extension.1000]\ndial = \"PJSIP/1000\"\n[extension.2000]\ndial = \"PJSIP/2000\"\n"
	for _, source := range []string{whole, small} {
		w.plans = append(w.plans, parse(t, []byte(source)))
	}
	if _, err := s.Apply(t.Context(), name, w.plans[0], []byte(whole)); err != nil {
		rt.Fatal(err)
	}
	w.own()
	w.turn(queueapp.Apply{Plan: w.plans[0].Floor})
	for _, a := range rapid.SliceOfDistinct(rapid.SampledFrom([]queueapp.AgentID{"1000", "2000", "3000"}), rapid.ID).Draw(rt, "logged on") {
		w.turn(queueapp.LogOn{Agent: a})
	}
	w.commit(rt)
	return w
}

func (w *world) own() {
	o, err := w.store.Own(w.t.Context(), w.name, nil)
	if err != nil {
		w.rt.Fatal(err)
	}
	w.owner = o
}

// turn tells the floor, notes the step, and does to the world what follows.
func (w *world) turn(ev queueapp.Event) {
	w.n++
	step := queueapp.Step{N: w.n, At: w.now, Event: ev, Effects: w.floor.Handle(w.now, ev)}
	w.steps = append(w.steps, step)
	if apply, ok := ev.(queueapp.Apply); ok {
		for _, a := range w.plans[0].Floor.Agents {
			if !slices.ContainsFunc(apply.Plan.Agents, func(b queueapp.Agent) bool { return a.ID == b.ID }) {
				w.left[a.ID] = true
			}
		}
	}
	for _, e := range step.Effects {
		switch e := e.(type) {
		case queueapp.Offer:
			w.count[e.Attempt.Call] = max(w.count[e.Attempt.Call], e.Attempt.N)
			w.offers = append(w.offers, e.Attempt)
		case queueapp.Ring:
			w.legs = append(w.legs, e.Attempt)
		case queueapp.Regained:
			enter := w.inside[e.Call]
			enter.Entry = e.Entry
			w.inside[e.Call] = enter
		case queueapp.Leave:
			if e.Then == queueapp.ThenQueue {
				w.pass(e)
				continue
			}
			if enter, ok := w.inside[e.Call]; ok && e.Then == queueapp.ThenContinue {
				w.back = append(w.back, enter)
			}
			delete(w.inside, e.Call)
		}
	}
}

// pass puts a caller into the next queue, as the shell does within the same batch.
func (w *world) pass(e queueapp.Leave) {
	ev := w.inside[e.Call]
	ev.Queue, ev.Entry, ev.Priority, ev.Timeout, ev.Attempts = e.Next, e.Entry, e.Priority, 0, w.count[e.Call]
	w.inside[e.Call] = ev
	w.turn(ev)
}

func (w *world) pick(rt *rapid.T, from []queueapp.AttemptID) queueapp.AttemptID {
	if len(from) == 0 {
		rt.Skip("there is none")
	}
	return rapid.SampledFrom(from).Draw(rt, "attempt")
}

func (w *world) pickCall(rt *rapid.T) queueapp.CallID {
	calls := make([]queueapp.CallID, 0, len(w.inside))
	for c := range w.inside {
		calls = append(calls, c)
	}
	if len(calls) == 0 {
		rt.Skip("there is none")
	}
	slices.SortFunc(calls, func(a, b queueapp.CallID) int { return cmp0(w.inside[a].Entry, w.inside[b].Entry) })
	return rapid.SampledFrom(calls).Draw(rt, "call")
}

func cmp0(a, b int64) int { return int(a - b) }

func (w *world) enter(rt *rapid.T) {
	w.entry++
	ev := queueapp.Enter{
		Call: newCall(w.t), Entry: w.entry, Switch: "main", Channel: queueapp.ChannelID(fmt.Sprint("17.", w.entry)),
		Caller:    queueapp.Caller{Number: "030", Name: rapid.StringMatching(`[ "'<&\\äé☎a-z]{0,8}`).Draw(rt, "name"), Dialled: "7000"},
		Customers: []queueapp.Customer{{ID: "1", Name: "C", Data: []queueapp.Datum{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}}}},
		Data:      []queueapp.Datum{{Key: "b", Value: "1"}, {Key: "a", Value: "\""}},
		Closed:    rapid.IntRange(0, 9).Draw(rt, "closed") == 0,
	}
	if rapid.IntRange(0, 3).Draw(rt, "needs") == 0 {
		ev.Needs = []queueapp.Need{{Skill: "engl\"ish", Least: 20}}
	}
	if len(w.back) > 0 && rapid.Bool().Draw(rt, "again") {
		i := rapid.IntRange(0, len(w.back)-1).Draw(rt, "who")
		before := w.back[i]
		w.back = slices.Delete(w.back, i, i+1)
		ev.Call, ev.Attempts = before.Call, w.count[before.Call]
		if rapid.Bool().Draw(rt, "keep") {
			ev.Entry = before.Entry
		}
	}
	ev.Queue = rapid.SampledFrom([]queueapp.QueueName{"support", "support", "sales", "nowhere"}).Draw(rt, "queue")
	ev.Priority = rapid.IntRange(-1, 1).Draw(rt, "priority")
	ev.Timeout = time.Duration(rapid.IntRange(0, 60).Draw(rt, "timeout")) * time.Second
	w.inside[ev.Call] = ev
	w.turn(ev)
}

// doubled tells the floor again of a caller who is there.
func (w *world) doubled(rt *rapid.T) {
	ev := w.inside[w.pickCall(rt)]
	ev.Attempts = w.count[ev.Call] // the wait may be over by now, and this the next visit
	ev.Queue = rapid.SampledFrom([]queueapp.QueueName{"support", "nowhere"}).Draw(rt, "queue")
	w.turn(ev)
}

func (w *world) offered(rt *rapid.T) {
	id := w.pick(rt, w.offers)
	w.offers = slices.DeleteFunc(w.offers, func(x queueapp.AttemptID) bool { return x == id })
	w.commit(rt) // an offer is durable before it is published
	result := rapid.SampledFrom([]queueapp.PublishResult{queueapp.PublishOK, queueapp.PublishRefused, queueapp.PublishLate})
	w.turn(queueapp.Offered{Attempt: id, Publish: result.Draw(rt, "publish")})
}

func (w *world) leg(rt *rapid.T) {
	id := w.pick(rt, w.legs)
	w.turn(rapid.SampledFrom([]queueapp.Event{
		queueapp.Ringing{Attempt: id}, queueapp.Up{Attempt: id}, queueapp.Briefed{Attempt: id}, queueapp.Accepted{Attempt: id},
		queueapp.Connected{Attempt: id}, queueapp.Held{Attempt: id}, queueapp.Resumed{Attempt: id},
	}).Draw(rt, "event"))
}

// talk brings an offer all the way to a conversation.
func (w *world) talk(rt *rapid.T) {
	if len(w.legs) == 0 {
		w.offered(rt)
	}
	id := w.pick(rt, w.legs)
	w.turn(queueapp.Ringing{Attempt: id})
	w.turn(queueapp.Up{Attempt: id})
	w.turn(queueapp.Briefed{Attempt: id})
	w.turn(queueapp.Accepted{Attempt: id})
	w.now = w.now.Add(time.Millisecond)
	w.turn(queueapp.Connected{Attempt: id})
}

func (w *world) legGone(rt *rapid.T) {
	id := w.pick(rt, w.legs)
	w.legs = slices.DeleteFunc(w.legs, func(x queueapp.AttemptID) bool { return x == id })
	cause := rapid.SampledFrom([]queueapp.EndCause{
		queueapp.EndHangup, queueapp.EndNoAnswer, queueapp.EndBusy, queueapp.EndRefused, queueapp.EndUnreachable, queueapp.EndLost,
	})
	w.turn(queueapp.Ended{Attempt: id, Cause: cause.Draw(rt, "cause"), Q850: rapid.IntRange(0, 30).Draw(rt, "q850")})
}

func (w *world) hangup(rt *rapid.T) {
	call := w.pickCall(rt)
	w.turn(queueapp.Hangup{Call: call, Q850: 16})
	delete(w.inside, call)
}

func (w *world) agent(rt *rapid.T) {
	a := rapid.SampledFrom([]queueapp.AgentID{"1000", "2000", "3000", "9999"}).Draw(rt, "agent")
	x := rapid.SampledFrom([]queueapp.ExtensionID{"", "", "1000", "2000", "3000"}).Draw(rt, "extension")
	q := rapid.SampledFrom([]queueapp.QueueName{"", "", "support", "sales"}).Draw(rt, "queue")
	w.turn(rapid.SampledFrom([]queueapp.Event{
		queueapp.LogOn{Agent: a, Extension: x}, queueapp.LogOn{Agent: a, Extension: x, Queue: q}, queueapp.LogOff{Agent: a, Queue: q},
		queueapp.Pause{Agent: a, Reason: "lunch", Queue: q}, queueapp.Pause{Agent: a, Reason: "tea", Queue: q},
		queueapp.Ready{Agent: a, Queue: q}, queueapp.Ready{Agent: a}, queueapp.WrapUpFor{Agent: a, For: time.Minute},
	}).Draw(rt, "event"))
}

func (w *world) operator(rt *rapid.T) {
	call := w.pickCall(rt)
	w.turn(rapid.SampledFrom([]queueapp.Event{
		queueapp.Identify{
			Call: call, Customers: []queueapp.Customer{{ID: "2", Code: "2222", Name: "Company 2", Match: queueapp.MatchCode}},
			Data: []queueapp.Datum{{Key: "b", Value: "3"}, {Key: "c", Value: ""}},
		},
		queueapp.Move{Call: call, Queue: "sales"}, queueapp.Prioritise{Call: call, Priority: 5}, queueapp.Prioritise{Call: call, Priority: -5},
		queueapp.Withdraw{Call: call, Outcome: queueapp.OutcomeWithdrawn}, queueapp.Hold{Why: "test"}, queueapp.Unhold{},
		queueapp.Pull{Call: call, Extension: "1000"}, queueapp.Pull{Call: call, Extension: "2000"}, queueapp.Pull{Call: call, Extension: "3000"},
	}).Draw(rt, "event"))
}

func (w *world) time(rt *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 30_000_000).Draw(rt, "µs")) * time.Microsecond)
	if rapid.Bool().Draw(rt, "tick") { // else whatever comes next finds things due
		w.turn(queueapp.Tick{})
	}
}

func (w *world) device(rt *rapid.T) {
	x := rapid.SampledFrom([]queueapp.ExtensionID{"1000", "2000", "3000"}).Draw(rt, "extension")
	w.turn(queueapp.Device{Extension: x, State: rapid.SampledFrom([]queueapp.DeviceState{
		queueapp.DeviceNotInUse, queueapp.DeviceBusy, queueapp.DeviceUnavailable,
	}).Draw(rt, "state")})
}

func (w *world) plan(rt *rapid.T) {
	w.turn(queueapp.Apply{Plan: rapid.SampledFrom(w.plans).Draw(rt, "plan").Floor})
}

func (w *world) commit(rt *rapid.T) {
	if err := w.owner.Commit(w.t.Context(), engine.Batch{Steps: w.steps}); err != nil {
		rt.Fatalf("commit %v: %v", w.steps, err)
	}
	w.kept, w.steps = append(w.kept, w.steps...), nil
	w.agents, w.calls = w.floor.Agents(), w.floor.Calls()
}

// restart ends the process, in order or not, and gives a new one what is loaded. Of what was not committed the floor knows
// nothing any more, but the world does.
func (w *world) restart(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "in order") {
		w.commit(rt)
	}
	w.steps = nil
	release(w.t, w.owner)
	w.own()
	r, err := w.owner.Load(w.t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	w.compare(r)
	w.floor = queueapp.NewFloor()
	w.n, w.offers, w.back = r.NextStep-1, nil, nil
	clear(w.left)
	w.turn(queueapp.Apply{Plan: rapid.SampledFrom(w.plans).Draw(rt, "plan").Floor})
	w.turn(queueapp.Hold{Why: "recovering"})
	for _, a := range r.Agents {
		w.turn(a)
	}
	for _, m := range r.Members {
		w.turn(m)
	}
	callers := w.inside
	w.inside = map[queueapp.CallID]queueapp.Enter{}
	for _, v := range r.Visits {
		w.inside[v.Call] = v.Enter
		w.count[v.Call] = v.Attempts
		w.turn(v)
	}
	w.restoreAttempts(r.Attempts)
	w.turn(queueapp.Unhold{})
	for _, v := range r.Visits {
		if _, lives := callers[v.Call]; !lives {
			w.turn(queueapp.Hangup{Call: v.Call})
			delete(w.inside, v.Call)
		}
	}
	w.commit(rt)
}

// restoreAttempts tells of attempts what the database and the world know together.
func (w *world) restoreAttempts(attempts []queueapp.RestoreAttempt) {
	legs := w.legs
	w.legs = nil
	for _, a := range attempts {
		lives := slices.Contains(legs, a.Attempt)
		switch {
		case lives && a.State == queueapp.AttemptCommitted:
			a.State, a.Rang = queueapp.AttemptRinging, w.now // asked for, and not written any more
		case !lives && a.State != queueapp.AttemptCommitted:
			defer w.turn(queueapp.Ended{Attempt: a.Attempt, Cause: queueapp.EndLost})
		}
		if lives {
			w.legs = append(w.legs, a.Attempt)
		}
		w.turn(a)
	}
}
