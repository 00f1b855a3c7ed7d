package engine

import (
	"log/slog"
	"maps"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/failpoint"
)

// hear hands the loop what a switch reports, and has it noted how long that took. A new call that would only add to what
// waits is given back at once: the loop never hears of it.
func (t *tenure) hear(sw Switch, ev SwitchEvent) {
	at := t.Now()
	if call, is := ev.(Arrived); is && t.overloaded(at) {
		t.turnAway(sw, call.Channel, awayOverload)
		return
	}
	t.post(func() {
		if t.Observer != nil {
			t.Observer.Lagged(t.Now().Sub(at))
		}
		t.heard(sw, ev)
	})
}

// heard takes what a switch reports. What is stale or doubled finds no call or attempt and is dropped.
func (t *tenure) heard(sw Switch, ev SwitchEvent) {
	failpoint.Here("heard", ev)
	switch ev := ev.(type) {
	case SwitchUp:
		t.switchUp(sw, ev)
	case SwitchDown:
		t.log.Warn("switch cannot be heard", "switch", sw.Name(), "err", ev.Err)
		delete(t.upSwitches, sw.Name())
		t.restLamps()
		t.turn(queueapp.SwitchDown{Switch: sw.Name()})
		t.feel()
	case Arrived:
		t.arrived(sw, ev.Channel)
	case Gone:
		t.gone(sw, ev)
	case Digit:
		if c := t.channels[channelAt{sw.Name(), ev.Channel}]; c != nil {
			t.input(c, ivr.Key{Key: ev.Key})
		} else {
			t.legDigit(ev)
		}
	case PlayDone:
		if c := t.channels[channelAt{sw.Name(), ev.Channel}]; c != nil {
			t.input(c, ivr.Played{N: c.playNumber(ev.Playback) - c.plays.from, Failed: ev.Failed})
		} else {
			t.legPlayed(ev)
		}
	case LegRinging:
		t.legRinging(ev)
	case Replaced:
		t.replaced(sw, ev)
	case Reached:
		t.reached(sw, ev)
	case LegUp:
		t.legUp(sw, ev.Channel)
	case LegGone:
		if id, ok := attemptOf(ev.Channel); ok {
			t.legGone(id, ev)
		}
	case Entered:
		t.enteredBridge(ev)
	case Left:
		t.leftBridge(ev)
	case Held:
		t.heldBy(sw, ev.Channel, true)
	case Resumed:
		t.heldBy(sw, ev.Channel, false)
	case DeviceChanged:
		for _, x := range t.devices[device{sw.Name(), ev.Device}] {
			t.turn(queueapp.Device{Extension: x, State: ev.State})
		}
	case Recorded:
		t.recorded(ev)
	case Failed:
		t.failed(sw, ev)
	}
}

// gone is a caller's channel that left us: hung up, or taken away by somebody else. When we sent it on it was expected.
func (t *tenure) gone(sw Switch, ev Gone) {
	at := channelAt{sw.Name(), ev.Channel}
	c := t.channels[at]
	if id, ok := t.others[at]; ok {
		t.legGone(id, LegGone{Channel: ev.Channel, Q850: ev.Q850})
		return
	}
	if c == nil || c.gone {
		maps.DeleteFunc(t.halves, func(_ channelAt, far Channel) bool { return far.ID == ev.Channel })
		return
	}
	c.gone = true
	c.endDialogue()
	if _, waits := t.floor.Call(c.id); waits {
		t.turn(queueapp.Hangup{Call: c.id, Q850: ev.Q850})
	}
	t.settle(c)
}

// legAt finds the attempt of which a channel is the leg.
func (t *tenure) legAt(sw Switch, ch queueapp.ChannelID) (queueapp.AttemptID, bool) {
	if id, ok := t.others[channelAt{sw.Name(), ch}]; ok {
		return id, true
	}
	return attemptOf(ch)
}

// legUp takes an answer. Of a call that was transferred it was the last that was wanting: the two are in the bridge.
func (t *tenure) legUp(sw Switch, ch queueapp.ChannelID) {
	id, ok := t.legAt(sw, ch)
	if !ok {
		return
	}
	if c, a := t.attempt(id); a != nil && a.other != "" {
		t.answeredThere(c, a)
		return
	}
	t.turn(queueapp.Up{Attempt: id})
}

func (t *tenure) legRinging(ev LegRinging) {
	id, ok := attemptOf(ev.Channel)
	if !ok {
		return
	}
	if c, a := t.attempt(id); a != nil && a.ringing.IsZero() {
		a.ringing = t.Now()
		t.receive(c)
		if !c.bridged { // ready for the answer
			c.bridged = true
			c.sw.PrepareBridge(c.bridge(), c.channel.ID)
		}
	}
	t.turn(queueapp.Ringing{Attempt: id})
}

func (t *tenure) legGone(id queueapp.AttemptID, ev LegGone) {
	c, a := t.attempt(id)
	if a == nil {
		return // hung up as nobody's, or told twice
	}
	cause := causeOf(ev)
	if ev.Q850 == noAnswer && a.ringing.IsZero() && t.Now().Before(a.until) {
		cause = queueapp.EndBusy // 480 from a phone that never rang: set to do not disturb
	}
	a.prepared = false
	if a.lost {
		cause = queueapp.EndLost
	}
	t.turn(queueapp.Ended{Attempt: id, Cause: cause, Q850: ev.Q850})
	a.rung, a.inBridge = false, false
	t.forget(c, a)
}

