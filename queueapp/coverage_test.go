package queueapp_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

// TestEveryCrossingHasATranscript asserts that each cell of the README's tables happens in a transcript, but for those in
// which nothing can.
func TestEveryCrossingHasATranscript(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	paths, err := filepath.Glob("testdata/*.transcript")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		said, err := transcript.Parse(path, data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := transcript.Run(said, &watched{Floor: queueapp.NewFloor(), seen: seen, known: map[queueapp.AttemptID]queueapp.Open{}}); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	for _, r := range attemptRows() {
		for _, state := range attemptColumns() {
			if !seen["attempt: "+r.name+" × "+state] && possible(r, state) {
				t.Errorf("no transcript for an attempt: %s × %s", r.name, state)
			}
		}
	}
	for _, r := range visitRows() {
		for _, state := range visitColumns() {
			if r.hits != nil && !seen["visit: "+r.name+" × "+state] && possible(r, state) {
				t.Errorf("no transcript for a visit: %s × %s", r.name, state)
			}
		}
	}
}

// possible reports whether a row can happen in a state: what is not timed cannot become due.
func possible(r row, state string) bool {
	switch r.due {
	case theAttempt:
		return state == "ringing" || state == "briefing" || state == "asked" || state == "up" || state == "ending"
	case theDeadline:
		return state != "connected" && state != "talking" && (state != "gone" || r.hits == nil)
	case nothing:
	}
	return true
}

// watched is a floor whose crossings of states and events are noted.
type watched struct {
	*queueapp.Floor
	seen  map[string]bool
	known map[queueapp.AttemptID]queueapp.Open // attempts there were, and visits by their call
}

// Handle notes what the event finds.
func (w *watched) Handle(now time.Time, ev queueapp.Event) []queueapp.Effect {
	open := w.Open()
	for _, o := range open {
		delete(w.known, key(o))
	}
	for _, o := range w.known {
		o.State = "gone"
		open = append(open, o)
	}
	for _, o := range open {
		w.cross(now, ev, o)
		w.known[key(o)] = o
	}
	return w.Floor.Handle(now, ev)
}

func key(o queueapp.Open) queueapp.AttemptID {
	return queueapp.AttemptID{Call: o.Call, N: o.Attempt.N}
}

func (w *watched) cross(now time.Time, ev queueapp.Event, o queueapp.Open) {
	rows, what := visitRows(), "visit: "
	if o.Attempt.N > 0 {
		rows, what = attemptRows(), "attempt: "
	}
	s := subject{Open: o, deadline: w.Due(now, o.Call, "deadline"), time: w.Due(now, o.Call, "attempt")}
	if _, waits := w.Call(o.Call); o.Attempt.N > 0 && !waits {
		s.Call, s.Queue = "", "" // of whom nothing is told any more
	}
	for _, r := range rows {
		if r.hits != nil && r.hits(ev, s) {
			w.seen[what+r.name+" × "+o.State] = true
		}
	}
}
