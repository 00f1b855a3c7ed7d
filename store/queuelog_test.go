package store_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/store"
	"ringside/store/logfile"
	"ringside/store/queuelog"
	"ringside/store/queuelog/queuelogtest"
	"ringside/store/storetest"
)

// queueLog reads a floor's queue_log, as the lines of Asterisk's file.
func queueLog(t testing.TB, s *store.Store, floor string) (lines []string) {
	t.Helper()
	const few = 100 // long logs are read in several parts
	var after queuelog.Place
	for {
		entries, err := s.QueueLog(t.Context(), floor, after, few)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.After(after) {
				t.Fatalf("%+v comes after %+v", e.Place, after)
			}
			after = e.Place
			lines = append(lines, e.Line())
		}
		if len(entries) < few {
			break
		}
	}
	end, err := s.QueueLogEnd(t.Context(), floor)
	if err != nil || end != after {
		t.Fatalf("the end is %+v, want %+v: %v", end, after, err)
	}
	return lines
}

// audited is what the audit says of a floor's queue_log.
func audited(t testing.TB, s *store.Store, floor string) (found []string) {
	t.Helper()
	all, err := s.Audit(t.Context(), floor, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range all {
		if strings.Contains(what, "queue_log") {
			found = append(found, what)
		}
	}
	return found
}

// The audit finds an entry that is missing, and one that is there twice.
func TestQueueLogIsAudited(t *testing.T) {
	t.Parallel()
	s, o, address := owned(t)
	conn, call := connect(t, address), newCall(t)
	plan, floor := apply(t, s, "main"), "main"
	commit(t, o, queueapp.Step{N: 1, At: noon(), Event: queueapp.Apply{Plan: plan.Floor}}, enter(2, call, ""),
		queueapp.Step{N: 3, At: noon().Add(time.Minute), Event: queueapp.Hangup{Call: call}, Effects: []queueapp.Effect{
			queueapp.Leave{Call: call, Queue: "support", Outcome: queueapp.OutcomeAbandoned, Then: queueapp.ThenNothing},
		}})
	if found := audited(t, s, floor); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	exec(t, conn, "UPDATE queueapp.queue_log SET event = 'CONNECT' WHERE event = 'ABANDON'")
	if found := audited(t, s, floor); len(found) != 1 {
		t.Errorf("of an end that is missing: %q", found)
	}
	exec(t, conn, "UPDATE queueapp.queue_log SET event = 'ENTERQUEUE' WHERE event = 'CONNECT'")
	if found := audited(t, s, floor); len(found) != 2 {
		t.Errorf("of a second begin: %q", found)
	}
}

// What the log goes on from after a restart: who stood where, since when agents are logged on, and the members.
func TestQueueLogGoesOn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	plan := apply(t, s, "main")
	c1, c2 := newCall(t), newCall(t)
	at := func(n int64) time.Time { return noon().Add(time.Duration(n) * time.Second) }
	first := own(t, s, "main")
	load(t, first)
	up := enter(3, c1, "1000")
	commit(t, first, queueapp.Step{N: 1, At: at(1), Event: queueapp.Apply{Plan: plan.Floor}},
		queueapp.Step{N: 2, At: at(2), Event: queueapp.LogOn{Agent: "1000"}, Effects: []queueapp.Effect{
			queueapp.LoggedOn{Agent: "1000", Extension: "1000"},
		}}, up, enter(4, c2, ""))
	select {
	case <-s.QueueLogged():
	default:
		t.Error("nobody hears of what was written")
	}
	release(t, first)

	second := own(t, s, "main")
	r := load(t, second)
	steps := []queueapp.Step{{N: 5, At: at(10), Event: queueapp.Apply{Plan: plan.Floor}}}
	for _, a := range r.Agents {
		steps = append(steps, queueapp.Step{N: 5 + int64(len(steps)), At: at(10), Event: a})
	}
	for _, v := range r.Visits {
		steps = append(steps, queueapp.Step{N: 5 + int64(len(steps)), At: at(10), Event: v})
	}
	steps = append(steps,
		queueapp.Step{N: 20, At: at(11), Event: queueapp.Hangup{Call: c1}, Effects: []queueapp.Effect{
			queueapp.Leave{Call: c1, Queue: "support", Outcome: queueapp.OutcomeAbandoned, Then: queueapp.ThenNothing},
		}},
		queueapp.Step{N: 21, At: at(12), Event: queueapp.Hangup{Call: c2}, Effects: []queueapp.Effect{
			queueapp.Leave{Call: c2, Queue: "support", Outcome: queueapp.OutcomeAbandoned, Then: queueapp.ThenNothing},
		}},
		queueapp.Step{N: 22, At: at(13), Event: queueapp.LogOff{Agent: "1000"}, Effects: []queueapp.Effect{
			queueapp.LoggedOff{Agent: "1000", Extension: "1000"},
		}})
	commit(t, second, steps...)
	want := []string{
		"1893585601|NONE|NONE|NONE|QUEUESTART|",
		"1893585601|REALTIME|support|1000|ADDMEMBER|",
		"1893585601|REALTIME|support|2000|ADDMEMBER|",
		"1893585601|REALTIME|support|3000|ADDMEMBER|",
		"1893585602|NONE|NONE|1000|AGENTLOGIN|PJSIP/1000",
		"1893585603|1700000000.3|support|NONE|ENTERQUEUE|https://crm/1?a=1&b=2|0301234567|1|Ana Müller",
		"1893585604|1700000000.4|support|NONE|ENTERQUEUE|https://crm/1?a=1&b=2|0301234567|2|Ana Müller",
		"1893585610|NONE|NONE|NONE|QUEUESTART|",
		"1893585611|1700000000.3|support|NONE|ABANDON|1|1|8",
		"1893585612|1700000000.4|support|NONE|ABANDON|1|2|8",
		"1893585613|NONE|NONE|1000|AGENTLOGOFF|PJSIP/1000|11",
	}
	if diff := cmp.Diff(want, queueLog(t, s, "main")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// compareQueueLog holds the queue_log to what anybody can count: over all restarts every caller ends once.
func (w *world) compareQueueLog() {
	ledger := queuelogtest.NewLedger()
	for _, text := range queueLog(w.t, w.store, w.name) {
		l, err := queuelogtest.Parse(text)
		if err == nil {
			err = ledger.Book(l)
		}
		if err != nil {
			w.rt.Fatal(err)
		}
	}
	open := map[string]bool{}
	for _, c := range w.calls {
		open[string(c.Channel)] = true
	}
	if got := ledger.Open(); len(got) != len(open) {
		w.rt.Fatalf("in the log %v, on the floor %v", got, open)
	}
}

// seen is a store that tells when its queue_log was read to the end.
type seen struct {
	*store.Store
	end chan queuelog.Place
}

func (s seen) QueueLog(ctx context.Context, floor string, after queuelog.Place, most int) ([]queuelog.Entry, error) {
	entries, err := s.Store.QueueLog(ctx, floor, after, most)
	if err == nil && len(entries) == 0 {
		select {
		case s.end <- after:
		case <-ctx.Done():
		}
	}
	return entries, err
}

// The file has what the owner writes, as soon as it is durable.
func TestQueueLogFile(t *testing.T) {
	t.Parallel()
	s, o, _ := owned(t)
	name := filepath.Join(t.TempDir(), "queue_log")
	table := seen{s, make(chan queuelog.Place)}
	f := logfile.New(logfile.Config{Name: name, Floor: "main", Table: table, Log: slog.New(slog.DiscardHandler)})
	if err := f.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	for n := range int64(3) {
		commit(t, o, enter(n+1, newCall(t), ""))
		for at := (queuelog.Place{}); at.Step != n+1; {
			select {
			case at = <-table.end:
			case <-time.After(soon):
				t.Fatalf("the file is at step %d", at.Step)
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(name)
	if want := strings.Join(queueLog(t, s, "main"), "\n") + "\n"; err != nil || string(got) != want {
		t.Errorf("the file has\n%s, want\n%s: %v", got, want, err)
	}
}
