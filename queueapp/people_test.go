package queueapp_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// enter brings a new caller, or one who was here before.
func (w *world) enter() {
	var ids []queueapp.CallID
	for id, c := range w.calls {
		if !c.dead {
			ids = append(ids, id) // also those who still wait: Enter may come doubled
		}
	}
	slices.Sort(ids)
	var c *caller
	if len(ids) > 0 && rapid.IntRange(0, 4).Draw(w.t, "again") == 0 {
		c = w.calls[rapid.SampledFrom(ids).Draw(w.t, "who")]
	} else {
		w.numbers++
		c = &caller{id: queueapp.CallID(fmt.Sprintf("c%d", w.numbers))}
		w.calls[c.id] = c
	}
	w.entries++
	ev := queueapp.Enter{
		Call: c.id, Queue: rapid.SampledFrom(queueNames()).Draw(w.t, "queue"), Entry: w.entries, Attempts: c.attempts,
		Priority: rapid.IntRange(0, 2).Draw(w.t, "priority") / 2, Switch: drawSwitch(w.t),
		Needs: drawNeeds(w.t), Closed: rapid.IntRange(0, 19).Draw(w.t, "closed") == 0,
	}
	if rapid.IntRange(0, 9).Draw(w.t, "for one") == 0 {
		ev.Agent = rapid.SampledFrom(append(agentIDs(), "4711")).Draw(w.t, "for")
	}
	if rapid.IntRange(0, 2).Draw(w.t, "known") == 0 {
		ev.Prefer = rapid.SampledFrom(append(agentIDs(), "4711")).Draw(w.t, "prefer")
	}
	if n := rapid.IntRange(0, 4).Draw(w.t, "number"); n > 0 {
		ev.Caller.Number = fmt.Sprint("555", n)
	}
	if rapid.IntRange(0, 3).Draw(w.t, "own timeout") == 0 {
		ev.Timeout = drawDuration(w.t, time.Second, 100*time.Second)
	}
	for i := 0; i == 0 || i < 10 && !w.floor.Next().IsZero() && !w.floor.Next().After(w.now); i++ {
		w.tell(queueapp.Tick{})
	}
	explained, _ := w.floor.Explain(ev.Queue)
	_, doubled := w.floor.Call(c.id)
	effects := w.hear(ev)
	if !doubled && !w.ledger.held && !w.ledger.down[ev.Switch] {
		w.firstExplained(ev, explained, effects)
	}
	w.do(effects)
}

// firstExplained asserts that a caller gets the agent whom Explain named first just before.
func (w *world) firstExplained(ev queueapp.Enter, explained []queueapp.Candidate, effects []queueapp.Effect) {
	q := w.ledger.queues[ev.Queue]
	if q == nil || len(ev.Needs) > 0 || ev.Agent != "" || ev.Prefer != "" || q.Strategy == queueapp.Random || q.Strategy == queueapp.WeightedRandom {
		return // the explanation was of any call, and this is not any
	}
	var want, got queueapp.AgentID
	if len(explained) > 0 && explained[0].Eligible {
		want = explained[0].Agent
	}
	for _, e := range effects {
		if l, ok := e.(queueapp.Leave); ok && l.Call == ev.Call {
			return
		}
		if o, ok := e.(queueapp.Offer); ok && o.Attempt.Call == ev.Call && got == "" {
			got = o.Agent
		}
	}
	if got != want {
		w.t.Fatalf("%s was offered to %q, and %q was explained", ev.Call, got, want)
	}
}

// hangUp has a caller hang up.
func (w *world) hangUp() {
	if c := w.drawCaller(); c != nil {
		c.dead = true
		w.post(queueapp.Hangup{Call: c.id, Q850: 16})
	}
}

// drawCaller picks somebody who is on the line; nil where nobody is.
func (w *world) drawCaller() *caller {
	var ids []queueapp.CallID
	for id, c := range w.calls {
		if !c.dead {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return w.calls[rapid.SampledFrom(ids).Draw(w.t, "caller")]
}

// phone has something happen to a leg.
func (w *world) phone() {
	var ids []queueapp.AttemptID
	for id, l := range w.legs {
		if !l.gone {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	slices.SortFunc(ids, func(a, b queueapp.AttemptID) int {
		if a.Call != b.Call {
			return len(a.Call)*1000 - len(b.Call)*1000 + slices.Compare([]byte(a.Call), []byte(b.Call))
		}
		return a.N - b.N
	})
	id := rapid.SampledFrom(ids).Draw(w.t, "leg")
	l := w.legs[id]
	switch does := rapid.IntRange(0, 8).Draw(w.t, "does"); {
	case l.bridged && does == 8:
		w.transfer(id)
	case l.handed && does == 7:
		w.post(queueapp.Reached{Attempt: id, Extension: rapid.SampledFrom(extensionIDs()).Draw(w.t, "reached")})
	case l.handed && !l.up && does <= 4:
		l.up, l.bridged = true, true
		w.post(queueapp.Connected{Attempt: id})
	case does == 0 && !l.up:
		w.post(queueapp.Ringing{Attempt: id})
	case does <= 4 && !l.up:
		l.up = true
		w.post(queueapp.Up{Attempt: id})
	case l.asked && does <= 4:
		w.post(queueapp.Accepted{Attempt: id})
	case l.up && does >= 5:
		w.post(rapid.SampledFrom([]queueapp.Event{queueapp.Held{Attempt: id}, queueapp.Resumed{Attempt: id}}).Draw(w.t, "hold"))
	case l.up:
		w.drop(id, rapid.SampledFrom([]queueapp.EndCause{queueapp.EndHangup, queueapp.EndLost}).Draw(w.t, "cause"))
	default:
		w.drop(id, rapid.SampledFrom(endCauses()).Draw(w.t, "cause"))
	}
}
