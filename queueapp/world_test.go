package queueapp_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

// world plays all that surrounds a floor, badly: a switch whose reports come late, twice, out of order or not at all,
// people who hang up at any moment, phones in any state, administrators, and processes that die.
type world struct {
	t       *rapid.T
	floor   *queueapp.Floor
	twin    *queueapp.Floor // told the same: it must answer the same
	ledger  *ledger
	now     time.Time
	entries int64
	calls   map[queueapp.CallID]*caller
	legs    map[queueapp.AttemptID]*leg
	mail    []queueapp.Event // reports on their way to the floor
	numbers int
	seen    map[string]int // how often what happened
}

// said is a step, put into words only where a property fails.
type said struct {
	at      time.Time
	event   queueapp.Event
	effects []queueapp.Effect
}

func (s said) String() string {
	return fmt.Sprintf("%s %s\n  %s", s.at.Format("15:04:05.000"), transcript.FormatEvent(s.event),
		transcript.AppendEffects(nil, s.effects))
}

// caller is a caller's channel.
type caller struct {
	id       queueapp.CallID
	attempts int
	dead     bool
}

// leg is a channel to an agent's phone.
type leg struct {
	up, asked, bridged, gone bool
	handed                   bool // it was brought by a transfer: the dialplan rings whoever is there
}

func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), calls: map[queueapp.CallID]*caller{},
		legs: map[queueapp.AttemptID]*leg{},
	}
	w.ledger = newLedger(t.Fatalf)
	w.floor, w.twin = queueapp.NewFloor(), queueapp.NewFloor()
	w.tell(queueapp.Apply{Plan: drawPlan(t)})
	for _, x := range w.ledger.plan.Extensions {
		if rapid.IntRange(0, 3).Draw(t, "logs on") > 0 {
			w.tell(queueapp.LogOn{Agent: queueapp.AgentID(x.ID)})
		}
	}
	return w
}

// tell gives the floor an event and does what follows.
func (w *world) tell(ev queueapp.Event) { w.do(w.hear(ev)) }

// hear gives the floor an event, and books what must be done without doing it.
func (w *world) hear(ev queueapp.Event) []queueapp.Effect {
	in, entering := ev.(queueapp.Enter)
	_, doubled := w.floor.Call(in.Call)
	effects := w.floor.Handle(w.now, ev)
	w.t.Logf("%s", said{w.now, ev, effects})
	if again := w.twin.Handle(w.now, ev); !reflect.DeepEqual(effects, again) {
		w.t.Fatalf("the same event gave %+v, and then %+v", effects, again)
	}
	w.ledger.pace = w.floor.Pace
	w.ledger.write(w.now, ev, effects)
	if v, here := w.floor.Call(in.Call); entering && here && !doubled {
		w.ledger.checkLetIn(v)
	}
	w.ledger.check(w.floor)
	if w.seen == nil {
		w.seen = map[string]int{}
	}
	w.seen["event"]++
	w.seen[reflect.TypeOf(ev).Name()]++
	for _, e := range effects {
		w.seen[reflect.TypeOf(e).Name()]++
		switch o := e.(type) {
		case queueapp.Offer:
			w.calls[o.Attempt.Call].attempts = o.Attempt.N
		case queueapp.HandOver:
			w.calls[o.Attempt.Call].attempts = o.Attempt.N
		}
	}
	return effects
}

// do plays the switch's side of the effects.
func (w *world) do(effects []queueapp.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case queueapp.Offer:
			result := rapid.SampledFrom([]queueapp.PublishResult{
				queueapp.PublishOK, queueapp.PublishRefused, queueapp.PublishLate,
			}).Draw(w.t, "publish")
			w.post(queueapp.Offered{Attempt: e.Attempt, Publish: result})
		case queueapp.Ring:
			if w.legs[e.Attempt] != nil {
				w.t.Fatalf("leg %s asked for twice", e.Attempt)
			}
			w.legs[e.Attempt] = &leg{}
		case queueapp.Brief:
			w.legs[e.Attempt].asked = true
			w.post(queueapp.Briefed(e))
		case queueapp.HandOver:
			w.legs[e.Attempt] = &leg{up: e.Attended, bridged: e.Attended, handed: true}
			if e.Extension != "" && !e.Attended {
				w.post(queueapp.Offered{Attempt: e.Attempt, Publish: queueapp.PublishOK})
			}
		case queueapp.Connect:
			w.bridge(e.Attempt)
		case queueapp.HangUp:
			w.drop(e.Attempt, queueapp.EndHangup)
		case queueapp.Leave:
			switch e.Then {
			case queueapp.ThenHangUp:
				w.calls[e.Call].dead = true
			case queueapp.ThenQueue:
				w.entries++
				w.tell(queueapp.Enter{
					Call: e.Call, Queue: e.Next, Entry: w.entries, Attempts: w.calls[e.Call].attempts, Switch: "a",
				})
			}
		}
	}
}

