package queuelog_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/store/queuelog"
	"ringside/store/queuelog/queuelogtest"
)

// Whatever happens on a floor: every caller who comes into a queue ends in the log exactly once, its times and places agree,
// and who is not at an end in the log is on the floor.
func TestEveryCallerEndsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{
			player: player{floor: queueapp.NewFloor()}, rt: rt, fold: queuelog.New(queuelog.Past{}), ledger: queuelogtest.NewLedger(), now: beginning(),
			channels: map[queueapp.CallID]queueapp.ChannelID{}, staged: map[queueapp.QueueName]bool{},
		}
		w.happen(queueapp.Apply{Plan: drawPlan(rt)})
		for _, a := range agents() {
			w.happen(queueapp.LogOn{Agent: a})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"enter": w.enter, "enter ": w.enter, "report": w.report, "report ": w.report, "report  ": w.report, "leg gone": w.gone,
			"hold": w.hold, "caller": w.caller, "agent": w.agent, "time": w.pass, "plan": w.plan,
		})
	})
}

func agents() []queueapp.AgentID       { return []queueapp.AgentID{"1000", "1001", "1002"} }
func queueNames() []queueapp.QueueName { return []queueapp.QueueName{"support", "sales"} }

// world is what is outside a floor.
type world struct {
	player
	rt       *rapid.T
	fold     *queuelog.Fold
	ledger   *queuelogtest.Ledger
	now      time.Time
	mail     []queueapp.Event // on its way to the floor
	legs     []queueapp.AttemptID
	channels map[queueapp.CallID]queueapp.ChannelID // of who is in a queue
	staged   map[queueapp.QueueName]bool            // had stages in one of the plans
}

func drawPlan(rt *rapid.T) queueapp.Plan {
	var p queueapp.Plan
	for _, a := range agents() {
		p.Agents = append(p.Agents, queueapp.Agent{ID: a})
		p.Extensions = append(p.Extensions, queueapp.Extension{ID: queueapp.ExtensionID(a), Dial: "PJSIP/" + string(a)})
	}
	for _, name := range queueNames() {
		q := queueapp.Queue{
			Name: name, Ring: 20 * time.Second, Timeout: 40 * time.Second, Retry: time.Second, MaxNoAnswer: 2, Patient: true,
			Strategy: rapid.SampledFrom(queueapp.Strategies()).Draw(rt, "strategy"), Progress: 5 * time.Second,
			Regain: time.Duration(rapid.IntRange(0, 1).Draw(rt, "regain")) * time.Minute,
			Leave:  queueapp.Empty{Matters: rapid.Bool().Draw(rt, "leaves")},
			MaxLen: rapid.SampledFrom([]int{0, 0, 3}).Draw(rt, "maxlen"),
		}
		switch rapid.IntRange(0, 3).Draw(rt, "briefing") {
		case 0:
			q.Briefing = queueapp.Briefing{Announce: []string{"ringside/queue-support"}}
		case 1:
			q.Briefing = queueapp.Briefing{Accept: "1", Within: 5 * time.Second}
		}
		if rapid.Bool().Draw(rt, "staged") {
			q.Stages = []queueapp.Stage{{After: 5 * time.Second, Boost: 2}, {After: 10 * time.Second, Boost: 1}}
		}
		if name == "support" && rapid.Bool().Draw(rt, "overflows") {
			q.Overflow = []queueapp.Overflow{{Outcome: queueapp.OutcomeTimeout, Queue: "sales"}}
		}
		for _, a := range agents() {
			if rapid.IntRange(0, 3).Draw(rt, "member") > 0 {
				q.Members = append(q.Members, queueapp.Member{Agent: a, Level: rapid.IntRange(0, 1).Draw(rt, "level")})
			}
		}
		p.Queues = append(p.Queues, q)
	}
	return p
}

// happen tells the floor, with the ticks that are due, books what the log says, and does what follows.
func (w *world) happen(ev queueapp.Event) {
	for next := w.floor.Next(); !next.IsZero() && !next.After(w.now); next = w.floor.Next() {
		w.step(queueapp.Tick{})
	}
	w.step(ev)
}

