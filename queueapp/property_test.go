package queueapp_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// TestMain makes properties run longer than rapid would; -rapid.steps and -rapid.checks ask for more.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.steps": "150", "rapid.checks": "300"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestInvariants runs floors in a bad world until they have heard as many events as are asked for: see CONTRIBUTING.md.
// What must hold after each event is in ledger and check; afterwards all callers hang up, and nothing may be left.
func TestInvariants(t *testing.T) {
	t.Parallel()
	workers := min(runtime.GOMAXPROCS(0), 4)
	wanted := modelEvents(t) / workers
	for i := range workers {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			seen := map[string]int{}
			for seen["event"] < wanted {
				badDays(t, seen)
			}
			t.Logf("happened: %v", seen)
		})
	}
}

// modelEvents is how many events the model check is to have: MODEL_EVENTS, else as many as the time of a test allows.
func modelEvents(t *testing.T) int {
	t.Helper()
	if asked := os.Getenv("MODEL_EVENTS"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil {
			t.Fatalf("MODEL_EVENTS=%s: want a number of events", asked)
		}
		return n
	}
	if testing.Short() {
		return fewEvents / 4
	}
	return fewEvents
}

func badDays(t *testing.T, seen map[string]int) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.seen = seen
		t.Repeat(map[string]func(*rapid.T){
			"enter":   w.with(w.enter),
			"enter 2": w.with(w.enter),
			"deliver": w.with(w.deliver), "deliver 2": w.with(w.deliver), "deliver 3": w.with(w.deliver),
			"deliver 4": w.with(w.deliver), "deliver 5": w.with(w.deliver),
			"time": w.with(w.pass), "time 2": w.with(w.pass),
			"phone": w.with(w.phone), "phone 2": w.with(w.phone), "phone 3": w.with(w.phone),
			"hangup": w.with(w.hangUp), "agent": w.with(w.agent), "rare": w.with(w.rare),
		})
		w.t = t
		w.drain()
	})
}

// with has the world draw from the action's own source.
func (w *world) with(act func()) func(*rapid.T) {
	return func(t *rapid.T) {
		w.t, w.ledger.fail = t, t.Fatalf
		act()
	}
}

// rare has something happen that does not happen all day.
func (w *world) rare() {
	what := []func(){w.device, w.device, w.stale, w.order, w.pull, w.pull, w.hold, w.unhold, w.unhold, w.restart, w.replan}
	what[rapid.IntRange(0, len(what)-1).Draw(w.t, "what")]()
}

// agent has an agent, or somebody unknown, press a code.
func (w *world) agent() {
	id := rapid.SampledFrom(append(agentIDs(), "4711")).Draw(w.t, "agent")
	var ev queueapp.Event
	queue := queueapp.QueueName("")
	if rapid.IntRange(0, 2).Draw(w.t, "one queue") == 0 {
		queue = rapid.SampledFrom(queueNames()).Draw(w.t, "queue")
	}
	switch rapid.IntRange(0, 8).Draw(w.t, "code") {
	case 0, 1, 2, 3:
		x := rapid.SampledFrom(append(extensionIDs(), "", queueapp.ExtensionID(id), queueapp.ExtensionID(id), "4711"))
		ev = queueapp.LogOn{Agent: id, Extension: x.Draw(w.t, "extension"), Queue: queue}
	case 4:
		ev = queueapp.LogOff{Agent: id, Queue: queue}
	case 5:
		ev = queueapp.Pause{Agent: id, Reason: rapid.SampledFrom([]string{"", "lunch"}).Draw(w.t, "reason"), Queue: queue}
	case 6:
		ev = queueapp.WrapUpFor{Agent: id, For: rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute}).Draw(w.t, "for")}
	default:
		ev = queueapp.Ready{Agent: id, Queue: queue}
	}
	w.onTime(ev)
	w.tell(ev)
}

func (w *world) device() {
	ev := queueapp.Device{
		Extension: rapid.SampledFrom(extensionIDs()).Draw(w.t, "extension"),
		State:     rapid.SampledFrom(deviceStates()).Draw(w.t, "state"),
	}
	w.onTime(ev)
	w.tell(ev)
}

