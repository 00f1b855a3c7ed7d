package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/store"
)

func TestAStoryNamesItsCallsShortAndReadsBack(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	hostile := `c1 "` + callTwo + `" => ` + "\x1b[2J\n-- effects --"
	entries := []store.Entry{
		{Floor: "main", Step: queueapp.Step{N: 4, At: at, Event: queueapp.Enter{
			Call: callOne, Queue: "support", Timeout: time.Minute, Switch: "main", Channel: "1.1", Caller: queueapp.Caller{Name: hostile},
		}}},
		{Floor: "main", Step: queueapp.Step{N: 9, At: at.Add(2 * time.Second), Event: queueapp.Hangup{Call: callTwo}, Effects: []queueapp.Effect{
			queueapp.Offer{Attempt: queueapp.AttemptID{Call: callOne, N: 1}, Queue: "support", Agent: "1000", Extension: "1000", Expires: at.Add(time.Minute)},
		}}},
	}
	story, err := tell(callOne, entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := string(story)
	for _, want := range []string{"c1 is call " + callOne, "c2 is call " + callTwo, "enter c1 support", "hangup c2", "offer c1.1 1000"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("a caller's name reaches the terminal as it is")
	}
	again, err := transcript.Parse("story", story)
	if err != nil || len(again.Steps) != len(entries) {
		t.Errorf("%d steps, %v\n%s", len(again.Steps), err, text)
	}
}

// happened has a floor told events, a second apart, and returns them as the journal has them.
func happened(events ...queueapp.Event) []store.Entry {
	at, floor := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), queueapp.NewFloor()
	var entries []store.Entry
	for n, e := range events {
		now := at.Add(time.Duration(n) * time.Second)
		entries = append(entries, store.Entry{Floor: "main", Step: queueapp.Step{N: int64(n), At: now, Event: e, Effects: floor.Handle(now, e)}})
	}
	return entries
}

// A story begins on the floor as it was, and can be put among the transcripts as it is; where it cannot it says so.
func TestAStoryIsATest(t *testing.T) {
	plan := queueapp.Plan{
		Queues: []queueapp.Queue{
			{Name: "sales", Strategy: queueapp.LeastRecent, Ring: time.Minute, Timeout: time.Hour, Members: []queueapp.Member{{Agent: "3000"}}},
			{Name: "support", Strategy: queueapp.LeastRecent, Ring: time.Minute, Timeout: time.Hour, Members: []queueapp.Member{{Agent: "1000"}, {Agent: "2000"}}},
		},
		Agents: []queueapp.Agent{{ID: "1000", Name: "Ana"}, {ID: "2000"}, {ID: "3000"}},
		Extensions: []queueapp.Extension{
			{ID: "1000", Dial: "PJSIP/1000", Device: "PJSIP/1000"}, {ID: "2000", Dial: "PJSIP/2000", Device: "PJSIP/2000"},
			{ID: "3000", Dial: "PJSIP/3000", Device: "PJSIP/3000"}, {ID: "4000", Dial: "PJSIP/4000", Device: "PJSIP/4000"},
		},
	}
	enter := func(id queueapp.CallID, entry int64) queueapp.Event {
		return queueapp.Enter{Call: id, Queue: "support", Entry: entry, Switch: "main", Channel: queueapp.ChannelID(id[:8])}
	}
	first, second := queueapp.AttemptID{Call: callOne, N: 1}, queueapp.AttemptID{Call: callTwo, N: 1}
	open := []queueapp.Event{
		queueapp.Apply{Plan: plan}, queueapp.LogOn{Agent: "1000"}, queueapp.LogOn{Agent: "3000"}, queueapp.LogOn{Agent: "2000"},
		queueapp.Pause{Agent: "2000", Reason: "lunch"},
	}
	talk := func(id queueapp.AttemptID) []queueapp.Event {
		return []queueapp.Event{queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}, queueapp.Up{Attempt: id}, queueapp.Connected{Attempt: id}}
	}
	over := queueapp.Ended{Attempt: first, Cause: queueapp.EndHangup, Q850: 16}
	for name, c := range map[string]struct {
		events []queueapp.Event
		begin  int // of the story
		test   bool
		says   []string
	}{
		"alone": {slices.Concat(open, []queueapp.Event{enter(callOne, 1)}, talk(first), []queueapp.Event{over}), len(open), true,
			[]string{"queue support", `agent 1000 name "Ana"`, `agent 2000 paused "lunch"`}},
		"pulled": {slices.Concat(open, []queueapp.Event{queueapp.Pause{Agent: "1000"}, enter(callOne, 1), queueapp.Pull{Call: callOne, Extension: "4000"}}, talk(first), []queueapp.Event{over}),
			len(open) + 1, true, []string{"pull c1 4000", "extension 4000"}},
		"while another talks": {slices.Concat(open, []queueapp.Event{enter(callTwo, 1)}, talk(second), []queueapp.Event{enter(callOne, 2), queueapp.Hangup{Call: callOne}}),
			len(open) + 4, true, []string{"device 1000 INUSE"}},
		"by the end of another": {slices.Concat(open, []queueapp.Event{enter(callTwo, 1)}, talk(second), []queueapp.Event{
			enter(callOne, 2), queueapp.Ended{Attempt: second, Cause: queueapp.EndHangup}, queueapp.Hangup{Call: callOne}}),
			len(open) + 4, false, []string{"c2 is call " + callTwo}},
	} {
		entries := happened(c.events...)
		story, err := tell(callOne, entries[c.begin:], entries[:c.begin])
		if err != nil {
			t.Fatal(err)
		}
		if test := !strings.Contains(string(story), "This is no test"); test != c.test {
			t.Errorf("%s: a test %t:\n%s", name, test, story)
		}
		for _, want := range c.says {
			if !strings.Contains(string(story), want) {
				t.Errorf("%s: no %q in\n%s", name, want, story)
			}
		}
		if strings.Contains(string(story), "agent 3000") {
			t.Errorf("%s: speaks of who had no part in it:\n%s", name, story)
		}
	}
}