func (w *world) step(ev queueapp.Event) {
	if apply, ok := ev.(queueapp.Apply); ok {
		for _, q := range apply.Plan.Queues {
			w.staged[q.Name] = w.staged[q.Name] || len(q.Stages) > 0
		}
	}
	before := w.floor.Calls()
	effects := w.tell(w.now, ev)
	w.rt.Logf("%+v\n  %+v", ev, effects)
	var exits []queuelogtest.Line
	for _, e := range w.fold.Fold(w.steps[len(w.steps)-1:]) {
		w.rt.Log(e.Line())
		l, err := queuelogtest.Parse(e.Line())
		if err == nil {
			err = w.ledger.Book(l)
		}
		if err != nil {
			w.rt.Fatal(err)
		}
		if l.Event == "ABANDON" || l.Event == "EXITWITHTIMEOUT" || l.Event == "WITHDRAW" {
			exits = append(exits, l)
		}
	}
	if len(exits) == 1 {
		w.place(exits[0], before)
	}
	for _, e := range effects {
		w.follow(e)
	}
	w.compare()
}

// place holds the place of the only one who left against where the floor itself had him. Of those for whom phones ring the
// floor does not follow what a stage adds to their priority until they wait again.
func (w *world) place(l queuelogtest.Line, calls []queueapp.CallView) {
	if w.staged[queueapp.QueueName(l.Queue)] {
		return
	}
	var line []queueapp.CallView
	for _, v := range calls {
		if string(v.Queue) == l.Queue && v.State != "talking" {
			line = append(line, v)
		}
	}
	slices.SortFunc(line, func(a, b queueapp.CallView) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Entry, b.Entry))
	})
	line = slices.CompactFunc(line, func(a, b queueapp.CallView) bool { return a.Call == b.Call })
	at := slices.IndexFunc(line, func(v queueapp.CallView) bool { return string(v.Channel) == l.Call })
	if got := l.Data[0]; got != fmt.Sprint(at+1) {
		w.rt.Fatalf("%+v: the floor had place %d", l, at+1)
	}
}

func (w *world) follow(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		w.mail = append(w.mail, queueapp.Offered{Attempt: e.Attempt, Publish: queueapp.PublishOK})
	case queueapp.Ring:
		w.legs = append(w.legs, e.Attempt)
		w.mail = append(w.mail, queueapp.Up{Attempt: e.Attempt})
	case queueapp.Brief:
		w.mail = append(w.mail, queueapp.Briefed(e), queueapp.Accepted(e))
	case queueapp.Connect:
		w.mail = append(w.mail, queueapp.Connected(e))
	case queueapp.HangUp:
		w.mail = append(w.mail, queueapp.Ended{Attempt: e.Attempt, Cause: queueapp.EndHangup})
	case queueapp.Leave:
		delete(w.channels, e.Call)
		if e.Then == queueapp.ThenQueue {
			w.mail = append(w.mail, queueapp.Enter{Call: e.Call, Queue: e.Next, Entry: e.Entry, Priority: e.Priority})
		}
	}
}

// compare holds who is not at an end in the log against who is on the floor.
func (w *world) compare() {
	seen := map[string]bool{}
	for _, v := range w.floor.Calls() {
		seen[string(v.Channel)] = true
	}
	open := w.ledger.Open()
	if len(open) != len(seen) {
		w.rt.Fatalf("in the log %v, on the floor %v", open, seen)
	}
	for _, c := range open {
		if !seen[c] {
			w.rt.Fatalf("%s is in the log, and not on the floor: %v", c, seen)
		}
	}
}

func (w *world) enter(rt *rapid.T) {
	w.rt = rt
	w.entry++
	w.arrive(queueapp.Enter{
		Call: queueapp.CallID(fmt.Sprint("c", w.entry)), Queue: rapid.SampledFrom(append(queueNames(), "nowhere")).Draw(rt, "queue"),
		Entry: w.entry, Priority: rapid.IntRange(0, 2).Draw(rt, "priority"), Caller: queueapp.Caller{Number: rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "from")},
	})
}

