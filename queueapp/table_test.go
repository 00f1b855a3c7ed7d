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

// TestTables keeps the tables in the README true: they are what the floor does, written by -update.
func TestTables(t *testing.T) {
	t.Parallel()
	tableIs(t, "attempt", attemptColumns(), attemptRows(), attemptCell)
	tableIs(t, "visit", visitColumns(), visitRows(), visitCell)
}

// tableIs asserts that the README's table of that name is what the floor does.
func tableIs(t *testing.T, name string, columns []string, rows []row, cell func(row, string) string) {
	t.Helper()
	begin, end := "<!-- "+name+": what the floor does; go test -run Tables -update -->\n", "<!-- end -->"
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	said, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no part between %q and %q", begin, end)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.name)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", cell(r, c))
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(before+begin+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if said != b.String() {
		t.Errorf("README.md says\n%s\nthe floor does\n%s", said, b.String())
	}
}

func tablePlan() queueapp.Plan {
	return queueapp.Plan{
		Queues: []queueapp.Queue{{
			Name: "support", Strategy: queueapp.LeastRecent, Members: []queueapp.Member{{Agent: "1000"}, {Agent: "1001"}}, Ring: 20 * time.Second,
			Timeout: 10 * time.Minute, Retry: time.Minute,
		}},
		Agents: []queueapp.Agent{{ID: "1000"}, {ID: "1001"}},
		Extensions: []queueapp.Extension{
			{ID: "1000", Switch: "main"}, {ID: "1001", Switch: "main"}, {ID: "2000", Switch: "main"},
		},
	}
}

// attemptCell brings an attempt into a state, lets the row's event happen and says what comes of it.
func attemptCell(r row, state string) string {
	first, passed := 10*time.Minute, time.Duration(0)
	if r.due == theDeadline { // before all else that is timed
		first = 4 * time.Second
	}
	f, now := queueapp.NewFloor(), tableNoon()
	steps := attemptSteps(first)
	if b, told := tableBriefings()[state]; told {
		p := tablePlan()
		p.Queues[0].Briefing = b
		steps[0], state = queueapp.Apply{Plan: p}, "up"
	}
	order := []string{"committed", "ringing", "up", "connected"}
	n := slices.Index(order, state)
	if n < 0 { // ending and gone: the bridge never came about
		n, passed = slices.Index(order, "up"), 5*time.Second
		if r.due == theDeadline {
			steps[2] = tableEnter(8 * time.Second)
		}
	}
	for _, ev := range steps[:3+n] {
		f.Handle(now, ev)
	}
	if now = now.Add(passed); passed > 0 {
		f.Handle(now, queueapp.Tick{})
	}
	if state == "gone" {
		f.Handle(now, queueapp.Ended{Attempt: tableAttempt(), Cause: queueapp.EndHangup})
	}
	for _, ev := range r.before {
		f.Handle(now, ev)
	}
	return tableTurn(f, r, now, func() string { return f.State(tableAttempt()) })
}

// tableBriefings are the briefings of the states between an answer and an agent who has the caller.
func tableBriefings() map[string]queueapp.Briefing {
	return map[string]queueapp.Briefing{
		"briefing": {Announce: []string{"ringside/queue-support"}},
		"asked":    {Accept: "1", Within: 5 * time.Second},
	}
}

func tableNoon() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

func tableAttempt() queueapp.AttemptID { return queueapp.AttemptID{Call: "c1", N: 1} }

func tableEnter(timeout time.Duration) queueapp.Event {
	return queueapp.Enter{Call: "c1", Queue: "support", Entry: 1, Timeout: timeout, Switch: "main"}
}

// attemptSteps is a call's way to its conversation; the first three commit the attempt.
func attemptSteps(timeout time.Duration) []queueapp.Event {
	id := tableAttempt()
	return []queueapp.Event{
		queueapp.Apply{Plan: tablePlan()}, queueapp.LogOn{Agent: "1000"}, tableEnter(timeout),
		queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}, queueapp.Up{Attempt: id}, queueapp.Connected{Attempt: id},
	}
}

// tableTurn lets the row's event happen and says what became of what state tells of, and what is done.
func tableTurn(f *queueapp.Floor, r row, now time.Time, state func() string) string {
	ev := r.event
	if r.due != nothing {
		if !f.Due(now.Add(time.Hour), "c1", string(r.due)) {
			return "·" // nothing of the kind is timed
		}
		now, ev = f.Next(), queueapp.Tick{}
	}
	was := state()
	does := strings.Join(tableEffects(f.Handle(now, ev)), ", ")
	next := state()
	switch {
	case next == was && does == "":
		return "·"
	case next == was:
		return does
	case does == "":
		return "→ **" + next + "**"
	}
	return "→ **" + next + "**: " + does
}

// visitCell brings a visit into a state, lets the row's event happen and says what comes of it.
func visitCell(r row, state string) string {
	timeout := 10 * time.Minute
	if r.due == theDeadline {
		timeout = 4 * time.Second
	}
	f, now := queueapp.NewFloor(), tableNoon()
	steps := attemptSteps(timeout)
	switch state {
	case "waiting":
		steps = []queueapp.Event{steps[0], steps[2]}
	case "offered":
		steps = steps[:4]
	case "answered":
		steps = steps[:5]
	case "gone":
		steps = append(steps[:4], queueapp.Ended{Attempt: tableAttempt()}, queueapp.Hangup{Call: "c1"})
	}
	for _, ev := range slices.Concat(steps, r.before) {
		f.Handle(now, ev)
	}
	return tableTurn(f, r, now, func() string { return f.VisitState("c1") })
}

// tableEffects says in the tables' words what is done about an attempt and its caller.
func tableEffects(effects []queueapp.Effect) []string {
	var does []string
	for _, e := range effects {
		switch e := e.(type) {
		case queueapp.Offer:
			does = append(does, "offer")
		case queueapp.Ring:
			does = append(does, "ring")
		case queueapp.Brief:
			does = append(does, "brief")
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
		case queueapp.Refused:
			does = append(does, "refused: "+string(e.Reason))
		}
	}
	return does
}
