package stasis

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// wanted are the events that Asterisk is asked for (eventFilter); it keeps all others to itself.
func wanted() []string {
	return []string{
		"ApplicationReplaced", "BridgeAttendedTransfer", "ChannelDestroyed", "ChannelDtmfReceived", "ChannelEnteredBridge", "ChannelHangupRequest",
		"ChannelHold", "ChannelLeftBridge", "ChannelStateChange", "ChannelUnhold", "DeviceStateChanged", "Dial",
		"PlaybackFinished", "RecordingFailed", "RecordingFinished", "StasisEnd", "StasisStart",
	}
}

// event takes one event as it came. Nothing in it may be trusted; nothing in it stops the stream.
func (l *live) event(frame []byte) {
	e, err := ari.DecodeEvent(frame)
	if err != nil {
		l.unread(frame, err)
		return
	}
	if app := e.GetApplication(); app != "" && app != l.s.app {
		return
	}
	l.s.watch.Event(e.GetType())
	switch e := e.(type) {
	case *ari.StasisStart:
		l.entered(e)
	case *ari.StasisEnd:
		l.callerGone(idOf(&e.Channel))
		l.replacedGone(idOf(&e.Channel))
	case *ari.ChannelHangupRequest:
		l.hangupAsked(e)
	case *ari.ChannelDestroyed:
		l.destroyed(idOf(&e.Channel), e.Cause)
	case *ari.Dial:
		l.dialled(e)
	case *ari.ChannelStateChange:
		l.stateChanged(&e.Channel)
	case *ari.ChannelDtmfReceived:
		l.digit(e)
	case *ari.PlaybackFinished:
		l.playDone(engine.PlaybackID(e.Playback.ID), e.Playback.State == "failed")
	case *ari.ChannelEnteredBridge:
		if strings.HasPrefix(e.Bridge.ID, prefix) {
			l.sink(engine.Entered{Bridge: engine.BridgeID(e.Bridge.ID), Channel: idOf(&e.Channel)})
		}
	case *ari.ChannelLeftBridge:
		if strings.HasPrefix(e.Bridge.ID, prefix) {
			l.sink(engine.Left{Bridge: engine.BridgeID(e.Bridge.ID), Channel: idOf(&e.Channel)})
		}
	case *ari.ChannelHold:
		l.sink(engine.Held{Channel: idOf(&e.Channel)})
	case *ari.ChannelUnhold:
		l.sink(engine.Resumed{Channel: idOf(&e.Channel)})
	case *ari.BridgeAttendedTransfer:
		l.reached(e)
	case *ari.RecordingFinished:
		l.recordingEnded(e.Recording, false)
	case *ari.RecordingFailed:
		l.recordingEnded(e.Recording, true)
	case *ari.DeviceStateChanged:
		l.deviceChanged(e.DeviceState.Name, queueapp.DeviceState(e.DeviceState.State))
	case *ari.ApplicationReplaced:
		l.s.rest.lease.Doubt()
		l.cancel(errReplaced)
	}
}

// unread counts an event that could not be read.
func (l *live) unread(frame []byte, err error) {
	var typed struct{ Type string }
	if json.Unmarshal(frame, &typed) != nil {
		typed.Type = ""
	}
	kind := clean(typed.Type, maxKind)
	if kind != "" && strings.HasPrefix(err.Error(), "unhandled type") {
		l.s.watch.EventUnknown(kind)
		l.s.log.Debug("an event of an unknown type", "type", kind)
		return
	}
	l.s.watch.EventMalformed(kind)
	l.s.log.Warn("an event cannot be read; it is dropped", "type", kind, "bytes", len(frame), "err", err)
}

// entered tells callers, our legs, and what is neither apart when a channel enters our application.
func (l *live) entered(e *ari.StasisStart) {
	id := idOf(&e.Channel)
	switch {
	case ours(id) && prepared(e.Args):
		l.legMade(id)
	case ours(id):
		l.legUp(id) // the far half of a Local leg, whose dialplan leads back to us, is no leg that anybody waits for
	case len(e.Args) > 0 && e.Args[0] == legArg:
		l.stray(id) // whither Asterisk forwarded a leg of ours
	case e.ReplaceChannel.ID != "":
		l.replaced(e)
	default:
		l.arrived(arrival(&e.Channel, e.Args))
	}
}

