package engine

import (
	"cmp"
	"slices"
	"strings"

	"ringside/queueapp"
)

// reconcileCalls ends the calls whose caller is no longer there, and renews what the others are owed.
func (t *tenure) reconcileCalls(sw Switch, h holdings) {
	var here []*call
	for _, c := range t.calls {
		if c.sw == sw && !c.gone {
			here = append(here, c)
		}
	}
	slices.SortFunc(here, func(a, b *call) int {
		return cmp.Or(a.arrived.Compare(b.arrived), strings.Compare(string(a.id), string(b.id)))
	})
	for _, c := range here {
		ch, lives := h.channels[c.channel.ID]
		if !lives {
			t.gone(sw, Gone{Channel: c.channel.ID, HungUp: true})
			continue
		}
		c.channel.Up, c.inBridge = ch.Up, h.bridged(c.bridge(), ch.ID)
		if !c.met(h) {
			t.renew(c)
		}
	}
}

// met reports whether a caller is in the bridge with an agent, which the floor is yet to hear of: he does not wait any more.
func (c *call) met(h holdings) bool {
	for _, a := range c.attempts {
		if c.inBridge && !a.ended && a.connected.IsZero() && h.bridged(c.bridge(), legID(a.id)) {
			return true
		}
	}
	return false
}

// reconcileLegs tells the floor what became of the legs while nobody listened. Of a leg that we asked for ourselves the
// switch tells the end without being asked; it may also have been asked for since the listing was taken.
func (t *tenure) reconcileLegs(sw Switch, h holdings) {
	var open []*attempt
	for _, c := range t.calls {
		for _, a := range c.attempts {
			if c.sw == sw && a.rung {
				open = append(open, a)
			}
		}
	}
	slices.SortFunc(open, func(a, b *attempt) int { return a.offered.Compare(b.offered) })
	for _, a := range open {
		leg, lives := h.channels[a.leg()]
		c := t.calls[a.id.Call]
		unheard := a.unheard
		a.unheard, a.inherited = false, a.inherited && !lives
		if lives && !a.ended {
			t.limit(sw, a)
		}
		switch {
		case !lives && a.inherited:
			t.legGone(a.id, LegGone{Channel: a.leg(), Absent: true})
		case !lives:
		case a.other != "" && leg.Up && !a.ended:
			t.answeredThere(c, a)
		case unheard && !leg.Up && !leg.Ringing: // prepared only, as far as anybody knows
			t.lose(c, a)
		case leg.Up && a.connected.IsZero() && !a.ended:
			t.turn(queueapp.Up{Attempt: a.id})
			for _, ch := range []queueapp.ChannelID{c.channel.ID, legID(a.id)} {
				if h.bridged(c.bridge(), ch) {
					t.enteredBridge(Entered{Bridge: c.bridge(), Channel: ch})
				}
			}
		case a.ended:
			sw.HangUp(a.leg(), "normal")
		}
	}
}

// clearAway takes up callers whom nobody knows as new calls, and removes legs and bridges whom nobody owns.
func (t *tenure) clearAway(sw Switch, up SwitchUp) {
	for _, ch := range up.Channels {
		if id, leg := attemptOf(ch.ID); leg || ch.Ours {
			if _, a := t.attempt(id); a == nil {
				t.log.Info("hanging up a leg that nobody owns", "channel", ch.ID)
				sw.HangUp(ch.ID, "normal")
				t.count(id)
			}
			continue
		}
		if _, is := t.others[channelAt{sw.Name(), ch.ID}]; is {
			continue
		}
		t.found(sw, ch)
	}
	for _, b := range up.Bridges {
		id, ok := callOf(b.ID)
		switch c := t.calls[id]; {
		case ok && c == nil:
			sw.DestroyBridge(b.ID, "")
		case ok:
			c.bridged = true // it goes with the call
		}
	}
}

// count keeps the number of an attempt from being used again that an owner before us did not live to write: its leg still
// has that name.
func (t *tenure) count(id queueapp.AttemptID) {
	c := t.calls[id.Call]
	v, waits := t.floor.Call(id.Call)
	if c == nil || id.N <= c.tried || !waits {
		return
	}
	c.tried = id.N
	t.turn(queueapp.RestoreVisit{
		Enter: queueapp.Enter{
			Call: v.Call, Queue: v.Queue, Entry: v.Entry, Priority: v.Priority, Timeout: v.Deadline.Sub(v.Entered), Attempts: id.N,
			Switch: v.Switch, Channel: v.Channel, Caller: v.Caller, Customers: v.Customers, Data: c.data,
		},
		Entered: v.Entered, Deadline: v.Deadline,
	})
}

// dropLegsTo ends the legs that lead from other switches to phones of one that was restarted: it forgot the phones, and
// never says so.
func (t *tenure) dropLegsTo(sw Switch) {
	for _, c := range t.calls {
		for _, a := range c.attempts {
			if c.sw != sw && a.rung && t.extension(a.extension).Switch == sw.Name() {
				t.lose(c, a)
			}
		}
	}
}

// lose ends a leg through nobody's fault.
func (t *tenure) lose(c *call, a *attempt) {
	a.lost = true
	c.sw.HangUp(a.leg(), "normal")
}
