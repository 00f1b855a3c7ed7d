package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/store"
)

// stage is the floor as it was when a story begins: its plan, its agents and what their phones were doing, as far as the
// steps before tell it, and cut to the queues that the story is about.
func stage(at time.Time, before, story []store.Entry) transcript.Transcript {
	floor, plan := queueapp.NewFloor(), queueapp.Plan{}
	for _, e := range before {
		floor.Handle(e.At, e.Event)
		if apply, ok := e.Event.(queueapp.Apply); ok {
			plan = apply.Plan
		}
	}
	t := transcript.Transcript{Origin: at}
	cast := map[queueapp.AgentID]bool{}
	for _, q := range plan.Queues {
		if slices.ContainsFunc(story, func(e store.Entry) bool { return enters(e.Event, q.Name) }) {
			t.Plan.Queues = append(t.Plan.Queues, q)
			for _, m := range q.Members {
				cast[m.Agent] = true
			}
		}
	}
	pulled := map[queueapp.ExtensionID]bool{}
	for _, e := range story {
		if p, ok := e.Event.(queueapp.Pull); ok {
			pulled[p.Extension] = true
			if a, seated := floor.At(p.Extension); seated {
				cast[a] = true
			}
		}
	}
	for _, a := range floor.Agents() {
		if cast[a.Agent] && a.Extension != "" {
			t.Agents = append(t.Agents, remembered(a))
			if a.Call != "" { // with another caller
				t.Steps = append(t.Steps, queueapp.Step{At: at, Event: queueapp.Device{Extension: a.Extension, State: queueapp.DeviceInUse}})
			}
		}
	}
	seat(&t, plan, cast, pulled)
	return t
}

// seat adds who plays a part, and the phones that they sit at, or that an operator has named.
func seat(t *transcript.Transcript, plan queueapp.Plan, cast map[queueapp.AgentID]bool, pulled map[queueapp.ExtensionID]bool) {
	for _, a := range plan.Agents {
		if cast[a.ID] {
			t.Plan.Agents = append(t.Plan.Agents, a)
		}
	}
	for _, x := range plan.Extensions {
		seated := slices.ContainsFunc(t.Agents, func(a queueapp.RestoreAgent) bool { return a.Extension == x.ID })
		if seated || pulled[x.ID] || cast[queueapp.AgentID(x.ID)] {
			t.Plan.Extensions = append(t.Plan.Extensions, x)
		}
	}
}

// enters reports whether by an event a caller is in a queue.
func enters(e queueapp.Event, q queueapp.QueueName) bool {
	switch e := e.(type) {
	case queueapp.Enter:
		return e.Queue == q
	case queueapp.RestoreVisit:
		return e.Queue == q
	}
	return false
}

func remembered(a queueapp.AgentView) queueapp.RestoreAgent {
	r := queueapp.RestoreAgent{
		Agent: a.Agent, Extension: a.Extension, Paused: a.Status == queueapp.StatusPaused, Reason: a.Reason,
		LastCall: a.LastCall, NoAnswers: a.NoAnswers,
	}
	if a.Status == queueapp.StatusWrapUp {
		r.WrapUntil = a.Until
	}
	return r
}

// proved prints a story, and where it does not come out so on a floor of its own, says that first: it is no test as it is.
func proved(t transcript.Transcript) ([]byte, error) {
	text := transcript.Print(t)
	read, err := transcript.Parse("story", text)
	if err != nil {
		return nil, fmt.Errorf("print the story: %w", err)
	}
	if done, err := transcript.Run(read, queueapp.NewFloor()); err != nil || !bytes.Equal(transcript.Print(done), transcript.Print(read)) {
		t.Prose += "\nThis is no test by itself: other calls, phones that were away, or a restart had a part in it."
		text = transcript.Print(t)
	}
	return text, nil
}
