package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/record"
)

// A phone transfers a call by itself (SIP REFER), and Asterisk does it: a Local channel takes the phone's place in our bridge.
// Its far half either links to those who talk already (attended), or goes through the dialplan to the number that was dialled
// (blind). There it may come into our application for a moment, before anybody is rung: so the record is there first.

const (
	nearHalf = ";1"
	farHalf  = ";2"
	// linkName is what Asterisk calls a channel that links two bridges.
	linkName = "Local/_attended@transfer"
	// passingLimit is how long the far half of a leg waits for the near one: they come in any order, a moment apart.
	passingLimit = time.Second
)

// replaced takes a channel that has taken the place of one of ours: of a caller's, or of a leg.
func (t *tenure) replaced(sw Switch, ev Replaced) {
	at := channelAt{sw.Name(), ev.Channel.ID}
	if _, known := t.others[at]; known || t.channels[at] != nil {
		return // found already
	}
	if c := t.channels[channelAt{sw.Name(), ev.Old}]; c != nil && !c.gone {
		t.rechannel(c, ev.Channel)
		return
	}
	id, _ := t.legAt(sw, ev.Old)
	c, a := t.attempt(id)
	if a == nil || a.ended || a.connected.IsZero() {
		t.log.Warn("a transfer came too late; its channel is hung up", "channel", ev.Channel.ID, "replaces", ev.Old)
		sw.HangUp(ev.Channel.ID, "normal")
		return
	}
	t.transferred(c, a, ev.Channel)
	if ev.Target != "" {
		t.reached(sw, Reached{Channel: ev.Channel.ID, Target: ev.Target})
	}
}

// rechannel gives a call another channel: the caller has transferred us, or was transferred to us. Who waits hears music again,
// and a menu begins again.
func (t *tenure) rechannel(c *call, ch Channel) {
	delete(t.channels, c.at())
	c.channel.ID, c.channel.Name, c.channel.Endpoint = ch.ID, ch.Name, ch.Endpoint
	c.channel.Up = true // answered, or somebody else's to answer
	t.channels[c.at()] = c
	t.turn(queueapp.Replaced{Call: c.id, Channel: ch.ID})
	for _, a := range c.attempts { // on the way into the bridge
		if a.joined && !a.ended && a.connected.IsZero() {
			a.joined = false
			t.bridge(c, a)
		}
	}
	if _, menu := c.dialogue.(*ivr.Caller); menu { // of which whoever it is now has heard nothing
		c.endDialogue()
		t.openMenu(c, c.menu)
	} else { // what was played to the old one is over
		t.input(c, ivr.Played{N: c.plays.last - c.plays.from, Failed: true})
	}
	t.renew(c)
}

// transferred has the floor follow a call that was sent on.
func (t *tenure) transferred(c *call, a *attempt, ch Channel) {
	ev := queueapp.Transferred{Attempt: a.id, Channel: ch.ID, Attended: ch.Endpoint == linkName}
	if !ev.Attended {
		name, context, _ := strings.Cut(strings.TrimPrefix(ch.Endpoint, "Local/"), "@")
		ev.Number, ev.Context = name, context
		if x := queueapp.ExtensionID(name); t.isExtension(x) {
			ev.Extension = x
		}
	}
	t.turn(ev)
	_, next := t.attempt(t.others[channelAt{c.sw.Name(), ch.ID}])
	if next == nil {
		c.sw.HangUp(ch.ID, "normal")
		return
	}
	next.name = ch.Name
	near := channelAt{c.sw.Name(), queueapp.ChannelID(ch.Name)}
	if half, waits := t.halves[near]; waits {
		delete(t.halves, near)
		t.letPass(c, next, half)
	}
}

// handOver takes up the new leg of a call that was transferred. Nobody of ours is rung before the record is there.
func (t *tenure) handOver(now time.Time, e queueapp.HandOver) {
	c := t.calls[e.Attempt.Call]
	if c == nil {
		return
	}
	a := &attempt{
		id: e.Attempt, agent: e.Agent, extension: e.Extension, offered: now, ringing: now, expires: e.Expires,
		other: e.Channel, rung: true,
	}
	if from := c.attempts[e.From]; from != nil {
		a.from = from.extension
	}
	c.attempts[e.Attempt.N], c.tried = a, e.Attempt.N
	t.others[channelAt{c.sw.Name(), e.Channel}] = a.id
	t.limit(c.sw, a)
	if e.Attended {
		t.talksThere(c, a, now)
		return
	}
	if e.Extension == "" {
		t.whenDurable(func() { t.letRing(c, a) })
		return
	}
	t.openThere(c, a)
}