// forget drops an attempt of which nothing is left.
func (t *tenure) forget(c *call, a *attempt) {
	if a.ended && !a.rung {
		delete(c.attempts, a.id.N)
		delete(t.others, channelAt{c.sw.Name(), a.other})
	}
	t.settle(c)
}

// noAnswer is Q.850's "no answer": our own time-out, or the phone's word.
const noAnswer = 19

// causeOf says in the floor's words why a leg is gone (Q.850 as Asterisk uses it for SIP's answers).
func causeOf(ev LegGone) queueapp.EndCause {
	switch ev.Q850 {
	case 17: // user busy: 486, 600
		return queueapp.EndBusy
	case 18, noAnswer: // no user responding, no answer: our own time-out, 408, 480
		return queueapp.EndNoAnswer
	case 21: // call rejected: 401, 403, 603
		return queueapp.EndRefused
	case 16, 26, 31: // normal, answered elsewhere
		return queueapp.EndHangup
	case 1, 3, 20, 22, 27, 28, 34, 38, 41, 42, 44, 50, 52, 57, 58, 65, 66, 69, 79, 88, 102, 111, 127:
		return queueapp.EndUnreachable
	}
	if ev.Absent || ev.Q850 == 0 {
		return queueapp.EndLost
	}
	return queueapp.EndUnreachable
}

// enteredBridge waits for both to be in: only then do they talk.
func (t *tenure) enteredBridge(ev Entered) {
	id, ok := callOf(ev.Bridge)
	c := t.calls[id]
	if !ok || c == nil {
		return
	}
	if ev.Channel == c.channel.ID {
		c.inBridge = true
	}
	for _, a := range c.attempts {
		if legID(a.id) == ev.Channel {
			a.inBridge = true
		}
	}
	for _, a := range c.attempts {
		if c.inBridge && a.inBridge && !a.ended && a.connected.IsZero() {
			t.connected(c, a)
			return
		}
	}
}

// leftBridge keeps an old bridge of the call from counting for its next attempt.
func (t *tenure) leftBridge(ev Left) {
	if id, ok := callOf(ev.Bridge); ok {
		if c := t.calls[id]; c != nil && ev.Channel == c.channel.ID {
			c.inBridge = false
		}
	}
}

func (t *tenure) connected(c *call, a *attempt) {
	a.connected, c.limit = t.Now(), 0 // what waiting takes is not owed any more
	c.endDialogue()
	t.turn(queueapp.Connected{Attempt: a.id})
	t.together(c)
	a.expires = a.connected.Add(t.plan.Settings.MaxCall + closeMargin)
	t.publish(c, a, t.answeredRecord(c, a))
	if a.early {
		t.turn(queueapp.Held{Attempt: a.id})
	}
	c.sw.SetVariables(c.channel.ID, absolute(t.plan.Settings.MaxCall))
	t.record(c, a)
}

// heldBy tells the floor of a hold. One that begins before caller and agent are together counts once they are: the caller comes to
// a phone that does not hear him. Asterisk may tell of it even before it tells of the answer.
func (t *tenure) heldBy(sw Switch, leg queueapp.ChannelID, on bool) {
	id, ok := t.legAt(sw, leg)
	if !ok {
		return
	}
	if _, a := t.attempt(id); a != nil && a.connected.IsZero() {
		a.early = on
		return
	}
	if on {
		t.turn(queueapp.Held{Attempt: id})
		return
	}
	t.turn(queueapp.Resumed{Attempt: id})
}

// notFound is HTTP's status for a channel that is not there any more.
const notFound = 404

// failed is a command that did not take effect. What can be mended is; the rest is told by events of its own.
func (t *tenure) failed(sw Switch, ev Failed) {
	level := slog.LevelWarn
	if ev.Status == notFound { // the caller or the phone was quicker
		level = slog.LevelDebug
	}
	t.log.Log(t.ctx, level, "switch refused a command", "switch", sw.Name(), "command", ev.Command, "channel", ev.Channel,
		"status", ev.Status, "err", ev.Err)
	c := t.channels[channelAt{sw.Name(), ev.Channel}]
	switch {
	case ev.Command == "destroy":
		t.destroySoon(sw, ev.Bridge)
		return
	case ev.Status == notFound && ev.Command != "bridge":
		return
	case c == nil:
		t.endSoon(sw, ev)
		return
	case ev.Command != "bridge":
		c.channel.Up = c.channel.Up && ev.Command != "answer"
		t.renewSoon(c)
		return
	}
	for _, a := range c.attempts { // the next agent may ring already
		if legID(a.id) == ev.Leg && !a.ended && a.connected.IsZero() {
			c.sw.HangUp(ev.Leg, "normal") // its end puts the caller back in line
		}
	}
}

// absolute is Asterisk's dead man's switch on a channel: it ends after d whatever happens to us (DESIGN §4.9).
func absolute(d time.Duration) Variable {
	return Variable{Name: "TIMEOUT(absolute)", Value: seconds(d)}
}
