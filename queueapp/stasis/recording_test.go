package stasis

import (
	"maps"
	"strings"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

const recordedBridge = engine.BridgeID("rs1.c1")

// together has a caller and an agent talk.
func (f *fake) together(r *running) {
	f.t.Helper()
	f.Phone("PJSIP/1000").Behave(aritest.Behaviour{})
	f.calls(r, "1.1")
	r.Answer("1.1")
	r.Originate(engine.Leg{Channel: "rs1.c1.1.1", Dial: "PJSIP/1000", Ring: 10e9})
	await[engine.LegUp](f.t, r.ear, nil)
	r.Bridge(recordedBridge, "1.1", "rs1.c1.1.1")
	for _, ch := range []queueapp.ChannelID{"1.1", "rs1.c1.1.1"} {
		await(f.t, r.ear, func(e engine.Entered) bool { return e.Channel == ch })
	}
}

func (f *fake) over(r *running) {
	f.t.Helper()
	r.HangUp("rs1.c1.1.1", "normal")
	r.HangUp("1.1", "normal")
	await[engine.Gone](f.t, r.ear, nil)
	r.DestroyBridge(recordedBridge, "1.1")
	f.empty()
}

// recording orders something and gives what is told of it.
func (r *running) recording(t *testing.T, do engine.RecordingVerb, name string) engine.Recorded {
	t.Helper()
	r.Record(engine.RecordingOrder{Do: do, Bridge: recordedBridge, Caller: "1.1", Name: name, Format: "wav"})
	return await(t, r.ear, func(e engine.Recorded) bool { return e.Asked == do })
}

func TestARecordingIsStartedPausedFoundAndStopped(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.together(r)
		const name = "2026-01-02/support-c1 %41-1"
		if got, want := r.recording(t, engine.RecordingFind, ""), (engine.Recorded{Bridge: recordedBridge, Asked: engine.RecordingFind, State: engine.RecordingOff}); got != want {
			t.Errorf("found %+v", got)
		}
		for _, step := range []struct {
			do     engine.RecordingVerb
			name   string
			state  engine.RecordingState
			really string
		}{
			{engine.RecordingStart, name, engine.RecordingOn, "recording"},
			{engine.RecordingStart, name, engine.RecordingOn, "recording"}, // by an owner before us
			{engine.RecordingPause, name, engine.RecordingPaused, "paused"},
			{engine.RecordingFind, "", engine.RecordingPaused, "paused"},
			{engine.RecordingStart, name, engine.RecordingPaused, "paused"}, // it stays paused
			{engine.RecordingResume, name, engine.RecordingOn, "recording"},
			{engine.RecordingFind, name, engine.RecordingOn, "recording"},
			{engine.RecordingStop, name, engine.RecordingOff, ""},
			{engine.RecordingStop, name, engine.RecordingOff, ""},
			{engine.RecordingFind, "", engine.RecordingOff, ""},
			{engine.RecordingStart, name, engine.RecordingOn, "recording"}, // behind what the file holds
		} {
			got := r.recording(t, step.do, step.name)
			if want := (engine.Recorded{Bridge: recordedBridge, Asked: step.do, Name: name, State: step.state}); got != want {
				t.Errorf("%s: %+v", step.do, got)
			}
			if now := f.Recordings()[name]; now != step.really {
				t.Errorf("%s: Asterisk has %q", step.do, now)
			}
		}
		if v, err := r.Variable(t.Context(), "1.1", engine.RecordingVariable); err != nil || v != name {
			t.Errorf("the channel names %q, %v", v, err)
		}
		f.over(r)
	})
}

func TestARecordingEndsByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.together(r)
		r.recording(t, engine.RecordingStart, "one")
		f.BreakOff("one")
		if got := await(t, r.ear, func(e engine.Recorded) bool { return e.Asked == "" }); got.Bridge != recordedBridge || got.Name != "one" || got.State != engine.RecordingFailed || got.Err == nil {
			t.Errorf("told %+v", got)
		}
		r.recording(t, engine.RecordingStart, "two")
		f.over(r)
		if got := await(t, r.ear, func(e engine.Recorded) bool { return e.Asked == "" }); got != (engine.Recorded{Bridge: recordedBridge, Name: "two", State: engine.RecordingOff}) {
			t.Errorf("told %+v", got)
		}
	})
}

func TestARecordingThatCannotBe(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.together(r)
		got := r.recording(t, engine.RecordingStart, "../etc/passwd")
		if got.Err == nil || got.State != engine.RecordingFailed {
			t.Errorf("told %+v", got)
		}
		for _, do := range []engine.RecordingVerb{engine.RecordingPause, engine.RecordingResume} {
			if got := r.recording(t, do, "one"); got.Err == nil {
				t.Errorf("%s of what is not recorded: %+v", do, got)
			}
		}
		if n := count[engine.Failed](r.ear, nil); n != 0 {
			t.Errorf("told twice")
		}
		f.over(r)
	})
}

// An answer that got lost says nothing: whether it is recorded Asterisk knows, and it is asked for once.
func TestALostAnswerToARecording(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.together(r)
		f.On("POST /bridges/rs1.c1/record", 1, aritest.LostReply())
		if got := r.recording(t, engine.RecordingStart, "one"); got.Err != nil || got.State != engine.RecordingOn {
			t.Errorf("told %+v", got)
		}
		if now := f.Recordings(); !maps.Equal(now, map[string]string{"one": "recording"}) {
			t.Errorf("Asterisk records %v", now)
		}
		f.over(r)
	})
}

func TestEndsOfOthersRecordings(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		for _, target := range []string{"bridge:other", "channel:1.1", "", "bridge:"} {
			f.Send(ev("RecordingFinished", "recording", `{"name":"x","format":"wav","state":"done","target_uri":"`+target+`"}`))
		}
		f.Send(ev("RecordingFailed", "recording", `{"name":"x","state":"failed","cause":"a`+strings.Repeat("b", 500)+`\u0000","target_uri":"bridge:rs1.c1"}`))
		got := await[engine.Recorded](t, r.ear, nil)
		if got.Bridge != recordedBridge || len(got.Err.Error()) > 300 || strings.Contains(got.Err.Error(), "\x00") {
			t.Errorf("told %+v", got)
		}
		if n := count[engine.Recorded](r.ear, nil); n != 0 {
			t.Errorf("told of others' %d times", n)
		}
	})
}
