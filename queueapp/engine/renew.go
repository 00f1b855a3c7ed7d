package engine

import (
	"time"

	"ringside/queueapp"
)

// renewAfter is the pause before something is ordered again that a switch gave no answer to.
const renewAfter = time.Second

// renewSoon renews what a caller is owed a little later, where an order did not take effect.
func (t *tenure) renewSoon(c *call) {
	time.AfterFunc(renewAfter, func() { t.post(func() { t.renew(c) }) })
}

// endSoon orders again a little later what Asterisk gave no answer to, and no call of ours renews: that a caller who was
// turned away goes back to the dialplan, that a leg ends, and that one that a transfer has brought ends some day.
func (t *tenure) endSoon(sw Switch, ev Failed) {
	id, _ := t.legAt(sw, ev.Channel)
	time.AfterFunc(renewAfter, func() {
		t.post(func() {
			_, a := t.attempt(id)
			switch {
			case t.channels[channelAt{sw.Name(), ev.Channel}] != nil:
			case ev.Command == "continue":
				giveBack(sw, ev.Channel)
			case ev.Command == "hangup" && (a == nil || a.ended):
				sw.HangUp(ev.Channel, "normal")
			case ev.Command == "variables" && a != nil && !a.ended:
				t.limit(sw, a)
			}
		})
	})
}

// renew orders again what a caller in the application is owed and may not have got: the way out, or what waiting and
// talking take. Whoever is on his way into a bridge is left alone: that comes about, or puts him back in line.
func (t *tenure) renew(c *call) {
	if c.gone || t.calls[c.id] != c {
		return
	}
	if c.farewell != nil {
		c.farewell()
		return
	}
	v, waits := t.floor.Call(c.id)
	answered, joined := c.served()
	switch {
	case !waits || joined:
	case v.State == string(queueapp.StatusTalking), c.handed():
		c.sw.SetVariables(c.channel.ID, absolute(t.plan.Settings.MaxCall))
	case answered: // received right before the bridge
		t.owe(c, v)
	default:
		t.receiveAgain(c, v)
	}
}

// limit sets the dead man's switch of a leg that a transfer has brought: it came with none.
func (t *tenure) limit(sw Switch, a *attempt) {
	if a.other != "" {
		sw.SetVariables(a.other, absolute(t.plan.Settings.MaxCall))
	}
}

// receiveAgain gives a caller who waits an answer, music and the dead man's switch for what is left of the wait. Who waits is
// in no bridge: it goes, and is made anew for the next attempt.
func (t *tenure) receiveAgain(c *call, v queueapp.CallView) {
	if c.inBridge {
		c.sw.DestroyBridge(c.bridge(), c.channel.ID)
		c.bridged, c.inBridge = false, false
	}
	t.owe(c, v)
	t.receive(c)
}

// owe notes what a caller who waits is to be received with.
func (t *tenure) owe(c *call, v queueapp.CallView) {
	c.music, c.limit = t.queue(v.Queue).Music, max(0, v.Deadline.Sub(t.Now()))+waitMargin
}

// served reports whether somebody has answered the caller, and whether it was asked for that they be brought together.
func (c *call) served() (answered, joined bool) {
	for _, a := range c.attempts {
		if !a.ended && a.connected.IsZero() {
			answered, joined = answered || a.answered, joined || a.joined
		}
	}
	return answered, joined
}

// handed reports whether the call was transferred: who was served waits no more, whatever rings for him.
func (c *call) handed() bool {
	for _, a := range c.attempts {
		if a.other != "" && !a.ended {
			return true
		}
	}
	return false
}

// destroySoon removes a bridge a little later that could not be removed, unless it is in use again by then.
func (t *tenure) destroySoon(sw Switch, id BridgeID) {
	call, ok := callOf(id)
	if !ok {
		return
	}
	time.AfterFunc(renewAfter, func() {
		t.post(func() {
			switch c := t.calls[call]; {
			case c == nil:
				sw.DestroyBridge(id, "")
			case !c.bridged:
				sw.DestroyBridge(id, c.channel.ID)
			}
		})
	})
}