func (w *world) replan() {
	ev := queueapp.Apply{Plan: drawPlan(w.t)}
	w.onTime(ev)
	w.tell(ev)
}

// stale tells of attempts that are over or never were.
func (w *world) stale() {
	id := queueapp.AttemptID{Call: "c1", N: rapid.IntRange(1, 4).Draw(w.t, "n")}
	if l := w.legs[id]; l != nil && !l.gone || w.ledger.attempts[id] != nil {
		w.t.Skip("not stale")
	}
	w.tell(rapid.SampledFrom([]queueapp.Event{
		queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}, queueapp.Up{Attempt: id}, queueapp.Ringing{Attempt: id},
		queueapp.Briefed{Attempt: id}, queueapp.Accepted{Attempt: id},
		queueapp.Connected{Attempt: id}, queueapp.Ended{Attempt: id, Cause: queueapp.EndBusy}, queueapp.Hangup{Call: "c0"},
		queueapp.Withdraw{Call: "c0", Outcome: queueapp.OutcomeKey}, queueapp.Prioritise{Call: "c0", Priority: 7},
		queueapp.Identify{Call: "c0", Customers: []queueapp.Customer{{Code: "1111"}}},
	}).Draw(w.t, "event"))
}

// order has an operator move callers.
func (w *world) order() {
	c := w.drawCaller()
	if c == nil {
		return
	}
	var ev queueapp.Event = queueapp.Prioritise{Call: c.id, Priority: rapid.IntRange(0, 2).Draw(w.t, "priority")}
	if rapid.IntRange(0, 3).Draw(w.t, "move") == 0 {
		ev = queueapp.Move{Call: c.id, Queue: rapid.SampledFrom(append(queueNames(), "none")).Draw(w.t, "queue")}
	} else if rapid.IntRange(0, 2).Draw(w.t, "withdraw") == 0 {
		ev = queueapp.Withdraw{Call: c.id, Outcome: rapid.SampledFrom([]queueapp.Outcome{
			queueapp.OutcomeWithdrawn, queueapp.OutcomeKey, queueapp.OutcomeUnavailable, "",
		}).Draw(w.t, "outcome")}
	}
	w.onTime(ev)
	w.tell(ev)
}

func (w *world) hold() {
	ev := rapid.SampledFrom([]queueapp.Event{
		queueapp.Hold{Why: "the database is away"}, queueapp.Hold{}, queueapp.SwitchDown{Switch: "a"},
		queueapp.SwitchDown{Switch: "b"},
	}).Draw(w.t, "what")
	w.onTime(ev)
	w.tell(ev)
}

func (w *world) unhold() {
	for _, ev := range []queueapp.Event{queueapp.Unhold{}, queueapp.SwitchUp{Switch: "a"}, queueapp.SwitchUp{Switch: "b"}} {
		w.tell(ev)
	}
}

// drain ends everything: what comes after is that nothing comes after.
func (w *world) drain() {
	w.ledger.fail = w.t.Fatalf
	w.unhold()
	for i := 0; len(w.ledger.visits)+len(w.ledger.attempts)+len(w.mail) > 0; i++ {
		if i > 10_000 {
			w.t.Fatalf("left: visits %v, attempts %v, mail %v", w.ledger.visits, w.ledger.attempts, w.mail)
		}
		for _, ev := range w.mail {
			w.tell(ev)
		}
		w.mail = nil
		for n := 1; n <= w.numbers; n++ {
			for id := range w.ledger.visits {
				w.tell(queueapp.Hangup{Call: id, Q850: 16})
				break
			}
		}
		if next := w.floor.Next(); !next.IsZero() {
			w.now = next
			w.tell(queueapp.Tick{})
		}
	}
	w.now = w.now.Add(time.Hour)
	w.tell(queueapp.Tick{})
	if s := w.floor.Size(); s.Visits+s.Attempts+s.Timers > 0 || s.Agents != len(w.ledger.plan.Agents) ||
		s.Extensions != len(w.ledger.plan.Extensions) {
		w.t.Fatalf("left on the floor: %+v", s)
	}
}
