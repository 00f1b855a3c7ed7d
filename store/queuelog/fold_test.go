package queuelog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/store/queuelog"
)

// What is expected here is what Asterisk documents of its queue_log, field by field.
func TestStories(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			text := s.name + ".\n-- floor --\n" + s.floor + "\n-- events --" + strings.Repeat(" ", 200) + "-- effects --" + s.events + "\n"
			got := lines(queuelog.New(queuelog.Past{}).Fold(play(t, text)))
			got = without(got, "ADDMEMBER|", "QUEUESTART|", s.but)
			if diff := cmp.Diff(strings.TrimSpace(s.want), strings.TrimSpace(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// without leaves out lines of events that a story is not about.
func without(text string, events ...string) string {
	var out []string
	for line := range strings.Lines(text) {
		skip := false
		for _, e := range events {
			skip = skip || e != "" && strings.Contains(line, "|"+e)
		}
		if !skip {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// Every event is told of in a story, or in a test of its own.
func TestEveryEventHasAStory(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, s := range stories() {
		all.WriteString(s.want)
	}
	for _, e := range []queuelog.Event{
		queuelog.ConfigReload, queuelog.RemoveMember, queuelog.Penalty, queuelog.AgentLogin, queuelog.AgentLogoff,
		queuelog.Pause, queuelog.PauseAll, queuelog.Unpause, queuelog.UnpauseAll, queuelog.EnterQueue, queuelog.RingNoAnswer,
		queuelog.RingCanceled, queuelog.AgentDump, queuelog.Connect, queuelog.Hold, queuelog.Unhold, queuelog.CompleteAgent, queuelog.CompleteCaller,
		queuelog.Abandon, queuelog.ExitEmpty, queuelog.ExitWithKey, queuelog.ExitWithTimeout, queuelog.Withdraw,
	} {
		if !strings.Contains(all.String(), "|"+string(e)+"|") {
			t.Errorf("no story has %s", e)
		}
	}
}

// A floor begins as Asterisk does, with members that come from a database.
func TestStart(t *testing.T) {
	t.Parallel()
	steps := play(t, "Two members.\n-- floor --\nqueue support leastrecent\nagent 1000\nagent 1001\n-- events --  -- effects --\n0s end\n")
	want := "0|NONE|NONE|NONE|QUEUESTART|\n0|REALTIME|support|1000|ADDMEMBER|\n0|REALTIME|support|1001|ADDMEMBER|\n"
	if diff := cmp.Diff(want, lines(queuelog.New(queuelog.Past{}).Fold(steps))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Who comes when others were to have left stands behind those who are there, though the floor was not woken in time.
func TestWhatWasDueComesFirst(t *testing.T) {
	t.Parallel()
	for i, on := range []string{"", " off", "", " off"} { // with, and without, anybody to be told of the caller
		steps := play(t, "Two callers.\n-- floor --\nqueue support leastrecent timeout 10s\nagent 1000"+on+
			"\n-- events --                -- effects --\n0s enter c1 support\n0s enter c2 support\n")
		p := &player{floor: queueapp.NewFloor()}
		for _, s := range steps {
			p.tell(s.At, s.Event)
		}
		p.tell(beginning().Add(11*time.Second), queueapp.Enter{
			Call: []queueapp.CallID{"c1", "c3"}[i/2], Queue: "support", Entry: 3, Channel: "17.c3", // who leaves and comes again, or another
		})
		want := "11|17.c1|support|NONE|EXITWITHTIMEOUT|1|1|11\n11|17.c2|support|NONE|EXITWITHTIMEOUT|1|2|11\n" +
			"11|17.c3|support|NONE|ENTERQUEUE|||1\n"
		_, got, _ := strings.Cut(lines(queuelog.New(queuelog.Past{}).Fold(p.steps)), "|17.c2|support|NONE|ENTERQUEUE|||2\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", on, diff)
		}
	}
}
