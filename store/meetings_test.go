package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
)

// Who talked with whom is told to the next owner in that order, where a queue asks for it; who gave up talked with nobody.
func TestWhoTalkedWithWhom(t *testing.T) {
	t.Parallel()
	s, o, _ := owned(t)
	first, gaveUp, second, open := newCall(t), newCall(t), newCall(t), newCall(t)
	n := int64(0)
	step := func(ev queueapp.Event, effects ...queueapp.Effect) {
		n++
		commit(t, o, queueapp.Step{N: n, At: noon(), Event: ev, Effects: effects})
	}
	for i, call := range []queueapp.CallID{first, gaveUp, second, open} {
		ev := enter(int64(i+1), call, "").Event.(queueapp.Enter)
		ev.Caller.Number = string(rune('1' + i))
		if call != first {
			ev.Customers = nil
		}
		step(ev)
	}
	answered := func(call queueapp.CallID, agent queueapp.AgentID) queueapp.Leave {
		return queueapp.Leave{Call: call, Queue: "support", Outcome: queueapp.OutcomeAnswered, Agent: agent, Then: queueapp.ThenHangUp}
	}
	step(queueapp.Tick{}, answered(second, "2000"), answered(first, "1000"),
		queueapp.Leave{Call: gaveUp, Queue: "support", Outcome: queueapp.OutcomeAbandoned, Then: queueapp.ThenNothing})
	if got := load(t, o).Meetings; got != nil {
		t.Errorf("no queue asks for %+v", got)
	}
	plan := parse(t, floorplan.Default())
	plan.Floor.Queues[0].Sticky = true
	if _, err := s.Apply(t.Context(), "main", plan, floorplan.Print(plan)); err != nil {
		t.Fatal(err)
	}
	want := []engine.Meeting{
		{Number: "1", Customers: enter(1, first, "").Event.(queueapp.Enter).Customers, Agent: "1000"}, {Number: "3", Agent: "2000"},
	}
	if diff := cmp.Diff(want, load(t, o).Meetings); diff != "" {
		t.Error(diff)
	}
}