// bridge puts caller and agent together, where both are still there and nothing breaks.
func (w *world) bridge(id queueapp.AttemptID) {
	l := w.legs[id]
	switch {
	case l == nil || l.gone || w.calls[id.Call].dead:
	case rapid.IntRange(0, 9).Draw(w.t, "bridge") == 0:
		if rapid.Bool().Draw(w.t, "noticed") {
			w.drop(id, queueapp.EndLost)
		}
	default:
		l.bridged = true
		w.post(queueapp.Connected{Attempt: id})
	}
}

// drop ends a leg, and has it reported: one that is not there is confirmed absent.
func (w *world) drop(id queueapp.AttemptID, cause queueapp.EndCause) {
	l := w.legs[id]
	if l == nil || l.gone {
		cause = queueapp.EndLost
	}
	if l != nil {
		l.gone = true
	}
	w.post(queueapp.Ended{Attempt: id, Cause: cause, Q850: 16})
}

// post sends a report, sometimes twice. What the floor has its own remedy for may also get lost.
func (w *world) post(ev queueapp.Event) {
	lost := false
	switch ev.(type) {
	case queueapp.Up, queueapp.Briefed, queueapp.Accepted, queueapp.Connected, queueapp.Held, queueapp.Resumed, queueapp.Ended, queueapp.Ringing:
		lost = rapid.IntRange(0, 19).Draw(w.t, "lost") == 0
	}
	if !lost {
		w.mail = append(w.mail, ev)
	}
	if rapid.IntRange(0, 9).Draw(w.t, "doubled") == 0 {
		w.mail = append(w.mail, ev)
	}
}

// deliver hands the floor one report, mostly the oldest.
func (w *world) deliver() {
	if len(w.mail) == 0 {
		w.t.Skip("nothing on its way")
	}
	i := 0
	if rapid.IntRange(0, 3).Draw(w.t, "out of order") == 0 {
		i = rapid.IntRange(0, len(w.mail)-1).Draw(w.t, "which")
	}
	ev := w.mail[i]
	w.mail = slices.Delete(w.mail, i, i+1)
	w.onTime(ev)
	w.tell(ev)
}

// onTime gives the floor a tick that is due, sometimes: it must do the same without. An agent's wish is booked as coming
// after what was due, so there it is always given.
func (w *world) onTime(ev queueapp.Event) {
	next := w.floor.Next()
	if next.IsZero() || next.After(w.now) {
		return
	}
	switch ev.(type) {
	case queueapp.Ready, queueapp.WrapUpFor, queueapp.Pause, queueapp.LogOff, queueapp.LogOn, queueapp.Device, queueapp.Prioritise, queueapp.Pull, queueapp.Apply, queueapp.Briefed, queueapp.Connected, queueapp.Held, queueapp.Resumed,
		queueapp.SwitchDown:
		w.tell(queueapp.Tick{})
	default:
		if rapid.Bool().Draw(w.t, "tick first") {
			w.tell(queueapp.Tick{})
		}
	}
}

// pass lets time go by: a little, to the moment for which the floor wants to be woken, or past it.
func (w *world) pass() {
	next := w.floor.Next()
	switch kind := rapid.IntRange(0, 5).Draw(w.t, "time"); {
	case kind <= 3 || next.IsZero():
		w.now = w.now.Add(drawDuration(w.t, time.Millisecond, time.Second))
	case kind == 4:
		w.now = next.Add(drawDuration(w.t, 0, 10*time.Second))
	default:
		w.now = next
	}
	if rapid.IntRange(0, 4).Draw(w.t, "tick") > 0 {
		w.tell(queueapp.Tick{})
	}
}
