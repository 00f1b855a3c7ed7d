package engine

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// recordingWorld is a world whose queue has its conversations recorded.
func recordingWorld(t *testing.T) (*world, *watchman) {
	w, o := newWorld(t), &watchman{}
	w.observer = o
	w.plan.Recordings = []floorplan.Recording{{Queue: "support", Format: "wav", Name: "{{.Queue}}/{{.Call}}-{{.Attempt}}"}}
	return w, o
}

const c1File = "support/c1-1"

// talk brings a caller and an agent together.
func (w *world) talk(args ...string) {
	w.t.Helper()
	w.logOn("1000")
	w.tell(caller("ch1", append([]string{"queue", "support"}, args...)...))
	w.await("originate rs1.c1.1.1")
	w.tell(LegUp{"rs1.c1.1.1"})
	w.await("bridge rs1.c1")
	w.tell(Entered{"rs1.c1", "ch1"})
	w.oneCall("ringing") // nobody talks yet, and this came behind that
	if n := w.count("recording"); n != 0 {
		w.t.Errorf("recorded before both were in the bridge")
	}
	w.tell(Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered")
}

// answers has the switch say how a recording stands, as it was asked to.
func (w *world) answers(asked RecordingVerb, state RecordingState, err error) {
	w.tell(Recorded{Bridge: "rs1.c1", Asked: asked, Name: c1File, State: state, Err: err})
}

func (w *world) recordingIs(state RecordingState) {
	w.t.Helper()
	now, err := w.eng.Recordings(w.t.Context())
	if err != nil || len(now) != 1 || now["c1"] != (Recording{Name: c1File, State: state}) {
		w.t.Errorf("recordings %+v %v, want %s", now, err, state)
	}
}

// asked has an operator ask for something, and the switch answer.
func (w *world) asked(do RecordingVerb, state RecordingState, fails error) error {
	w.t.Helper()
	before := w.count("recording " + string(do))
	done := make(chan error, 1)
	go func() { done <- w.eng.Record(w.t.Context(), "c1", do) }()
	for w.count("recording "+string(do)) == before {
		select {
		case err := <-done:
			return err
		default:
		}
	}
	w.answers(do, state, fails)
	return <-done
}

func TestAConversationIsRecordedFromTheAnswerToItsEnd(t *testing.T) {
	w, o := recordingWorld(t)
	w.start(SwitchUp{})
	w.talk()
	w.await("recording start rs1.c1 support/c1-1 wav")
	w.recordingIs(RecordingStarting)
	w.answers(RecordingStart, RecordingOn, nil)
	w.recordingIs(RecordingOn)
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.order("recording start", "recording stop rs1.c1 support/c1-1", "hangup ch1")
	if now, err := w.eng.Recordings(t.Context()); err != nil || len(now) != 0 {
		t.Errorf("recordings %+v, %v", now, err)
	}
	if !slices.Equal(o.told, []string{"look-up none", "recording support started"}) {
		t.Errorf("counted %q", o.told)
	}
}

func TestWhoIsNotRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		queue queueapp.QueueName
		args  []string
	}{
		"a queue that is not":   {"sales", nil},
		"a caller who declines": {"support", []string{"record=no"}},
		"by a datum":            {"support", []string{"data.record=No"}},
		"by a menu's":           {"support", []string{"data.ivr.record=no"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := recordingWorld(t)
			w.plan.Recordings[0].Queue = c.queue
			w.start(SwitchUp{})
			w.talk(c.args...)
			w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
			w.await("publish ended")
			if n := w.count("recording"); n != 0 {
				t.Errorf("%d orders about a recording", n)
			}
		})
	}
}

func TestAnOperatorPausesARecording(t *testing.T) {
	w, _ := recordingWorld(t)
	w.start(SwitchUp{})
	if err := w.eng.Record(t.Context(), "c7", RecordingPause); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("of a call that is not there: %v", err)
	}
	w.talk()
	w.answers(RecordingStart, RecordingOn, nil)
	broken := errors.New("broken")
	for _, step := range []struct {
		do    RecordingVerb
		gives RecordingState
		fails error
		is    RecordingState
		want  error
	}{
		{do: RecordingResume, is: RecordingOn, want: ErrRecordedAlready},
		{do: RecordingStart, is: RecordingOn, want: ErrRecordedAlready},
		{do: RecordingPause, gives: RecordingFailed, fails: broken, is: RecordingOn, want: broken},
		{do: RecordingPause, gives: RecordingPaused, is: RecordingPaused},
		{do: RecordingPause, is: RecordingPaused, want: ErrRecordedAlready},
		{do: RecordingResume, gives: RecordingOn, is: RecordingOn},
		{do: RecordingStop, gives: RecordingOff, is: RecordingOff},
		{do: RecordingPause, is: RecordingOff, want: ErrNotRecorded},
		{do: RecordingStart, gives: RecordingOn, is: RecordingOn},
	} {
		if err := w.asked(step.do, step.gives, step.fails); !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Errorf("%s: %v, want %v", step.do, err, step.want)
		}
		w.recordingIs(step.is)
	}
	if n := w.count("recording start rs1.c1 support/c1-1 wav"); n != 2 {
		t.Errorf("the same file was begun %d times", n)
	}
}

