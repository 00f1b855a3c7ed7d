package transcript_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/transcript"
)

func TestAFileIsReadAndPrinted(t *testing.T) {
	data, err := os.ReadFile("testdata/no-answer.transcript")
	if err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Parse("no-answer.transcript", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(transcript.Print(got))); diff != "" {
		t.Errorf("printed:\n%s", diff)
	}
	o := got.Origin
	agents := []queueapp.RestoreAgent{
		{Agent: "1000", Extension: "1000", LastCall: o.Add(-10 * time.Second)},
		{Agent: "1001", Extension: "1001", LastCall: o.Add(-15 * time.Second)},
	}
	if diff := cmp.Diff(agents, got.Agents); diff != "" {
		t.Errorf("agents:\n%s", diff)
	}
	if want := []queueapp.Member{{Agent: "1000"}, {Agent: "1001"}}; !cmp.Equal(want, got.Plan.Queues[0].Members) {
		t.Errorf("members: %v", got.Plan.Queues[0].Members)
	}
	if want := (queueapp.Extension{ID: "1001", Dial: "PJSIP/1001", Device: "PJSIP/1001"}); !cmp.Equal(want, got.Plan.Extensions[1]) {
		t.Errorf("extension: %v", got.Plan.Extensions[1])
	}
	if n := len(got.Steps); n != 4 || len(got.Steps[2].Effects) != 2 {
		t.Errorf("%d steps: %v", n, got.Steps)
	}
}

