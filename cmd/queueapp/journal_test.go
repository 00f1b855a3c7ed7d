package main

import (
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
	story, err := tell(callOne, entries)
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