func TestAnOperatorStartsWhatIsNotRecorded(t *testing.T) {
	w, _ := recordingWorld(t)
	w.plan.Recordings = nil
	w.start(SwitchUp{})
	w.talk()
	done := make(chan error, 1)
	go func() { done <- w.eng.Record(t.Context(), "c1", RecordingStart) }()
	w.await("recording start rs1.c1 ")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16}) // before the switch has answered
	if err := <-done; !errors.Is(err, ErrNotTalking) {
		t.Error(err)
	}
	w.await("recording stop rs1.c1 ")
	if err := w.eng.Record(t.Context(), "c1", RecordingStart); !errors.Is(err, ErrNotTalking) {
		t.Error(err)
	}
}

// A recording that cannot be had is told, and holds nobody up.
func TestARecordingThatFails(t *testing.T) {
	for name, fails := range map[string]func(w *world){
		"at the start": func(w *world) { w.answers(RecordingStart, RecordingFailed, errors.New("no room")) },
		"on the way": func(w *world) {
			w.answers(RecordingStart, RecordingOn, nil)
			w.answers("", RecordingFailed, errors.New("no room"))
		},
		"before its start was answered": func(w *world) {
			w.answers("", RecordingFailed, errors.New("no room"))
			w.answers(RecordingStart, RecordingOn, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := recordingWorld(t)
			w.start(SwitchUp{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			notices, err := w.eng.Watch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			w.talk()
			fails(w)
			w.recordingIs(RecordingFailed)
			if o.told[len(o.told)-1] != "recording support failed" {
				t.Errorf("counted %q", o.told)
			}
			var told Notice
			for told.Recording == nil || told.Recording.State != RecordingFailed {
				told = <-notices
			}
			if told.Recording.Call != "c1" || told.Recording.Why != "no room" {
				t.Errorf("told %+v", told.Recording)
			}
			w.oneCall("talking")
			if err := w.asked(RecordingStart, RecordingOn, nil); err != nil {
				t.Error(err)
			}
			w.recordingIs(RecordingOn)
		})
	}
}

// That a recording ended is believed when Asterisk has none any more: it may have been begun again since.
func TestARecordingThatEndsByItself(t *testing.T) {
	w, _ := recordingWorld(t)
	w.start(SwitchUp{})
	w.talk()
	w.answers(RecordingStart, RecordingOn, nil)
	w.answers("", RecordingOff, nil)
	w.await("recording find rs1.c1 support/c1-1")
	w.recordingIs(RecordingOn)
	w.answers(RecordingFind, RecordingOff, nil)
	w.recordingIs(RecordingOff)
	w.tell(Recorded{Bridge: "rs1.c1", Name: "support/c1-0", State: RecordingFailed, Err: errors.New("of another")}, Recorded{Bridge: "rs1.c2", Name: "x"})
	w.recordingIs(RecordingOff)
}

// The next owner finds the recording as it is: one that was paused stays paused.
func TestTheNextOwnerFindsTheRecording(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		state RecordingState
		want  map[queueapp.CallID]Recording
		begun int
	}{
		"that is paused":         {"day/c9", RecordingPaused, map[queueapp.CallID]Recording{"c9": {"day/c9", RecordingPaused}}, 0},
		"that was stopped":       {"day/c9", RecordingOff, map[queueapp.CallID]Recording{"c9": {"day/c9", RecordingOff}}, 0},
		"that was not begun yet": {"", RecordingOff, map[queueapp.CallID]Recording{"c9": {"support/c9-1", RecordingStarting}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := recordingWorld(t)
			attempted(w, queueapp.AttemptConnected)
			w.start(SwitchUp{
				Channels: []Channel{{ID: "ch9", Up: true}, {ID: "rs1.c9.1.1", Ours: true, Up: true}},
				Bridges:  []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}},
			})
			w.await("recording find rs1.c9")
			w.tell(Recorded{Bridge: "rs1.c9", Asked: RecordingFind, Name: c.file, State: c.state})
			now, err := w.eng.Recordings(t.Context())
			if err != nil || len(now) != 1 || now["c9"] != c.want["c9"] {
				t.Errorf("%+v %v", now, err)
			}
			if n := w.count("recording start"); n != c.begun {
				t.Errorf("begun %d times", n)
			}
		})
	}
}