func (l *live) hangupAsked(e *ari.ChannelHangupRequest) {
	c := l.callers[idOf(&e.Channel)]
	if c == nil {
		return
	}
	c.hungUp = true
	if !e.Soft && e.Cause != 0 { // of a soft request it is no Q.850 cause, but who asked
		c.q850 = e.Cause
	}
}

func (l *live) destroyed(id queueapp.ChannelID, q850 int) {
	delete(l.strays, id)
	if ours(id) {
		l.legGone(id, q850)
		return
	}
	if c := l.callers[id]; c != nil {
		c.hungUp = true
		if q850 != 0 {
			c.q850 = q850
		}
		l.callerGone(id)
	}
}

// dialled takes a leg's progress. Where the phone diverts the call, Asterisk follows; we do not, as the attempt is over.
func (l *live) dialled(e *ari.Dial) {
	id := idOf(&e.Peer)
	if !ours(id) || secondHalf(id) {
		return
	}
	if e.Forwarded.ID != "" {
		l.stray(idOf(&e.Forwarded))
	}
	if l.legs[id] == nil {
		switch e.Dialstatus {
		case "", "RINGING", "PROGRESS", "PROCEEDING":
			l.stray(id)
		}
		return
	}
	switch e.Dialstatus {
	case "RINGING", "PROGRESS":
		l.legRinging(id)
	case "ANSWER":
		if l.legs[id].prepared { // any other enters our application now
			l.legUp(id)
		}
	}
}

// stateChanged hears of an answer a second time: a prepared leg's is told by Dial, and nothing else would tell if that got lost.
func (l *live) stateChanged(ch *ari.ChannelData) {
	id := idOf(ch)
	if g := l.legs[id]; g != nil && g.prepared && ch.State == "Up" {
		l.legUp(id)
	}
	if c := l.callers[id]; c != nil && c.given && ch.State == "Up" {
		l.sink(engine.LegUp{Channel: id})
	}
}

// prepared reports whether these are the arguments of a leg that was prepared.
func prepared(args []string) bool { return len(args) > 0 && args[0] == preparedArg }

func (l *live) digit(e *ari.ChannelDtmfReceived) {
	if len(e.Digit) == 1 && strings.Contains("0123456789*#ABCD", e.Digit) {
		l.sink(engine.Digit{Channel: idOf(&e.Channel), Key: e.Digit[0]})
	}
}

func (l *live) deviceChanged(device string, state queueapp.DeviceState) {
	if _, followed := l.asked[device]; followed {
		l.asked[device] = false
		l.sink(engine.DeviceChanged{Device: device, State: state})
	}
}

func idOf(ch *ari.ChannelData) queueapp.ChannelID { return queueapp.ChannelID(ch.ID) }

func ours(id queueapp.ChannelID) bool { return strings.HasPrefix(string(id), prefix) }

// secondHalf reports whether a channel is the far half of a Local leg of ours.
func secondHalf(id queueapp.ChannelID) bool {
	return ours(id) && strings.HasSuffix(string(id), otherHalf)
}

// arrival is a caller's channel as StasisStart shows it.
func arrival(ch *ari.ChannelData, args []string) engine.Channel {
	out := engine.Channel{
		ID: idOf(ch), Name: ch.Name, Up: ch.State == "Up", Args: args, Endpoint: endpoint(ch.Name),
		Caller: callerOf(ch.GetCaller().GetName(), ch.GetCaller().GetNumber(), ch.GetDialplan().GetExten(), ch.GetChannelVars()),
	}
	if t := ch.GetCreationtime(); t != nil {
		out.Created = time.Unix(t.GetSeconds(), int64(t.GetNanos())).UTC()
	}
	return out
}
