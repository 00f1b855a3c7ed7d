package transcript_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

// alarm is a floor that rings 5 s after each caller, and remembers what it was told.
type alarm struct {
	due    []time.Time
	rang   int
	told   []queueapp.Event
	hungry bool // wants a tick for ever
}

func (a *alarm) Handle(now time.Time, e queueapp.Event) []queueapp.Effect {
	a.told = append(a.told, e)
	var out []queueapp.Effect
	for len(a.due) > 0 && !a.due[0].After(now) && !a.hungry {
		a.rang++
		id := queueapp.AttemptID{Call: "c", N: a.rang}
		out = append(out, queueapp.Offer{Attempt: id, Agent: "1", Extension: "1", Queue: "q", Expires: now.Add(time.Minute)})
		a.due = a.due[1:]
	}
	if _, ok := e.(queueapp.Enter); ok {
		a.due = append(a.due, now.Add(5*time.Second))
	}
	return out
}

func (a *alarm) Next() time.Time {
	if len(a.due) == 0 {
		return time.Time{}
	}
	return a.due[0]
}

func run(t *testing.T, file string, f transcript.Floor) (transcript.Transcript, string, error) {
	t.Helper()
	want, err := transcript.Parse("x", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Run(want, f)
	return got, string(transcript.Print(got)), err
}

func TestAFloorGetsItsTicksWhenItAsks(t *testing.T) {
	for name, file := range map[string]string{
		"between events, and what came of them is shown": `-- floor --
-- events --    -- effects --
1s  enter c q
                6s  offer c.1 1
10s  enter d q
                15s  offer c.2 1
16s  end
`,
		"before an event of the same time": `-- floor --
-- events --    -- effects --
1s  enter c q
                6s  offer c.1 1
6s  hangup c
`,
		"not past the last line": `-- floor --
-- events --    -- effects --
1s  enter c q
5s  hangup c
`,
		"up to an effect that is only expected": `-- floor --
-- events --    -- effects --
1s  enter c q
                6s  offer c.1 1
`,
		"not where the transcript ticks itself": `-- floor --
-- events --    -- effects --
1s  enter c q
9s  tick        9s  offer c.1 1
20s  end
`,
		"with what an offer is asked about": `-- floor --
-- events --    -- effects --
1s  enter c q
                6s  offer c.1 1 queue q expires +1m6s
`,
	} {
		want, err := transcript.Parse("x", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := run(t, file, &alarm{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(transcript.Print(want)), got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestWhatTheFloorDoesOtherwiseShows(t *testing.T) {
	_, got, err := run(t, "-- floor --\n-- events -- -- effects --\n1s enter c q\n             6s offer c.1 2\n", &alarm{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "6s  offer c.1 1\n") {
		t.Errorf("printed:\n%s", got)
	}
	_, got, err = run(t, "-- floor --\n-- events --\n1s enter c q\n6s end\n", &alarm{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "6s  offer c.1 1\n") {
		t.Errorf("an effect that nobody expected is missing:\n%s", got)
	}
}

func TestTheFloorBeginsAsTheTranscriptSays(t *testing.T) {
	f := &alarm{}
	got, _, err := run(t, `-- floor --
queue q leastrecent
agent 1 idle 3s
-- events --
1s  enter a q
2s  enter b q entry 7
3s  enter c q
`, f)
	if err != nil {
		t.Fatal(err)
	}
	want := []queueapp.Event{
		queueapp.Apply{Plan: got.Plan},
		queueapp.RestoreAgent{Agent: "1", Extension: "1", LastCall: got.Origin.Add(-3 * time.Second)},
		queueapp.Enter{Call: "a", Queue: "q", Entry: 1},
		queueapp.Enter{Call: "b", Queue: "q", Entry: 7},
		queueapp.Enter{Call: "c", Queue: "q", Entry: 8},
	}
	if diff := cmp.Diff(want, f.told); diff != "" {
		t.Error(diff)
	}
}

func TestAFloorThatNeverRestsIsFound(t *testing.T) {
	_, _, err := run(t, "-- floor --\n-- events --\n1s enter a q\n9s end\n", &alarm{hungry: true})
	if err == nil || !strings.Contains(err.Error(), "the floor wants another") {
		t.Errorf("got %v", err)
	}
}

// What a journal holds, printed, is a test that the floor passes.
func TestAJournalBecomesATest(t *testing.T) {
	data, err := os.ReadFile("testdata/no-answer.transcript")
	if err != nil {
		t.Fatal(err)
	}
	begin, err := transcript.Parse("no-answer.transcript", data)
	if err != nil {
		t.Fatal(err)
	}
	floor, now := queueapp.NewFloor(), origin
	var journal []queueapp.Step
	tell := func(after time.Duration, e queueapp.Event) {
		now = now.Add(after)
		journal = append(journal, queueapp.Step{N: int64(len(journal)) + 1, At: now, Event: e, Effects: floor.Handle(now, e)})
	}
	attempt := queueapp.AttemptID{Call: "0198c5a2-7d3e", N: 1}
	tell(0, queueapp.Apply{Plan: begin.Plan})
	for _, a := range begin.Agents {
		a.LastCall = a.LastCall.Add(origin.Sub(begin.Origin))
		tell(0, a)
	}
	tell(time.Minute, queueapp.Enter{
		Call: attempt.Call, Queue: "support", Entry: 41, Switch: "", Channel: "1700000000.42",
		Caller:    queueapp.Caller{Number: "+49 30", Name: "Ana \"\xff", Dialled: "0000"},
		Customers: []queueapp.Customer{{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1"}},
	})
	tell(123456*time.Nanosecond, queueapp.Offered{Attempt: attempt, Publish: queueapp.PublishOK})
	tell(20*time.Second, queueapp.Ended{Attempt: attempt, Cause: queueapp.EndNoAnswer, Q850: 19})
	tell(time.Hour, queueapp.Tick{})

	text := transcript.Print(transcript.FromSteps("A caller whom nobody had.", journal))
	want, err := transcript.Parse("x", text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	got, err := transcript.Run(want, queueapp.NewFloor())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(transcript.Print(got))); diff != "" {
		t.Errorf("%s\n%s", text, diff)
	}
	if !strings.Contains(string(text), "expires +") || !strings.Contains(string(text), "leave 0198c5a2-7d3e support timeout") {
		t.Errorf("not the call that was meant:\n%s", text)
	}
}
