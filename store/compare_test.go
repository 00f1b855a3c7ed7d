package store_test

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// compare checks what is loaded against the floor as it was committed last.
func (w *world) compare(r engine.Remembered) {
	w.rt.Helper()
	type call struct {
		Call              queueapp.CallID
		Queue             queueapp.QueueName
		Entry             int64
		Priority          int
		Entered, Deadline time.Time
		Caller            queueapp.Caller
		Customers         []queueapp.Customer
		Channel           queueapp.ChannelID
	}
	var want, got []call
	for _, v := range w.calls {
		want = append(want, call{v.Call, v.Queue, v.Entry, v.Priority, v.Entered, v.Deadline, v.Caller, v.Customers, v.Channel})
	}
	for _, v := range r.Visits {
		got = append(got, call{v.Call, v.Queue, v.Entry, v.Priority, v.Entered, v.Deadline, v.Caller, v.Customers, v.Channel})
		if v.Attempts != w.countBefore(v.Call) {
			w.rt.Errorf("call %s: %d attempts, want %d", v.Call, v.Attempts, w.countBefore(v.Call))
		}
		if len(v.Data) != 2 || v.Data[0].Key != "b" {
			w.rt.Errorf("call %s: data %v", v.Call, v.Data)
		}
	}
	slices.SortFunc(want, func(a, b call) int { return cmp0(a.Entry, b.Entry) })
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.rt.Fatalf("visits, floor and database: %s", diff)
	}
	w.compareAgents(r)
	if last := w.kept[len(w.kept)-1]; r.NextStep != last.N+1 || !r.LastAt.Equal(last.At) {
		w.rt.Errorf("next step %d after %d, last at %s after %s", r.NextStep, last.N, r.LastAt, last.At)
	}
}

// countBefore is how many attempts of a call were committed.
func (w *world) countBefore(call queueapp.CallID) int {
	n := 0
	for _, s := range w.kept {
		for _, e := range s.Effects {
			if o, ok := e.(queueapp.Offer); ok && o.Attempt.Call == call {
				n = max(n, o.Attempt.N)
			}
		}
	}
	return n
}

// compareAgentless compares what rings or talks at phones where nobody is logged on.
func (w *world) compareAgentless(remembered map[queueapp.CallID]queueapp.RestoreAttempt) {
	w.rt.Helper()
	found := 0
	for _, v := range w.calls {
		if v.Attempt == 0 || v.Agent != "" {
			continue
		}
		found++
		a := remembered[v.Call]
		if a.Attempt.N != v.Attempt || a.Extension != v.Extension || !a.Pulled || string(statusOf(a.State)) != v.State {
			w.rt.Errorf("call %s is %s at %s: %+v", v.Call, v.State, v.Extension, a)
		}
	}
	if found != len(remembered) {
		w.rt.Errorf("%d calls are at phones without an agent, want %d: %v", len(remembered), found, remembered)
	}
}

func (w *world) compareAgents(r engine.Remembered) {
	w.rt.Helper()
	remembered, open := map[queueapp.AgentID]queueapp.RestoreAgent{}, map[queueapp.AgentID]queueapp.RestoreAttempt{}
	for _, a := range r.Agents {
		remembered[a.Agent] = a
	}
	agentless := map[queueapp.CallID]queueapp.RestoreAttempt{}
	ending := 0
	for _, a := range r.Attempts {
		switch {
		case a.Agent != "":
			open[a.Agent] = a
		case a.State == queueapp.AttemptEnding: // of which no listing tells
			ending++
		default:
			agentless[a.Attempt.Call] = a
		}
	}
	w.compareAgentless(agentless)
	if len(open)+len(agentless)+ending != len(r.Attempts) {
		w.rt.Errorf("an agent has two open attempts: %v", r.Attempts)
	}
	for _, v := range w.agents {
		a, o := remembered[v.Agent], open[v.Agent]
		delete(open, v.Agent)
		if v.Call != o.Attempt.Call || v.Attempt != o.Attempt.N {
			w.rt.Errorf("agent %s: attempt %s, want %s.%d", v.Agent, o.Attempt, v.Call, v.Attempt)
		}
		if v.Call != "" && (v.Extension != o.Extension || v.Status != statusOf(o.State)) {
			w.rt.Errorf("agent %s: %s at %s, want %s at %s", v.Agent, o.State, o.Extension, v.Status, v.Extension)
		}
		if v.Call == "" && v.Extension != a.Extension {
			w.rt.Errorf("agent %s: at %q, want %q", v.Agent, a.Extension, v.Extension)
		}
		if v.Reason != a.Reason || a.Paused != (v.Reason != "") {
			w.rt.Errorf("agent %s: paused for %q, want %q", v.Agent, a.Reason, v.Reason)
		}
		if w.left[v.Agent] {
			continue
		}
		if v.NoAnswers != a.NoAnswers || !v.LastCall.Equal(a.LastCall) {
			w.rt.Errorf("agent %s: %+v, want %+v", v.Agent, a, v)
		}
		if v.Status == queueapp.StatusWrapUp && !v.Until.Equal(a.WrapUntil) {
			w.rt.Errorf("agent %s: wrap-up until %s, want %s", v.Agent, a.WrapUntil, v.Until)
		}
		if v.Status == queueapp.StatusDelayed && !v.Until.Equal(a.Delayed) {
			w.rt.Errorf("agent %s: left alone until %s, want %s", v.Agent, a.Delayed, v.Until)
		}
	}
	w.compareMembers(r)
	if len(open) > 0 {
		w.rt.Errorf("attempts that no agent has: %v", open)
	}
}

// compareMembers holds who is logged on, but not for a queue, or paused for it alone, against the database.
func (w *world) compareMembers(r engine.Remembered) {
	w.rt.Helper()
	type place struct {
		agent       queueapp.AgentID
		queue       queueapp.QueueName
		out, paused bool
	}
	want, got := map[place]bool{}, map[place]bool{}
	for _, v := range w.agents {
		for _, q := range v.Queues {
			p := place{v.Agent, q, slices.Contains(v.Absent, q), slices.Contains(v.PausedFor, q)}
			if p.out || p.paused {
				want[p] = true
			}
		}
	}
	for _, m := range r.Members {
		got[place{m.Agent, m.Queue, m.Out, m.Paused}] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.rt.Errorf("members, floor and database: %s", diff)
	}
}

func statusOf(s queueapp.AttemptState) queueapp.AgentStatus {
	switch s {
	case queueapp.AttemptCommitted:
		return queueapp.StatusOffered
	case queueapp.AttemptConnected:
		return queueapp.StatusTalking
	case queueapp.AttemptEnding:
		return queueapp.StatusEnding
	case queueapp.AttemptRinging, queueapp.AttemptBriefing, queueapp.AttemptAsked, queueapp.AttemptUp:
	}
	return queueapp.StatusRinging
}

// compareJournal reads back everything that was committed.
func (w *world) compareJournal() {
	entries, err := w.store.Steps(w.t.Context(), w.name, 0, w.n)
	if err != nil {
		w.rt.Fatal(err)
	}
	var got, want []queueapp.Step
	for _, e := range entries {
		got = append(got, e.Step)
	}
	for _, s := range w.kept {
		switch s.Event.(type) {
		case queueapp.Tick, queueapp.Device:
			if len(s.Effects) == 0 {
				continue
			}
		}
		want = append(want, s)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.rt.Errorf("the journal: %s", diff)
	}
}
