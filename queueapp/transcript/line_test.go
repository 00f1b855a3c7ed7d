package transcript_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

var origin = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func clocks(t *rapid.T) transcript.Clock {
	return rapid.SampledFrom([]transcript.Clock{{}, {Origin: origin}}).Draw(t, "clock")
}

func TestEveryEventIsReadBackAsItWasWritten(t *testing.T) {
	for _, draw := range events() {
		rapid.Check(t, func(t *rapid.T) {
			want, c := draw(t), clocks(t)
			line := string(c.AppendEvent(nil, want))
			if strings.ContainsAny(line, "\n\r") {
				t.Fatalf("more than one line: %q", line)
			}
			got, err := c.ParseEvent(line)
			if err != nil {
				t.Fatalf("%s\n%v", line, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s\n%s", line, diff)
			}
		})
	}
}

func TestEveryEffectIsReadBackAsItWasWritten(t *testing.T) {
	for _, draw := range effects() {
		rapid.Check(t, func(t *rapid.T) {
			want, c := draw(t), clocks(t)
			line := string(c.AppendEffect(nil, want))
			if strings.ContainsAny(line, "\n\r") {
				t.Fatalf("more than one line: %q", line)
			}
			got, err := c.ParseEffect(line)
			if err != nil {
				t.Fatalf("%s\n%v", line, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s\n%s", line, diff)
			}
		})
	}
}

func TestEveryStepIsReadBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := queueapp.Step{
			N: rapid.Int64().Draw(t, "n"), At: origin.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "at"))),
			Event: rapid.SampledFrom(events()).Draw(t, "event")(t),
			Effects: list(t, "effects", func() queueapp.Effect {
				return rapid.SampledFrom(effects()).Draw(t, "effect")(t)
			}),
		}
		got, err := transcript.ParseStep(transcript.FormatStep(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		text := string(transcript.AppendEffects(nil, want.Effects))
		list, err := transcript.ParseEffects(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Effects, list); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestLinesReadAloud(t *testing.T) {
	at := func(d time.Duration) time.Time { return origin.Add(d) }
	a := queueapp.AttemptID{Call: "c1", N: 1}
	c := transcript.Clock{Origin: origin}
	for _, x := range []struct {
		want string
		is   any
	}{
		{`enter c1 support code 1111 "Company 1"`, queueapp.Enter{Call: "c1", Queue: "support", Customers: []queueapp.Customer{
			{Code: "1111", Match: queueapp.MatchCode, Name: "Company 1"},
		}}},
		{
			`enter c2 sales entry 7 priority 2 timeout 1m30s on pbx1 channel 1700000000.42 from 5551234 "Ana \"X\"" dialled 0000 ` +
				`data tier "pure gold" customer number "" "Company 1" id 1 url https://crm/1 data since 2019`,
			queueapp.Enter{
				Call: "c2", Queue: "sales", Entry: 7, Priority: 2, Timeout: 90 * time.Second, Switch: "pbx1", Channel: "1700000000.42",
				Caller: queueapp.Caller{Number: "5551234", Name: `Ana "X"`, Dialled: "0000"},
				Data:   []queueapp.Datum{{Key: "tier", Value: "pure gold"}},
				Customers: []queueapp.Customer{{
					ID: "1", Match: queueapp.MatchNumber, Name: "Company 1", URL: "https://crm/1",
					Data: []queueapp.Datum{{Key: "since", Value: "2019"}},
				}},
			},
		},
		{`offered c1.1 ok`, queueapp.Offered{Attempt: a, Publish: queueapp.PublishOK}},
		{`ended c1.1 no-answer cause 19`, queueapp.Ended{Attempt: a, Cause: queueapp.EndNoAnswer, Q850: 19}},
		{`logon 1000`, queueapp.LogOn{Agent: "1000"}},
		{`logon 1000 at 1005`, queueapp.LogOn{Agent: "1000", Extension: "1005"}},
		{`pause 1000 "lunch"`, queueapp.Pause{Agent: "1000", Reason: "lunch"}},
		{`device 1000 INUSE`, queueapp.Device{Extension: "1000", State: queueapp.DeviceInUse}},
		{`restore-agent 1000 at 1000 paused reason "lunch" last -10s`, queueapp.RestoreAgent{
			Agent: "1000", Extension: "1000", Paused: true, Reason: "lunch", LastCall: at(-10 * time.Second),
		}},
		{`restore-agent 1000 at 1000 missed 1 delayed +1s after no-answer`, queueapp.RestoreAgent{
			Agent: "1000", Extension: "1000", NoAnswers: 1, Delayed: at(time.Second), Why: queueapp.RevokeNoAnswer,
		}},
		{`announce c1 to 1000 1001`, queueapp.Announce{Call: "c1", Agents: []queueapp.AgentID{"1000", "1001"}}},
		{`offer c1.1 1001`, queueapp.Offer{Attempt: a, Agent: "1001", Extension: "1001"}},
		{`offer c1.1 1001 at 1005 queue support expires +35.5s`, queueapp.Offer{
			Attempt: a, Agent: "1001", Extension: "1005", Queue: "support", Expires: at(35500 * time.Millisecond),
		}},
		{`ring c1.1 1001 for 20s`, queueapp.Ring{Attempt: a, Extension: "1001", For: 20 * time.Second}},
		{`revoke c1.1 no-answer`, queueapp.Revoke{Attempt: a, Reason: queueapp.RevokeNoAnswer}},
		{`hang-up c1.1 answered_elsewhere`, queueapp.HangUp{Attempt: a, Reason: "answered_elsewhere"}},
		{`close c1.1 agent cause 16`, queueapp.Close{Attempt: a, By: queueapp.ByAgent, Q850: 16}},
		{`leave c1 support answered gone by 1000`, queueapp.Leave{
			Call: "c1", Queue: "support", Outcome: queueapp.OutcomeAnswered, Then: queueapp.ThenNothing, Agent: "1000",
		}},
		{`wrap-up 1000 until +25s last +20s`, queueapp.WrapUp{Agent: "1000", Until: at(25 * time.Second), Last: at(20 * time.Second)}},
		{`paused 1000 "no answer" auto`, queueapp.Paused{Agent: "1000", Reason: "no answer", Auto: true}},
		{`refused 1000 extension-taken`, queueapp.Refused{Agent: "1000", Reason: queueapp.RefusedExtensionTaken}},
	} {
		var got string
		switch v := x.is.(type) {
		case queueapp.Event:
			got = string(c.AppendEvent(nil, v))
		case queueapp.Effect:
			got = string(c.AppendEffect(nil, v))
		}
		if got != x.want {
			t.Errorf("%#v\n got %s\nwant %s", x.is, got, x.want)
		}
	}
}

func TestBadLinesAreRefusedInWords(t *testing.T) {
	for line, want := range map[string]string{
		``:                                     `the line ends where a key should stand`,
		`frobnicate c1`:                        `"frobnicate" is no event`,
		`ended c1.1 noanswer`:                  `noanswer is not a cause: want one of hangup no-answer busy refused unreachable lost`,
		`offered c1 ok`:                        `c1 is no attempt: want <call>.<n>`,
		`enter c1`:                             `the line ends where a queue should stand`,
		`enter c1 support colour red`:          `"colour" is nothing that a caller enters with`,
		`enter c1 support priority x`:          `x is no number: want a priority`,
		`enter c1 support id 7`:                `id stands before the customer that it belongs to`,
		`hangup c1 cause 16 17`:                `the line goes on after its end: 17`,
		`pause 1000 lunch`:                     `the line goes on after its end: lunch`,
		`hold "x`:                              `column 6: a text without its closing quote`,
		`hold "x"y`:                            `column 9: "x" runs into what follows`,
		`logon Ana'`:                           `column 7: "Ana'" needs quotes`,
		`restore-agent 1000 last +20s`:         `+20s is no time here`,
		`restore-agent 1000 last today`:        `today is no time`,
		`apply queue q leastrecent ring soon`:  `soon is no duration: want ring, such as "20s"`,
		`apply desk 1`:                         `"desk" is no part of a floor: want queue, agent or extension`,
		`apply agent 1000 idle 5s`:             `"idle" is nothing that is said of an agent here`,
		`apply queue q leastrecent colour red`: `"colour" is no option of a queue`,
	} {
		_, err := transcript.ParseEvent(line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", line, err, want)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for i, draw := range events() {
		one := rapid.Custom(func(t *rapid.T) queueapp.Event {
			rapid.Bool().Draw(t, "drawn") // rapid wants every value to depend on a draw
			return draw(t)
		})
		f.Add(transcript.FormatEvent(one.Example(i)))
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := transcript.ParseEvent(line)
		if err != nil {
			return
		}
		canonical := transcript.FormatEvent(e)
		again, err := transcript.ParseEvent(canonical)
		if err != nil {
			t.Fatalf("%s\n%s\n%v", line, canonical, err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatalf("%s\n%s\n%s", line, canonical, diff)
		}
	})
}

func FuzzParseStep(f *testing.F) {
	f.Add(`7 2026-11-20T09:00:00Z enter c1 support => announce c1 to 1000 => offer c1.1 1000`)
	f.Fuzz(func(t *testing.T, line string) {
		s, err := transcript.ParseStep(line)
		if err != nil {
			return
		}
		again, err := transcript.ParseStep(transcript.FormatStep(s))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatalf("%s\n%s", line, diff)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	a := queueapp.AttemptID{Call: "0198c5a2-7d3e-7c4f-9a1b-2c3d4e5f6071", N: 1}
	var e queueapp.Event = queueapp.Enter{
		Call: a.Call, Queue: "support", Entry: 123456, Switch: "pbx1", Channel: "1700000000.42",
		Caller:    queueapp.Caller{Number: "5551234", Name: "Ana", Dialled: "0000"},
		Customers: []queueapp.Customer{{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1", URL: "https://crm/1"}},
	}
	var o queueapp.Effect = queueapp.Offer{Attempt: a, Queue: "support", Agent: "1000", Extension: "1000", Expires: origin}
	buf := make([]byte, 0, 1024)
	b.Run("enter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = transcript.AppendEvent(buf[:0], e)
		}
	})
	b.Run("offer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = transcript.AppendEffect(buf[:0], o)
		}
	})
}
