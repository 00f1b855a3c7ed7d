package queueapp_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
)

// TestAttemptTable keeps the table of an attempt's life in the README true: it is what the floor does, written by -update.
func TestAttemptTable(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- what the floor does: go test -run AttemptTable -update -->\n", "<!-- end -->"
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	said, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no part between %q and %q", begin, end)
	}
	does := attemptTable()
	if *update {
		if err := os.WriteFile("README.md", []byte(before+begin+does+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if said != does {
		t.Errorf("README.md says\n%s\nthe floor does\n%s", said, does)
	}
}

// tableEvents are the table's rows. A nil event is the passing of time.
func tableEvents(p queueapp.Plan) []struct {
	name string
	ev   queueapp.Event
} {
	id := queueapp.AttemptID{Call: "c1", N: 1}
	without := func(change func(*queueapp.Plan)) queueapp.Event {
		change(&p)
		return queueapp.Apply{Plan: p}
	}
	ended := func(c queueapp.EndCause) queueapp.Event { return queueapp.Ended{Attempt: id, Cause: c} }
	return []struct {
		name string
		ev   queueapp.Event
	}{
		{"published, or over budget", queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}},
		{"phone rings", queueapp.Ringing{Attempt: id}},
		{"agent answers", queueapp.Up{Attempt: id}},
		{"both are in the bridge", queueapp.Connected{Attempt: id}},
		{"leg gone: no answer", ended(queueapp.EndNoAnswer)},
		{"leg gone: busy", ended(queueapp.EndBusy)},
		{"leg gone: refused", ended(queueapp.EndRefused)},
		{"leg gone: not reached", ended(queueapp.EndUnreachable)},
		{"leg gone: hung up", ended(queueapp.EndHangup)},
		{"leg gone: lost", ended(queueapp.EndLost)},
		{"caller hangs up", queueapp.Hangup{Call: "c1"}},
		{"caller is withdrawn", queueapp.Withdraw{Call: "c1"}},
		{"deadline", nil},
		{"time is over", nil},
		{"agent logs off", queueapp.LogOff{Agent: "1000"}},
		{"agent pauses", queueapp.Pause{Agent: "1000"}},
		{"agent leaves the plan", without(func(p *queueapp.Plan) { p.Agents = nil })},
		{"phone leaves the plan", without(func(p *queueapp.Plan) { p.Extensions = nil })},
		{"queue leaves the plan", without(func(p *queueapp.Plan) { p.Queues = nil })},
	}
}

func attemptTable() string {
	states := []queueapp.AttemptState{
		queueapp.AttemptCommitted, queueapp.AttemptRinging, queueapp.AttemptUp, queueapp.AttemptConnected,
		queueapp.AttemptEnding,
	}
	var b strings.Builder
	b.WriteString("| |")
	for _, s := range states {
		fmt.Fprintf(&b, " %s |", s)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(states)) + "\n")
	for _, row := range tableEvents(tablePlan()) {
		fmt.Fprintf(&b, "| %s |", row.name)
		for _, s := range states {
			fmt.Fprintf(&b, " %s |", tableCell(s, row.name, row.ev))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func tablePlan() queueapp.Plan {
	return queueapp.Plan{
		Queues: []queueapp.Queue{{
			Name: "support", Strategy: queueapp.LeastRecent, Members: []queueapp.AgentID{"1000"}, Ring: 20 * time.Second,
			Timeout: 10 * time.Minute, JoinEmpty: true, Retry: time.Minute,
		}},
		Agents:     []queueapp.Agent{{ID: "1000"}},
		Extensions: []queueapp.Extension{{ID: "1000"}},
	}
}

// tableCell brings an attempt into a state, lets the event happen and says what comes of it.
func tableCell(s queueapp.AttemptState, name string, ev queueapp.Event) string {
	f, now := queueapp.NewFloor(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	id := queueapp.AttemptID{Call: "c1", N: 1}
	enter := queueapp.Enter{Call: "c1", Queue: "support", Entry: 1}
	if name == "deadline" {
		enter.Timeout = 4 * time.Second
		if s == queueapp.AttemptEnding {
			enter.Timeout = 8 * time.Second
		}
	}
	steps := []queueapp.Event{
		queueapp.Apply{Plan: tablePlan()}, queueapp.LogOn{Agent: "1000"}, enter, // committed
		queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}, queueapp.Up{Attempt: id}, queueapp.Connected{Attempt: id},
	}
	order := []queueapp.AttemptState{
		queueapp.AttemptCommitted, queueapp.AttemptRinging, queueapp.AttemptUp, queueapp.AttemptConnected,
	}
	n := slices.Index(order, s)
	if s == queueapp.AttemptEnding {
		n = slices.Index(order, queueapp.AttemptUp)
	}
	for _, ev := range steps[:3+n] {
		f.Handle(now, ev)
	}
	if s == queueapp.AttemptEnding {
		now = now.Add(5 * time.Second) // the bridge never came about
		f.Handle(now, queueapp.Tick{})
	}
	if ev == nil {
		ev = queueapp.Tick{}
		if next := f.Next(); !next.IsZero() {
			now = next
		}
		if name == "time is over" && (s == queueapp.AttemptCommitted || s == queueapp.AttemptConnected) {
			return "·" // nothing is timed but the caller's deadline
		}
	}
	return outcomeOf(f, string(s), id, f.Handle(now, ev))
}

// outcomeOf is the attempt's next state, what happens to it and to the caller.
func outcomeOf(f *queueapp.Floor, was string, id queueapp.AttemptID, effects []queueapp.Effect) string {
	var does []string
	for _, e := range effects {
		switch e := e.(type) {
		case queueapp.Ring:
			does = append(does, "ring")
		case queueapp.Connect:
			does = append(does, "connect")
		case queueapp.Revoke:
			does = append(does, "revoke "+string(e.Reason))
		case queueapp.HangUp:
			does = append(does, "hang up")
		case queueapp.Close:
			does = append(does, "close by "+string(e.By))
		case queueapp.Leave:
			does = append(does, "caller leaves: "+string(e.Outcome))
		}
	}
	if v, ok := f.Call(id.Call); ok && v.State == "waiting" && was != string(queueapp.AttemptEnding) {
		does = append(does, "caller waits")
	}
	next := f.State(id)
	switch {
	case next == was && len(does) == 0:
		return "·"
	case next == was:
		return strings.Join(does, ", ")
	case len(does) == 0:
		return "→ **" + next + "**"
	}
	return "→ **" + next + "**: " + strings.Join(does, ", ")
}