// located opens the record of a call at the phone where it turned out to be.
func (t *tenure) located(e queueapp.Located) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	a.agent, a.extension, a.expires = e.Agent, e.Extension, e.Expires
	if a.connected.IsZero() {
		t.openThere(c, a)
		return
	}
	t.talksThere(c, a, a.connected)
}

// openThere shows the record at the phone that is about to be rung by the dialplan.
func (t *tenure) openThere(c *call, a *attempt) {
	t.showing(a)
	out := t.open(c, a)
	t.whenDurable(func() { t.show(c, a, out, t.plan.Settings.Budget) })
}

// reached tells the floor at which of its phones a transferred call is.
func (t *tenure) reached(sw Switch, ev Reached) {
	id, ok := t.others[channelAt{sw.Name(), ev.Channel}]
	x, ours := t.extensionAt(sw.Name(), ev.Target)
	if ok && ours {
		t.turn(queueapp.Reached{Attempt: id, Extension: x})
	}
}

// answeredThere takes the answer of whoever a call was transferred to.
func (t *tenure) answeredThere(c *call, a *attempt) {
	if a.ended || !a.connected.IsZero() {
		return
	}
	t.turn(queueapp.Connected{Attempt: a.id})
	t.talksThere(c, a, t.Now())
}

func (t *tenure) talksThere(c *call, a *attempt, since time.Time) {
	a.connected, a.expires = since, since.Add(t.plan.Settings.MaxCall+closeMargin)
	if a.extension == "" {
		return
	}
	r := t.answeredRecord(c, a)
	if !a.opened {
		a.opened, r.Reason = true, record.MovedOn
		t.showing(a)
	}
	t.publish(c, a, r)
}

// passing takes the far half of a leg that a blind transfer has made, on its way to the number that was dialled. It goes on
// once whoever has that number has been shown the record, and at once where it is not known whose it is.
func (t *tenure) passing(sw Switch, ch Channel) {
	near := channelAt{sw.Name(), queueapp.ChannelID(strings.TrimSuffix(ch.Name, farHalf) + nearHalf)}
	for at, id := range t.others {
		if c, a := t.attempt(id); a != nil && at.sw == sw.Name() && a.name == string(near.channel) {
			t.letPass(c, a, ch)
			return
		}
	}
	t.halves[near] = ch
	time.AfterFunc(passingLimit, func() {
		t.post(func() {
			if _, waits := t.halves[near]; waits {
				delete(t.halves, near)
				sw.Continue(ch.ID, nil)
			}
		})
	})
}

// letPass has the far half go on now, or once who is to be rung has been shown the record.
func (t *tenure) letPass(c *call, a *attempt, far Channel) {
	if a.half = &far; a.told || a.ended || t.unsure {
		t.letRing(c, a)
	}
}

// letRing has the dialplan ring whoever a call was transferred to.
func (t *tenure) letRing(c *call, a *attempt) {
	a.told = true
	if a.half != nil {
		c.sw.Continue(a.half.ID, nil)
		a.half = nil
	}
}

// findTransfers takes up what phones and Asterisk did while nobody listened: a channel that came from no dialplan and stands in
// the bridge of one of our calls has taken the place of whoever is not there any more.
func (t *tenure) findTransfers(sw Switch, h holdings) {
	for _, id := range slices.Sorted(maps.Keys(h.bridges)) {
		call, ok := callOf(id)
		c := t.calls[call]
		if !ok || c == nil || c.gone {
			continue
		}
		for _, member := range h.bridges[id].Channels {
			at := channelAt{sw.Name(), member}
			ch, here := h.channels[member]
			if _, known := t.others[at]; known || !here || ch.Ours || len(ch.Args) > 0 || t.channels[at] != nil {
				continue
			}
			t.adoptTransfer(c, ch, h)
		}
	}
}

func (t *tenure) adoptTransfer(c *call, ch Channel, h holdings) {
	if !h.bridged(c.bridge(), c.channel.ID) {
		t.rechannel(c, ch)
		return
	}
	for _, a := range c.attempts {
		if !a.ended && !a.connected.IsZero() && !h.bridged(c.bridge(), a.leg()) {
			t.transferred(c, a, ch)
			return
		}
	}
}

func (t *tenure) isExtension(id queueapp.ExtensionID) bool {
	return slices.ContainsFunc(t.plan.Floor.Extensions, func(x queueapp.Extension) bool { return x.ID == id })
}