// arrive has a caller come: every stay is on a channel of its own, so that they can be told apart.
func (w *world) arrive(ev queueapp.Enter) {
	ev.Channel = queueapp.ChannelID(fmt.Sprint("17.", len(w.steps)))
	w.channels[ev.Call] = ev.Channel
	w.happen(ev)
}

func (w *world) report(rt *rapid.T) {
	w.rt = rt
	if len(w.mail) == 0 {
		rt.Skip("nothing on its way")
	}
	i := rapid.IntRange(0, len(w.mail)-1).Draw(rt, "which")
	ev := w.mail[i]
	w.mail = slices.Delete(w.mail, i, i+1)
	if e, ok := ev.(queueapp.Enter); ok {
		w.arrive(e)
		return
	}
	w.happen(ev)
}

func (w *world) gone(rt *rapid.T) {
	w.rt = rt
	if len(w.legs) == 0 {
		rt.Skip("there is none")
	}
	cause := rapid.SampledFrom([]queueapp.EndCause{
		queueapp.EndHangup, queueapp.EndNoAnswer, queueapp.EndBusy, queueapp.EndRefused, queueapp.EndUnreachable, queueapp.EndLost,
	})
	w.happen(queueapp.Ended{Attempt: rapid.SampledFrom(w.legs).Draw(rt, "leg"), Cause: cause.Draw(rt, "cause")})
}

// hold has an agent put a caller on hold, or take him back.
func (w *world) hold(rt *rapid.T) {
	w.rt = rt
	if len(w.legs) == 0 {
		rt.Skip("there is none")
	}
	id := rapid.SampledFrom(w.legs).Draw(rt, "leg")
	w.happen(rapid.SampledFrom([]queueapp.Event{queueapp.Held{Attempt: id}, queueapp.Resumed{Attempt: id}}).Draw(rt, "what"))
}

func (w *world) caller(rt *rapid.T) {
	w.rt = rt
	calls := w.floor.Calls()
	if len(calls) == 0 {
		rt.Skip("there is none")
	}
	id := calls[rapid.IntRange(0, len(calls)-1).Draw(rt, "call")].Call
	w.happen(rapid.SampledFrom([]queueapp.Event{
		queueapp.Hangup{Call: id}, queueapp.Hangup{Call: id}, queueapp.Withdraw{Call: id}, queueapp.Withdraw{Call: id, Outcome: queueapp.OutcomeKey},
		queueapp.Withdraw{Call: id, Outcome: queueapp.OutcomeUnavailable}, queueapp.Prioritise{Call: id, Priority: 3},
		queueapp.Move{Call: id, Queue: "sales"}, queueapp.Pull{Call: id, Extension: queueapp.ExtensionID(rapid.SampledFrom(agents()).Draw(rt, "to"))}, queueapp.Enter{Call: id, Queue: "sales", Entry: 1000, Channel: w.channels[id]},
	}).Draw(rt, "what"))
}

func (w *world) agent(rt *rapid.T) {
	w.rt = rt
	a := rapid.SampledFrom(agents()).Draw(rt, "agent")
	q := rapid.SampledFrom([]queueapp.QueueName{"", "", "support", "sales"}).Draw(rt, "for")
	w.happen(rapid.SampledFrom([]queueapp.Event{
		queueapp.LogOn{Agent: a, Queue: q}, queueapp.LogOn{Agent: a, Queue: q}, queueapp.LogOff{Agent: a, Queue: q},
		queueapp.Pause{Agent: a, Reason: "lunch", Queue: q}, queueapp.Ready{Agent: a, Queue: q}, queueapp.Ready{Agent: a, Queue: q},
	}).Draw(rt, "event"))
}

func (w *world) pass(rt *rapid.T) {
	w.rt = rt
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(rt, "ms")) * time.Millisecond)
	w.happen(queueapp.Tick{})
}

func (w *world) plan(rt *rapid.T) {
	w.rt = rt
	w.happen(queueapp.Apply{Plan: drawPlan(rt)})
}
