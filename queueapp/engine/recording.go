package engine

import (
	"slices"
	"strings"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// RecordingVariable keeps the name of a conversation's recording on the caller's channel, for the next owner and for the
// dialplan behind the queue.
const RecordingVariable = "QUEUEAPP_RECORDING"

// RecordingVerb is what is to be done about a recording.
type RecordingVerb string

// What can be done about a recording. RecordingFind asks how the one stands that the caller's channel names.
const (
	RecordingStart  RecordingVerb = "start"
	RecordingPause  RecordingVerb = "pause"
	RecordingResume RecordingVerb = "resume"
	RecordingStop   RecordingVerb = "stop"
	RecordingFind   RecordingVerb = "find"
)

// RecordingState is how a recording stands.
type RecordingState string

// How a recording can stand. Off is one that was ended, or never begun; what is to be taken up again goes on in the same file.
const (
	RecordingStarting RecordingState = "starting"
	RecordingOn       RecordingState = "recording"
	RecordingPaused   RecordingState = "paused"
	RecordingOff      RecordingState = "off"
	RecordingFailed   RecordingState = "failed"
)

// RecordingOrder says what is to be done about the recording of a bridge.
type RecordingOrder struct {
	Do     RecordingVerb
	Bridge BridgeID
	Caller queueapp.ChannelID
	Name   string // the file below the switch's directory of recordings, without its ending; empty to find it
	Format string // to start
}

// Recorded says how a bridge's recording stands: once for each order, and where it ended by itself. With Err what was asked
// for did not come about, or the recording broke off.
type Recorded struct {
	Bridge BridgeID
	Asked  RecordingVerb // empty: by itself
	Name   string        // empty: the caller's channel names none
	State  RecordingState
	Err    error
}

func (Recorded) switchEvent() {}

// recording is a conversation's, as far as it is known here: how it stands, Asterisk knows.
type recording struct {
	attempt int
	name    string
	state   RecordingState // empty: not known yet
	waiting []operator     // in the order in which they asked
}

// operator waits for what was asked of a recording.
type operator struct {
	asked RecordingVerb
	done  chan<- error
}

// Recording is how the recording of a conversation stands.
type Recording struct {
	Name  string // the file below the switch's directory of recordings, without its ending
	State RecordingState
}

// declines reports whether a call is not to be recorded: it says so by a datum, of the dialplan's or of a menu's.
func (c *call) declines() bool {
	return slices.ContainsFunc(c.data, func(d queueapp.Datum) bool {
		return (d.Key == "record" || d.Key == "ivr.record") && strings.EqualFold(d.Value, "no")
	})
}

// record begins the recording of a conversation where its queue's are recorded. Nobody waits for it.
func (t *tenure) record(c *call, a *attempt) {
	if r, ok := t.plan.Recording(c.queue); ok && !c.declines() {
		c.recording = &recording{attempt: a.id.N}
		t.startRecording(c, a, r)
	}
}

func (t *tenure) startRecording(c *call, a *attempt, r floorplan.Recording) {
	now := c.recording
	now.state = RecordingStarting
	if now.name == "" {
		w := t.words(c, a)
		w.AgentName = t.nameOf(a.agent)
		now.name = r.File(floorplan.NewRecordingWords(w, a.id, a.connected.Local()))
	}
	t.orderRecording(c, RecordingStart, r.Format)
}

func (t *tenure) orderRecording(c *call, do RecordingVerb, format string) {
	c.sw.Record(RecordingOrder{Do: do, Bridge: c.bridge(), Caller: c.channel.ID, Name: c.recording.name, Format: format})
}

// endRecording ends a conversation's recording with it.
func (t *tenure) endRecording(c *call, a *attempt) {
	r := c.recording
	if r == nil || r.attempt != a.id.N {
		return
	}
	switch r.state {
	case RecordingStarting, RecordingOn, RecordingPaused:
		t.orderRecording(c, RecordingStop, "")
	case RecordingOff, RecordingFailed:
	}
	c.recording = nil
	for _, w := range r.waiting {
		w.done <- ErrNotTalking
	}
}

// findRecordings asks how the recordings of a switch's conversations stand: it went on with them while nobody listened, or
// an owner before us had begun them.
func (t *tenure) findRecordings(sw Switch) {
	for _, c := range t.calls {
		if a := c.talking(); a != nil && c.sw == sw && !c.gone {
			if c.recording == nil || c.recording.attempt != a.id.N {
				c.recording = &recording{attempt: a.id.N}
			}
			t.orderRecording(c, RecordingFind, "")
		}
	}
}

// talking is the attempt by which the caller talks to an agent; nil: he does not.
func (c *call) talking() *attempt {
	for _, a := range c.attempts {
		if !a.connected.IsZero() && !a.ended {
			return a
		}
	}
	return nil
}

// recorded takes how a recording stands. What a former conversation's does is nobody's concern.
func (t *tenure) recorded(ev Recorded) {
	id, _ := callOf(ev.Bridge)
	c := t.calls[id]
	if c == nil || c.recording == nil || c.recording.name != "" && ev.Name != "" && ev.Name != c.recording.name {
		return
	}
	a, r := c.talking(), c.recording
	switch {
	case a == nil:
		return
	case r.name == "" && ev.Asked == RecordingFind && ev.Name == "" && ev.Err == nil:
		c.recording = nil
		if c.resumed { // by an owner before us, who may not have lived to begin it
			t.record(c, a)
		}
		return
	case ev.Asked == "" && ev.Err == nil: // it may have been begun again since
		t.orderRecording(c, RecordingFind, "")
		return
	case ev.Name != "":
		r.name = ev.Name
	}
	t.judgeRecording(c, ev)
	if i := slices.IndexFunc(r.waiting, func(w operator) bool { return w.asked == ev.Asked }); i >= 0 {
		r.waiting[i].done <- ev.Err
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
}

// judgeRecording notes how a recording stands, and tells where it is not what it should be.
func (t *tenure) judgeRecording(c *call, ev Recorded) {
	r, before := c.recording, c.recording.state
	switch {
	case ev.Err != nil && ev.Asked != "" && ev.Asked != RecordingStart:
		t.log.Warn("a recording could not be changed", "call", c.id, "recording", r.name, "asked", ev.Asked, "err", ev.Err)
		return
	case ev.Err != nil:
		r.state = RecordingFailed
		t.countRecording(c, "failed")
		t.log.Warn("a conversation is not recorded", "call", c.id, "recording", r.name, "err", ev.Err)
	case before == RecordingFailed && ev.Asked != RecordingFind: // it broke off before that was answered
		return
	default:
		r.state = ev.State
	}
	switch {
	case before == RecordingStarting && r.state == RecordingOn:
		t.countRecording(c, "started")
	case ev.Asked == RecordingFind && r.state == RecordingOff && (before == RecordingOn || before == RecordingPaused):
		t.log.Warn("a recording ended before its conversation", "call", c.id, "recording", r.name)
	}
	if r.state != before {
		t.noteRecording(c, ev.Err)
	}
}

// noteRecording tells those who watch how a recording stands.
func (t *tenure) noteRecording(c *call, err error) {
	n := RecordingNotice{Call: c.id, Recording: Recording{Name: c.recording.name, State: c.recording.state}}
	if err != nil {
		n.Why = err.Error()
	}
	t.notify(Notice{N: t.nextStep, At: t.Now(), Recording: &n})
}

// RecordingNotice is a change of how a conversation's recording stands, for whoever watches.
type RecordingNotice struct {
	Call queueapp.CallID
	Recording
	Why string // of one that failed
}

func (t *tenure) countRecording(c *call, result string) {
	if t.Observer != nil {
		t.Observer.Recorded(c.queue, result)
	}
}
