package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// Whose visit ended last is told to the next owner, with the channel, unless the caller hung up or that was long ago.
func TestWhoIsOnTheWayOut(t *testing.T) {
	t.Parallel()
	_, o, _ := owned(t)
	early, timedOut, answered, abandoned := newCall(t), newCall(t), newCall(t), newCall(t)
	n := int64(0)
	step := func(at time.Duration, ev queueapp.Event, effects ...queueapp.Effect) {
		n++
		commit(t, o, queueapp.Step{N: n, At: noon().Add(at), Event: ev, Effects: effects})
	}
	leave := func(call queueapp.CallID, outcome queueapp.Outcome, then queueapp.Then) queueapp.Leave {
		return queueapp.Leave{Call: call, Queue: "support", Outcome: outcome, Then: then}
	}
	for i, call := range []queueapp.CallID{early, timedOut, answered, abandoned} {
		ev := enter(int64(i+1), call, "").Event.(queueapp.Enter)
		ev.Channel = queueapp.ChannelID("ch-" + call)
		step(0, ev)
	}
	step(time.Second, queueapp.Tick{}, leave(early, queueapp.OutcomeTimeout, queueapp.ThenContinue))
	step(time.Minute, queueapp.Tick{}, leave(answered, queueapp.OutcomeAnswered, queueapp.ThenHangUp),
		leave(timedOut, queueapp.OutcomeTimeout, queueapp.ThenContinue))
	step(time.Minute, queueapp.Hangup{Call: abandoned}, leave(abandoned, queueapp.OutcomeAbandoned, queueapp.ThenNothing))
	want := []engine.Leaving{
		{Leave: leave(answered, queueapp.OutcomeAnswered, queueapp.ThenHangUp), Switch: "main", Channel: queueapp.ChannelID("ch-" + answered)},
		{Leave: leave(timedOut, queueapp.OutcomeTimeout, queueapp.ThenContinue), Switch: "main", Channel: queueapp.ChannelID("ch-" + timedOut)},
	}
	if diff := cmp.Diff(want, load(t, o).Leaving, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}
