package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/store"
	"ringside/store/storetest"
)

// owned is a database with a floor plan, a floor, and a connection beside it.
func owned(t testing.TB) (*store.Store, engine.Owner, string) {
	t.Helper()
	address := storetest.New(t)
	s := storetest.OpenAt(t, address, "a:1")
	apply(t, s, "main")
	o := own(t, s, "main")
	load(t, o)
	return s, o, address
}

// A call's whole life is in the tables, and in the report that people read.
func TestACallsLife(t *testing.T) {
	t.Parallel()
	_, o, address := owned(t)
	conn, call := connect(t, address), newCall(t)
	id := queueapp.AttemptID{Call: call, N: 1}
	at := func(s int) time.Time { return noon().Add(time.Duration(s) * time.Second) }
	commit(t, o, enter(1, call, "1000"))
	commit(t, o,
		queueapp.Step{N: 2, At: at(2), Event: queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}, Effects: []queueapp.Effect{
			queueapp.Ring{Attempt: id, Extension: "1000", For: 20 * time.Second},
		}},
		queueapp.Step{N: 3, At: at(3), Event: queueapp.Ringing{Attempt: id}},
		queueapp.Step{N: 4, At: at(6), Event: queueapp.Up{Attempt: id}, Effects: []queueapp.Effect{queueapp.Connect{Attempt: id}}})
	commit(t, o, queueapp.Step{N: 5, At: at(7), Event: queueapp.Connected{Attempt: id}})
	report := `SELECT concat_ws(' ', state, publish, ring_seconds, talk_seconds, ended_by, cause, q850) FROM queueapp.attempt_report WHERE call = $1`
	if got, want := value[string](t, conn, report, call), "connected ok 4.000000"; got != want {
		t.Errorf("while they talk: %q, want %q", got, want)
	}
	commit(t, o, queueapp.Step{N: 6, At: at(67), Event: queueapp.Ended{Attempt: id, Cause: queueapp.EndHangup, Q850: 16}, Effects: []queueapp.Effect{
		queueapp.Close{Attempt: id, By: queueapp.ByAgent, Q850: 16},
		queueapp.WrapUp{Agent: "1000", Until: at(72), Last: at(67)},
		queueapp.Leave{Call: call, Queue: "support", Outcome: queueapp.OutcomeAnswered, Agent: "1000", Then: queueapp.ThenHangUp},
	}})
	if got, want := value[string](t, conn, report, call), "ended ok 4.000000 60.000000 agent hangup 16"; got != want {
		t.Errorf("after: %q, want %q", got, want)
	}
	visit := `SELECT concat_ws(' ', visit, queue, outcome, agent, wait_seconds, talk_seconds, attempts, customers -> 0 ->> 'name') FROM queueapp.visit_report WHERE call = $1`
	if got, want := value[string](t, conn, visit, call), "1 support answered 1000 6.000000 60.000000 1 Company 1"; got != want {
		t.Errorf("the visit: %q, want %q", got, want)
	}
	leg := `SELECT concat_ws(' ', switch, channel) FROM queueapp.legs WHERE call = $1`
	if got, want := value[string](t, conn, leg, call), "main rs1."+string(call)+".1.1"; got != want {
		t.Errorf("the leg: %q, want %q", got, want)
	}
	if n := value[int](t, conn, "SELECT count(*) FROM queueapp.calls WHERE ended_at IS NULL"); n != 0 {
		t.Errorf("%d calls are open", n)
	}
}

// An attempt whose leg was only prepared leaves its agent free when it is revoked, whenever that leg is seen gone: also where
// both are written together.
func TestALegThatWasOnlyPrepared(t *testing.T) {
	t.Parallel()
	_, o, address := owned(t)
	call := newCall(t)
	id := queueapp.AttemptID{Call: call, N: 1}
	commit(t, o, enter(1, call, "1000"))
	revoked := queueapp.Step{N: 2, At: noon().Add(2 * time.Second), Event: queueapp.Hangup{Call: call}, Effects: []queueapp.Effect{
		queueapp.Revoke{Attempt: id, Reason: queueapp.RevokeCallerGone}, queueapp.Leave{Call: call, Outcome: queueapp.OutcomeAbandoned},
	}}
	gone := queueapp.Step{N: 3, At: noon().Add(3 * time.Second), Event: queueapp.Ended{Attempt: id, Cause: queueapp.EndHangup, Q850: 16}}
	commit(t, o, revoked, gone)
	if at := value[time.Time](t, connect(t, address), "SELECT ended_at FROM queueapp.attempts"); !at.Equal(revoked.At) {
		t.Errorf("the attempt ended at %v, want %v", at, revoked.At)
	}
}