func TestAFloorsLinesSayHowAgentsBegin(t *testing.T) {
	const file = `-- floor --
queue support leastrecent ring 15s wrapup 0s joinempty no members 1000
queue sales leastrecent ring 20s weight 2 members
agent 1000 name "Ana" at 1005 paused "lunch" idle 10s jids ana@example.org
agent 1001 off idle 1h30m
agent 1002 extension 2000 wrapup 3s missed 2
agent 1003 no-extension off
extension 1000 switch pbx2 dial PJSIP/1000@trunk device PJSIP/1000 jids desk@example.org
extension 1005
-- events -- -- effects --
`
	got, err := transcript.Parse("x", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	o := got.Origin
	want := []queueapp.RestoreAgent{
		{Agent: "1000", Extension: "1005", Paused: true, Reason: "lunch", LastCall: o.Add(-10 * time.Second)},
		{Agent: "1001", LastCall: o.Add(-90 * time.Minute)},
		{Agent: "1002", Extension: "2000", WrapUntil: o.Add(3 * time.Second), NoAnswers: 2},
	}
	if diff := cmp.Diff(want, got.Agents); diff != "" {
		t.Error(diff)
	}
	var ids []queueapp.ExtensionID
	for _, x := range got.Plan.Extensions {
		ids = append(ids, x.ID)
	}
	if diff := cmp.Diff([]queueapp.ExtensionID{"1000", "1005", "1001", "2000"}, ids); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(file, string(transcript.Print(got))); diff != "" {
		t.Error(diff)
	}
}

// What a queue's line leaves out must mean what it means in a floor plan.
func TestDefaultsAreTheFloorPlans(t *testing.T) {
	plan, err := floorplan.Parse("x", []byte("[queue.support]\nmembers = [\"1000\"]\n[agent.1000]\n[extension.1000]\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Parse("x", []byte("-- floor --\nqueue support leastrecent\nagent 1000\n-- events --\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan.Floor, got.Plan); diff != "" {
		t.Error(diff)
	}
}

func TestBadFilesAreRefusedInWords(t *testing.T) {
	const floor = "prose\n-- floor --\nagent 1000\n-- events --          -- effects --\n"
	for file, want := range map[string]string{
		"prose only\n":                                `x: the line "-- events --" is missing`,
		"-- floor --\ndesk 1\n-- events --\n":         `x:2: "desk" is no part of a floor`,
		"-- floor --\n-- events -- -- causes --\n":    `x:2: "-- events -- -- causes --": want`,
		floor + "20s ringing c1.1\n10s ringing c1.1":  `x:6: 10s is before the line above`,
		floor + "20s ringing c1.1 oh\n":               `x:5: the line goes on after its end: oh`,
		floor + "soon ringing c1.1\n":                 `x:5: soon is no duration`,
		floor + "20s\tringing c1.1\n":                 `x:5: a tab: columns are aligned with spaces`,
		floor + "20s ringing c1000000000.1\n":         `x:5: the event runs into the effects' column`,
		floor + "                      20s ring c1\n": `x:5: c1 is no attempt`,
	} {
		_, err := transcript.Parse("x", []byte(file))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", file, err, want)
		}
	}
}

func TestALongEventStandsAlone(t *testing.T) {
	name := strings.Repeat("long ", 30)
	steps := []queueapp.Step{
		{N: 1, At: origin, Event: queueapp.Apply{}},
		{
			N: 2, At: origin.Add(time.Second), Event: queueapp.Enter{Call: "c1", Caller: queueapp.Caller{Name: name}},
			Effects: []queueapp.Effect{queueapp.Announce{Call: "c1"}},
		},
		{N: 3, At: origin.Add(2 * time.Second), Event: queueapp.Hangup{Call: "c1"}},
	}
	text := string(transcript.Print(transcript.FromSteps("Ana called.", steps)))
	if !strings.Contains(text, `long " \`+"\n"+strings.Repeat(" ", 14)+"1s  announce c1\n") {
		t.Errorf("printed:\n%s", text)
	}
	got, err := transcript.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if e := got.Steps[0].Event.(queueapp.Enter); e.Caller.Name != name || len(got.Steps[0].Effects) != 1 {
		t.Errorf("read %#v", got.Steps[0])
	}
}

func transcripts(t *rapid.T) transcript.Transcript {
	tr := transcript.Transcript{
		Prose: rapid.SampledFrom([]string{"", "One line.", "Two\n\nparagraphs."}).Draw(t, "prose"), Origin: origin, Plan: plan(t),
		Agents: list(t, "agents", func() queueapp.RestoreAgent { return restoreAgent(t) }),
	}
	for i := range tr.Agents {
		if len(tr.Plan.Agents) > 0 && rapid.Bool().Draw(t, "known") {
			tr.Agents[i].Agent = rapid.SampledFrom(tr.Plan.Agents).Draw(t, "agent").ID
		}
	}
	at := origin
	tr.Steps = list(t, "steps", func() queueapp.Step {
		at = at.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "later")))
		s := queueapp.Step{At: at, Effects: list(t, "effects", func() queueapp.Effect {
			return rapid.SampledFrom(effects()).Draw(t, "effect")(t)
		})}
		if rapid.Bool().Draw(t, "event") {
			s.Event = rapid.SampledFrom(events()).Draw(t, "event")(t)
		}
		return s
	})
	return tr
}

func TestEveryTranscriptIsReadBackAsItWasPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := transcripts(t)
		text := transcript.Print(want)
		got, err := transcript.Parse("x", text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if diff := cmp.Diff(string(text), string(transcript.Print(got))); diff != "" {
			t.Fatalf("printed again:\n%s", diff)
		}
		if diff := cmp.Diff(want.Plan, got.Plan); diff != "" {
			t.Fatalf("plan:\n%s\n%s", diff, text)
		}
	})
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/no-answer.transcript")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add("-- floor --\nagent 1 at 2 idle 3s off\n-- events --\n1s hold \"x\" \\\n2s end\n")
	f.Fuzz(func(t *testing.T, file string) {
		got, err := transcript.Parse("x", []byte(file))
		if err != nil {
			return
		}
		text := transcript.Print(got)
		again, err := transcript.Parse("x", text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if diff := cmp.Diff(string(text), string(transcript.Print(again))); diff != "" {
			t.Fatal(diff)
		}
	})
}
