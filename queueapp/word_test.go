package queueapp_test

import (
	"testing"

	"ringside/queueapp"
)

func FuzzParseAttemptID(f *testing.F) {
	for _, s := range []string{"c1.1", "0198c0de-0000-7000-8000-000000000001.12", "a.b.3", "", ".", "c1.", "c1.0", "c1.01", "c1.+1", ".1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := queueapp.ParseAttemptID(s)
		if err != nil {
			if !id.IsZero() {
				t.Errorf("%q is refused and gives %v", s, id)
			}
			return
		}
		if id.String() != s || id.N < 1 || id.Call == "" {
			t.Errorf("%q reads as %+v", s, id)
		}
	})
}

func TestAttemptIDsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", ".", ".1", "c1", "c1.", "c1.0", "c1.-1", "c1.01", "c1.+1", "c1.1 ", "c1.99999999999999999999"} {
		if id, err := queueapp.ParseAttemptID(s); err == nil {
			t.Errorf("%q reads as %+v", s, id)
		}
	}
}

func TestQueueStatus(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[queueapp.Outcome]string{
		queueapp.OutcomeAnswered: "", queueapp.OutcomeAbandoned: "", queueapp.OutcomeTimeout: "TIMEOUT",
		queueapp.OutcomeFull: "FULL", queueapp.OutcomeNoAgents: "JOINEMPTY", queueapp.OutcomeLeftEmpty: "LEAVEEMPTY",
		queueapp.OutcomeKey: "CONTINUE", queueapp.OutcomeWithdrawn: "WITHDRAW", queueapp.OutcomeUnavailable: "UNAVAILABLE",
		queueapp.OutcomeUnknownQueue: "UNKNOWN",
	} {
		if got := outcome.QueueStatus(); got != want {
			t.Errorf("%s is %q in the dialplan, want %q", outcome, got, want)
		}
	}
}