// The tables do not let two attempts have one agent or phone, whatever the floor believes, and say which rule it was.
func TestRulesHold(t *testing.T) {
	t.Parallel()
	_, o, address := owned(t)
	call := newCall(t)
	commit(t, o, enter(1, call, "1000"))
	second := enter(2, newCall(t), "")
	second.Effects = []queueapp.Effect{queueapp.Offer{
		Attempt: queueapp.AttemptID{Call: second.Event.(queueapp.Enter).Call, N: 1}, Queue: "support", Agent: "2000", Extension: "1000", Expires: noon(),
	}}
	third := enter(1, newCall(t), "")
	third.N = 2
	for _, c := range []struct {
		rule string
		step queueapp.Step
	}{
		{"attempts_one_open_for_each_agent", enter(2, newCall(t), "1000")},
		{"attempts_one_open_for_each_extension", second},
		{"visits_one_open_for_each_entry", third},
		{"journal_pkey", enter(1, newCall(t), "2000")},
	} {
		if c.rule == "journal_pkey" {
			e := c.step.Event.(queueapp.Enter)
			e.Entry = 99
			c.step.Event = e
		}
		err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{c.step}})
		var v *store.Violation
		if !errors.As(err, &v) || v.Rule != c.rule {
			t.Errorf("%v, want rule %s", err, c.rule)
		}
	}
	if n := value[int](t, connect(t, address), "SELECT count(*) FROM queueapp.calls"); n != 1 {
		t.Errorf("%d calls: something of a refused commit was written", n)
	}
	if err := o.Beat(t.Context()); err != nil {
		t.Errorf("after refused commits: %v", err)
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	_, o, address := owned(t)
	a, b := newCall(t), newCall(t)
	out := func(call queueapp.CallID, seq int64, s int) engine.Outgoing {
		return engine.Outgoing{
			RecordKey: engine.RecordKey{Call: call, Seq: seq}, Attempt: queueapp.AttemptID{Call: call, N: 1}, Extension: "1000",
			Event: "offered", Payload: []byte("<call/>"), At: noon().Add(time.Duration(s) * time.Second),
		}
	}
	err := o.Commit(t.Context(), engine.Batch{
		Steps:   []queueapp.Step{enter(1, a, "1000"), enter(2, b, "2000")},
		Records: []engine.Outgoing{out(b, 1, 3), out(a, 1, 1), out(a, 2, 2), out(b, 2, 4)},
		Sent:    []engine.RecordKey{{Call: a, Seq: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), engine.Batch{Sent: []engine.RecordKey{{Call: b, Seq: 1}, {Call: b, Seq: 77}}}); err != nil {
		t.Fatal(err)
	}
	r := load(t, o)
	if diff := cmp.Diff([]engine.Outgoing{out(a, 2, 2), out(b, 2, 4)}, r.Unsent, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("not sent: %s", diff)
	}
	if diff := cmp.Diff(map[queueapp.CallID]int64{a: 2, b: 2}, r.Seqs); diff != "" {
		t.Errorf("the last of each call: %s", diff)
	}
	conn := connect(t, address)
	if n := value[int](t, conn, "SELECT count(*) FROM queueapp.outbox WHERE done_at IS NOT NULL AND payload IS NULL"); n != 2 {
		t.Errorf("%d records are done and hold no customer's data any more, want 2", n)
	}
	var v *store.Violation
	if err := o.Commit(t.Context(), engine.Batch{Records: []engine.Outgoing{out(a, 2, 5)}}); !errors.As(err, &v) || v.Rule != "outbox_pkey" {
		t.Errorf("the same seq again: %v", err)
	}
	if err := o.Commit(t.Context(), engine.Batch{}); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
}

func TestJournalOfACall(t *testing.T) {
	t.Parallel()
	s, o, _ := owned(t)
	a, b := newCall(t), newCall(t)
	busy := queueapp.Step{N: 3, At: noon(), Event: queueapp.Ended{Attempt: queueapp.AttemptID{Call: a, N: 1}, Cause: queueapp.EndBusy}, Effects: []queueapp.Effect{
		queueapp.Revoke{Attempt: queueapp.AttemptID{Call: a, N: 1}, Reason: queueapp.RevokeBusy}, offer(b, 1, "1000", noon()),
	}}
	due := queueapp.Step{N: 5, At: noon(), Event: queueapp.Tick{}, Effects: []queueapp.Effect{
		queueapp.Leave{Call: a, Queue: "support", Outcome: queueapp.OutcomeTimeout, Then: queueapp.ThenContinue},
	}}
	idle := queueapp.Step{N: 4, At: noon(), Event: queueapp.Tick{}}
	steps := []queueapp.Step{enter(1, a, "1000"), enter(2, b, ""), busy, idle, due}
	commit(t, o, steps...)
	for _, c := range []struct {
		call queueapp.CallID
		want []queueapp.Step
	}{
		{a, []queueapp.Step{steps[0], busy, due}}, {b, []queueapp.Step{steps[1], busy}}, {newCall(t), nil},
	} {
		entries, err := s.Journal(t.Context(), c.call)
		if err != nil {
			t.Fatal(err)
		}
		var got []queueapp.Step
		for _, e := range entries {
			if e.Epoch != o.Epoch() || e.Floor != "main" {
				t.Errorf("epoch %d, floor %s", e.Epoch, e.Floor)
			}
			got = append(got, e.Step)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("journal: %s", diff)
		}
	}
	if _, err := s.Journal(t.Context(), "no call"); err == nil {
		t.Error("an id that is none gave a journal")
	}
	if r := load(t, o); r.NextStep != 6 {
		t.Errorf("the next step is %d: what is not in the journal counts, too", r.NextStep)
	}
}

// A call that comes back is the same call: its attempts are counted on, and it may keep its entry number.
func TestCallThatComesBack(t *testing.T) {
	t.Parallel()
	_, o, address := owned(t)
	call := newCall(t)
	left := queueapp.Step{N: 2, At: noon().Add(2 * time.Second), Event: queueapp.Withdraw{Call: call, Outcome: queueapp.OutcomeWithdrawn}, Effects: []queueapp.Effect{
		queueapp.Revoke{Attempt: queueapp.AttemptID{Call: call, N: 1}, Reason: queueapp.RevokeWithdrawn},
		queueapp.Leave{Call: call, Queue: "support", Outcome: queueapp.OutcomeWithdrawn, Then: queueapp.ThenContinue},
	}}
	again := enter(1, call, "")
	again.N, again.At = 3, noon().Add(3*time.Second)
	again.Effects = []queueapp.Effect{offer(call, 2, "2000", again.At)}
	e := again.Event.(queueapp.Enter)
	e.Channel = "1700000000.99"
	again.Event = e
	commit(t, o, enter(1, call, "1000"), left, again)
	r := load(t, o)
	if len(r.Visits) != 1 || r.Visits[0].Attempts != 2 || r.Visits[0].Entry != 1 || r.Visits[0].Channel != e.Channel {
		t.Errorf("visits %+v", r.Visits)
	}
	if len(r.Attempts) != 1 || r.Attempts[0].Agent != "2000" {
		t.Errorf("attempts %+v", r.Attempts)
	}
	got := value[string](t, connect(t, address), `SELECT string_agg(concat_ws(' ', v.n, v.outcome, a.n), ', ' ORDER BY v.n)
		FROM queueapp.visits v JOIN queueapp.attempts a ON a.call = v.call AND a.visit = v.n`)
	if want := "1 withdrawn 1, 2 2"; got != want {
		t.Errorf("visits and attempts: %q, want %q", got, want)
	}
}
