package projection_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringside/queueapp"
	"ringside/store/projection"
)

func at(s int) time.Time {
	if s < 0 {
		return time.Time{}
	}
	return time.Date(2030, 1, 2, 12, 0, s, 0, time.UTC)
}

// steps makes steps one second apart from events, each followed by its effects.
func steps(items ...any) []queueapp.Step {
	var out []queueapp.Step
	for _, item := range items {
		switch v := item.(type) {
		case queueapp.Event:
			out = append(out, queueapp.Step{N: int64(len(out) + 1), At: at(len(out)), Event: v})
		case queueapp.Effect:
			last := &out[len(out)-1]
			last.Effects = append(last.Effects, v)
		}
	}
	return out
}

func id(n int) queueapp.AttemptID { return queueapp.AttemptID{Call: "c1", N: n} }

func offer(n int) queueapp.Offer {
	return queueapp.Offer{Attempt: id(n), Queue: "support", Agent: "1000", Extension: "2000", Expires: at(59)}
}

func enter() queueapp.Enter {
	return queueapp.Enter{Call: "c1", Queue: "support", Entry: 7, Priority: 2, Timeout: 30 * time.Second}
}

func TestProjectVisits(t *testing.T) {
	t.Parallel()
	visit := projection.Visit{Enter: enter(), At: at(0), Deadline: at(30)}
	left := visit
	left.Ended, left.Outcome = at(1), queueapp.OutcomeTimeout
	leave := queueapp.Leave{Call: "c1", Queue: "support", Outcome: queueapp.OutcomeTimeout, Then: queueapp.ThenContinue}
	for _, c := range []struct {
		name  string
		steps []queueapp.Step
		want  []projection.Rows
	}{
		{"nothing", nil, []projection.Rows{{}}},
		{"ticks leave no rows", steps(queueapp.Tick{}), []projection.Rows{{}}},
		{"enter", steps(enter()), []projection.Rows{{Visits: []projection.Visit{visit}}}},
		{"enter and leave", steps(enter(), queueapp.Tick{}, leave), []projection.Rows{{Visits: []projection.Visit{left}}}},
		{"entering twice is entering once", steps(enter(), enter()), []projection.Rows{{Visits: []projection.Visit{visit}}}},
		{"what was due when somebody entered twice", steps(enter(), enter(), offer(1)), []projection.Rows{{
			Visits: []projection.Visit{visit},
			Offers: []projection.Attempt{{ID: id(1), Queue: "support", Agent: "1000", Extension: "2000", Offered: at(1), Expires: at(59)}},
		}}},
		{"leaving twice is leaving once", steps(queueapp.Tick{}, leave, leave), []projection.Rows{
			{Leaves: []projection.Leave{{Call: "c1", At: at(0), Outcome: queueapp.OutcomeTimeout}}},
		}},
		{
			"coming back begins a part", steps(enter(), queueapp.Tick{}, leave, enter()),
			[]projection.Rows{
				{Visits: []projection.Visit{left}},
				{Visits: []projection.Visit{{Enter: enter(), At: at(2), Deadline: at(32)}}},
			},
		},
		{
			"leaving and coming back in one step", steps(enter(), enter(), leave),
			[]projection.Rows{
				{Visits: []projection.Visit{left}},
				{Visits: []projection.Visit{{Enter: enter(), At: at(1), Deadline: at(31)}}},
			},
		},
		{"a priority of a new visit", steps(enter(), queueapp.Prioritise{Call: "c1", Priority: 9}), []projection.Rows{{
			Visits: []projection.Visit{{Enter: prioritised(9), At: at(0), Deadline: at(30)}},
		}}},
		{"who a new caller is", steps(enter(), queueapp.Identify{Call: "c1", Customers: somebody()}), []projection.Rows{{
			Visits: []projection.Visit{{Enter: identified(somebody()), At: at(0), Deadline: at(30)}},
		}}},
		{"the last look-up counts", steps(queueapp.Identify{Call: "c2"}, queueapp.Identify{Call: "c2", Customers: somebody()}), []projection.Rows{{
			Callers: []queueapp.Identify{{Call: "c2", Customers: somebody()}},
		}}},
		{"the last priority counts", steps(queueapp.Prioritise{Call: "c2", Priority: 9}, queueapp.Prioritise{Call: "c2", Priority: 8}), []projection.Rows{{
			Moves: []projection.Move{{Call: "c2", Priority: 8}},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			project(t, c.steps, c.want)
		})
	}
}

func project(t *testing.T, steps []queueapp.Step, want []projection.Rows) {
	t.Helper()
	if diff := cmp.Diff(want, projection.New().Project(steps), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows: %s", diff)
	}
}

func TestProjectAttempts(t *testing.T) {
	t.Parallel()
	offered := projection.Attempt{ID: id(1), Queue: "support", Agent: "1000", Extension: "2000", Offered: at(0), Expires: at(59)}
	for _, c := range []struct {
		name  string
		steps []queueapp.Step
		want  []projection.Rows
	}{
		{"offer", steps(queueapp.Tick{}, offer(1)), []projection.Rows{{Offers: []projection.Attempt{offered}}}},
		{"revoked before a leg was asked for: ended", steps(queueapp.Tick{}, offer(1), queueapp.Hangup{Call: "c1"}, revoke(queueapp.RevokeCallerGone)), []projection.Rows{{
			Offers: []projection.Attempt{with(offered, func(a *projection.Attempt) {
				a.Closed, a.Reason, a.Ended = at(1), queueapp.RevokeCallerGone, at(1)
			})},
		}}},
		{"its leg was only prepared: ended as it was revoked", steps(queueapp.Tick{}, offer(1), queueapp.Hangup{Call: "c1"}, revoke(queueapp.RevokeCallerGone),
			queueapp.Ended{Attempt: id(1), Cause: queueapp.EndHangup, Q850: 16}), []projection.Rows{{
			Offers: []projection.Attempt{with(offered, func(a *projection.Attempt) {
				a.Closed, a.Reason, a.Ended, a.Cause, a.Q850 = at(1), queueapp.RevokeCallerGone, at(1), queueapp.EndHangup, 16
			})},
		}}},
		{"revoked after: the leg is yet to be seen gone", steps(queueapp.Offered{Attempt: id(1), Publish: queueapp.PublishLate}, ring(), queueapp.Hangup{Call: "c1"}, revoke(queueapp.RevokeCallerGone)), []projection.Rows{{
			Attempts: []projection.Attempt{{
				ID: id(1), Publish: queueapp.PublishLate, Published: at(0), Rang: at(0), Closed: at(1), Reason: queueapp.RevokeCallerGone,
			}},
			Legs: []projection.Leg{{Attempt: id(1), N: 1}},
		}}},
		{"a conversation", steps(queueapp.Up{Attempt: id(1)}, queueapp.Connect{Attempt: id(1)}, queueapp.Connected{Attempt: id(1)},
			queueapp.Hangup{Call: "c1", Q850: 16}, queueapp.Close{Attempt: id(1), By: queueapp.ByCaller, Q850: 16},
			queueapp.Ended{Attempt: id(1), Cause: queueapp.EndHangup, Q850: 17}), []projection.Rows{{
			Attempts: []projection.Attempt{{
				ID: id(1), Answered: at(0), Connected: at(1), Closed: at(2), By: queueapp.ByCaller, Ended: at(3), Cause: queueapp.EndHangup, Q850: 17,
			}},
		}}},
		{"connected too late is not connected", steps(queueapp.Tick{}, revoke(queueapp.RevokeLost), queueapp.Connected{Attempt: id(1)}), []projection.Rows{{
			Attempts: []projection.Attempt{{ID: id(1), Closed: at(0), Reason: queueapp.RevokeLost}},
		}}},
		{"connected when it was due to be given up", steps(queueapp.Connected{Attempt: id(1)}, revoke(queueapp.RevokeLost)), []projection.Rows{{
			Attempts: []projection.Attempt{{ID: id(1), Closed: at(0), Reason: queueapp.RevokeLost}},
		}}},
		{"connected before the answer is not connected", steps(queueapp.Connected{Attempt: id(1)}, queueapp.Up{Attempt: id(1)}, queueapp.Connect{Attempt: id(1)}), []projection.Rows{{
			Attempts: []projection.Attempt{{ID: id(1), Answered: at(1)}},
		}}},
		{"an answer that comes late is none", steps(queueapp.Up{Attempt: id(1)}, queueapp.HangUp{Attempt: id(1)}), []projection.Rows{{}}},
		{"what a new owner learns from the switch", steps(queueapp.RestoreAttempt{Attempt: id(1), State: queueapp.AttemptUp, Rang: at(40)}, queueapp.Connect{Attempt: id(1)}), []projection.Rows{{
			Attempts: []projection.Attempt{{ID: id(1), Rang: at(40), Answered: at(0)}},
		}}},
		{"connected, nobody saw when", steps(queueapp.Tick{}, queueapp.RestoreAttempt{Attempt: id(1), State: queueapp.AttemptConnected, Rang: at(40), Answered: at(41)}), []projection.Rows{{
			Attempts: []projection.Attempt{{ID: id(1), Rang: at(40), Answered: at(41), Connected: at(1)}},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			project(t, c.steps, c.want)
		})
	}
}

func TestProjectAgents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		steps []queueapp.Step
		want  []projection.Rows
	}{
		{"logged on elsewhere", steps(queueapp.LogOn{Agent: "1000"}, queueapp.LoggedOff{Agent: "1000", Extension: "1"}, queueapp.LoggedOn{Agent: "1000", Extension: "2"},
			queueapp.LogOff{Agent: "1000"}, queueapp.LoggedOff{Agent: "1000", Extension: "2"}), []projection.Rows{{
			LogOffs:  []projection.LogOff{{Agent: "1000", At: at(0)}},
			Sessions: []projection.Session{{Agent: "1000", Extension: "2", Began: at(0), Ended: at(1)}},
		}}},
		{"a pause for another reason", steps(queueapp.Pause{Agent: "1000"}, queueapp.Paused{Agent: "1000", Reason: "a"}, queueapp.Pause{Agent: "1000"}, queueapp.Paused{Agent: "1000", Reason: "b", Auto: true}), []projection.Rows{{
			Unpauses: []projection.Unpause{{Agent: "1000", At: at(0)}},
			Pauses: []projection.Pause{
				{Agent: "1000", Reason: "a", Began: at(0), Ended: at(1)}, {Agent: "1000", Reason: "b", Auto: true, Began: at(1)},
			},
		}}},
		{"the last wrap-up and the last misses count", steps(queueapp.Tick{}, queueapp.WrapUp{Agent: "1000", Until: at(1)}, queueapp.WrapUp{Agent: "1000", Until: at(2), Last: at(1)},
			queueapp.Missed{Agent: "1000", Count: 1}, queueapp.Missed{Agent: "1000", Count: 2}), []projection.Rows{{
			WrapUps: []projection.WrapUp{{Agent: "1000", Until: at(2), Last: at(1)}},
			Misses:  []projection.Misses{{Agent: "1000", Count: 2}},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			project(t, c.steps, c.want)
		})
	}
}

func prioritised(n int) queueapp.Enter {
	e := enter()
	e.Priority = n
	return e
}

func somebody() []queueapp.Customer {
	return []queueapp.Customer{{ID: "1", Code: "1111", Name: "Company 1", Match: queueapp.MatchCode}}
}

func identified(who []queueapp.Customer) queueapp.Enter {
	e := enter()
	e.Customers = who
	return e
}

func revoke(why queueapp.RevokeReason) queueapp.Revoke {
	return queueapp.Revoke{Attempt: id(1), Reason: why}
}

func ring() queueapp.Ring {
	return queueapp.Ring{Attempt: id(1), Extension: "2000", For: 20 * time.Second}
}

func with(a projection.Attempt, f func(*projection.Attempt)) projection.Attempt {
	f(&a)
	return a
}

func TestQueueTimeoutsComeFromTheLastPlan(t *testing.T) {
	t.Parallel()
	p := projection.New()
	e := enter()
	e.Timeout = 0
	p.Project(steps(queueapp.Apply{Plan: queueapp.Plan{Queues: []queueapp.Queue{{Name: "support", Timeout: time.Second}}}}))
	rows := p.Project(steps(queueapp.Apply{Plan: queueapp.Plan{Queues: []queueapp.Queue{{Name: "support", Timeout: 20 * time.Second}}}}, e))
	if got := rows[0].Visits[0].Deadline; !got.Equal(at(21)) {
		t.Errorf("deadline %s, want %s", got, at(21))
	}
}

func TestCallsThatAreInsideAreRemembered(t *testing.T) {
	t.Parallel()
	p := projection.New("c1")
	if rows := p.Project(steps(enter())); len(rows[0].Visits) != 0 {
		t.Errorf("a call that is in a queue entered again: %+v", rows)
	}
	p.Project(steps(queueapp.Tick{}, queueapp.Leave{Call: "c1", Outcome: queueapp.OutcomeKey}))
	if rows := p.Project(steps(enter())); len(rows[0].Visits) != 1 {
		t.Errorf("a call that has left could not come back: %+v", rows)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	all := steps(queueapp.Tick{}, queueapp.Device{Extension: "1000"}, queueapp.Hold{Why: "x"},
		queueapp.Tick{}, queueapp.Leave{Call: "c1", Queue: "q", Outcome: queueapp.OutcomeTimeout},
		queueapp.Ended{Attempt: id(1), Cause: queueapp.EndBusy}, queueapp.Revoke{Attempt: id(1), Reason: queueapp.RevokeBusy},
		queueapp.Offer{Attempt: queueapp.AttemptID{Call: "c2", N: 1}, Queue: "q", Agent: "1", Extension: "1", Expires: at(9)},
		queueapp.HangUp{Attempt: queueapp.AttemptID{Call: "c2", N: 1}})
	lines := projection.Journal(all)
	type key struct {
		N        int64
		Call     queueapp.CallID
		Mentions []queueapp.CallID
	}
	var got []key
	for i, l := range lines {
		got = append(got, key{l.N, l.Call, l.Mentions})
		step, err := projection.Read(l.N, l.At, l.Event, lineByLine(l.Effects))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all[l.N-1], step, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("line %d: %s", i, diff)
		}
	}
	want := []key{{3, "", nil}, {4, "", []queueapp.CallID{"c1"}}, {5, "c1", []queueapp.CallID{"c2"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines: %s", diff)
	}
}

func lineByLine(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
