package engine

import (
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/record"
)

// follow carries an effect out: at once where it only takes something back, else when the batch with its step is durable.
func (t *tenure) follow(now time.Time, e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Announce:
		t.announce(e)
	case queueapp.Offer:
		t.offer(now, e)
	case queueapp.Ring:
		t.ring(e)
	case queueapp.Brief:
		t.brief(e)
	case queueapp.HandOver:
		t.handOver(now, e)
	case queueapp.Located:
		t.located(e)
	case queueapp.Connect:
		t.connect(e)
	case queueapp.Revoke:
		t.revoke(now, e)
	case queueapp.HangUp:
		t.hangUp(e)
	case queueapp.OnHold:
		t.holds(now, e.Attempt, 0, true)
	case queueapp.OffHold:
		t.holds(now, e.Attempt, e.For, false)
	case queueapp.Close:
		t.closeRecord(now, e)
	case queueapp.Leave:
		t.leaves(e)
	case queueapp.LoggedOn:
		t.whenDurable(func() { t.members(e.Extension) })
	case queueapp.LoggedOff:
		t.whenDurable(func() { t.members(e.Extension) })
	case queueapp.Paused:
		if e.Auto {
			t.whenDurable(func() { t.tellPaused(e) })
		}
	case queueapp.Regained:
		if c := t.calls[e.Call]; c != nil {
			c.entry = e.Entry
		}
	case queueapp.Serves, queueapp.Unpaused, queueapp.WrapUp, queueapp.Missed, queueapp.Refused:
	}
}

// offer makes the record and publishes it once the attempt is durable.
func (t *tenure) offer(now time.Time, e queueapp.Offer) {
	c := t.calls[e.Attempt.Call]
	if c == nil {
		return
	}
	a := &attempt{
		id: e.Attempt, agent: e.Agent, extension: e.Extension, offered: now, expires: e.Expires,
	}
	c.attempts[e.Attempt.N], c.tried = a, e.Attempt.N
	t.showing(a)
	c.whenIdentified(func() { t.prepare(c, a) }) // the phone is to display who it is
	if c.seeking {
		t.whenDurable(func() { t.openIdentified(c, a) })
		return
	}
	out := t.open(c, a)
	t.whenDurable(func() { t.show(c, a, out, t.plan.Settings.Budget) })
}

// open makes the record that an attempt opens with. It is written with the next batch.
func (t *tenure) open(c *call, a *attempt) Outgoing {
	a.opened = true
	out := t.outgoing(c, a, t.offeredRecord(c, a))
	t.batch.Records = append(t.batch.Records, out)
	return out
}

// show publishes the record of a durable attempt; the phone may ring when the server has answered or the budget is over.
func (t *tenure) show(c *call, a *attempt, out Outgoing, budget time.Duration) {
	t.crm.Offer(out, budget, func(r queueapp.PublishResult) {
		failpoint.Here("accepted", "offered")
		t.afterLead(r, func() {
			t.whenSure(func() {
				t.turn(queueapp.Offered{Attempt: a.id, Publish: r})
				t.tell(c)
				t.letRing(c, a)
			})
		})
	})
}

// afterLead has the loop do f once an accepted record was there for the site's lead; a phone whose record is not there
// has nothing to wait for.
func (t *tenure) afterLead(r queueapp.PublishResult, f func()) {
	lead := t.lead.Load()
	if r != queueapp.PublishOK || lead <= 0 {
		t.post(f)
		return
	}
	time.AfterFunc(time.Duration(lead), func() { t.post(f) })
}

func (t *tenure) ring(e queueapp.Ring) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	if _, ok := t.reach(c.sw, t.extension(e.Extension)); !ok {
		t.log.Error("extension belongs to a switch that queueapp.toml does not have", "extension", e.Extension)
		a.rung = true
		t.whenDurable(func() { t.legGone(e.Attempt, LegGone{Channel: legID(e.Attempt), Q850: 20, Absent: true}) })
		return
	}
	leg := t.leg(c, a)
	leg.Ring, leg.Prepared = max(e.For, time.Second), a.prepared
	a.rung, a.prepared, a.until = true, false, t.Now().Add(e.For)
	c.sw.Originate(leg)
	c.reception = time.AfterFunc(receptionLimit, func() { t.post(func() { t.receive(c) }) })
}

// prepare makes the leg while the attempt is committed and its record published, so that the ring has less to do. It rings
// nobody; should the attempt come to nothing, it is taken away again.
func (t *tenure) prepare(c *call, a *attempt) {
	if _, ok := t.reach(c.sw, t.extension(a.extension)); !ok || a.ended || a.rung || c.gone {
		return
	}
	a.rung, a.prepared = true, true
	c.sw.Prepare(t.leg(c, a))
}

func (t *tenure) leg(c *call, a *attempt) Leg {
	dial, _ := t.reach(c.sw, t.extension(a.extension))
	vars := []Variable{absolute(t.plan.Settings.MaxCall)}
	if in := t.plan.Settings.Transfers; in != "" {
		vars = append(vars, Variable{"TRANSFER_CONTEXT", in})
	}
	return Leg{
		Channel: legID(a.id), Dial: dial, Originator: c.channel.ID,
		CallerNumber: c.channel.Caller.Number, CallerName: t.texts.Display(t.words(c, a)),
		Variables: vars,
	}
}

// receptionLimit is how long a caller whose ring was asked for may be left without answer and music: a phone that rings
// is heard of within a few milliseconds, and then the machine has time for them.
const receptionLimit = 100 * time.Millisecond

// connect brings the caller and the agent together when that is durable.
func (t *tenure) connect(e queueapp.Connect) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	a.answered = true
	a.picked(t.Now())
	a.hush(c)
	t.input(c, ivr.Answered{})
	t.whenDurable(func() { a.committed = true; t.bridge(c, a) })
	t.proceed(c)
}

func (t *tenure) bridge(c *call, a *attempt) {
	if a.joined || a.ended || c.gone || !a.connected.IsZero() { // a former owner may have done it
		return
	}
	t.receive(c)
	if w := c.waiting(); w != nil && w.Tells() {
		return // until that is told
	}
	a.joined = true
	c.bridged = true
	c.sw.Bridge(c.bridge(), c.channel.ID, legID(a.id))
}

func (t *tenure) revoke(now time.Time, e queueapp.Revoke) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	a.ended = true
	if a.prepared {
		a.prepared = false
		c.sw.HangUp(legID(a.id), "normal")
	}
	if v, waits := t.floor.Call(c.id); waits && a.joined {
		c.inBridge = true // or on the way into it, and the music has stopped
		t.receiveAgain(c, v)
	} else if waits {
		t.receive(c)
	}
	if a.answered {
		t.input(c, ivr.Unanswered{})
	}
	t.publish(c, a, t.revokedRecord(c, a, e, now))
	t.forget(c, a)
}

// hangUp ends a leg, also one that nobody knows any more.
func (t *tenure) hangUp(e queueapp.HangUp) {
	if c, a := t.attempt(e.Attempt); a != nil {
		c.sw.HangUp(a.leg(), e.Reason)
		return
	}
	if c := t.calls[e.Attempt.Call]; c != nil {
		c.sw.HangUp(legID(e.Attempt), e.Reason)
		return
	}
	for _, sw := range t.inOrder {
		sw.HangUp(legID(e.Attempt), e.Reason)
	}
}

// holds tells whoever looks at a conversation's record that the caller is on hold, or back.
func (t *tenure) holds(now time.Time, id queueapp.AttemptID, d time.Duration, on bool) {
	c, a := t.attempt(id)
	if a == nil {
		return
	}
	a.onHold, a.held = on, a.held+d
	t.publish(c, a, t.holdRecord(c, a, now))
}

func (t *tenure) closeRecord(now time.Time, e queueapp.Close) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	a.ended = true
	t.endRecording(c, a)
	t.publish(c, a, t.endedRecord(c, a, e, now))
	t.forget(c, a)
}

// leaves sends the caller on when the visit's outcome is durable.
func (t *tenure) leaves(e queueapp.Leave) {
	c := t.calls[e.Call]
	if c == nil {
		return
	}
	t.met(c, e)
	if e.Then == queueapp.ThenQueue {
		t.pass(c, e)
		return
	}
	c.left = &e
	t.whenDurable(func() { t.leave(c) })
	t.proceed(c)
}

func (t *tenure) leave(c *call) {
	if c.left == nil {
		return
	}
	e := *c.left
	c.left = nil
	if !c.gone {
		switch e.Then {
		case queueapp.ThenContinue:
			t.goOn(c, e)
		case queueapp.ThenHangUp:
			t.dismiss(c)
		case queueapp.ThenNothing, queueapp.ThenQueue:
		}
	}
	t.settle(c)
}

// publish makes a record durable and sends it on its way.
func (t *tenure) publish(c *call, a *attempt, r record.Call) {
	if !a.opened {
		t.whenDurable(func() { t.unshow(a) })
		return
	}
	out := t.outgoing(c, a, r)
	t.batch.Records = append(t.batch.Records, out)
	send := t.whenDurable
	if r.Event == record.Ended { // and none of the call's follows
		send = t.lastWhenDurable
	}
	send(func() {
		t.crm.Send(out)
		if r.State == record.Closed {
			t.unshow(a)
		}
	})
}

// sent notes that a record needs no more delivery.
func (t *tenure) sent(k RecordKey) {
	t.post(func() {
		t.batch.Sent = append(t.batch.Sent, k)
		if a := t.owed[k]; a != nil {
			delete(t.owed, k)
			t.members(a.extension)
		}
	})
}

// announce has the queue's members told by chat that a caller waits: behind the record where somebody is free, for the
// record is what the ring waits for.
func (t *tenure) announce(e queueapp.Announce) {
	c := t.calls[e.Call]
	if c == nil {
		return
	}
	c.untold = e.Agents
	t.whenDurable(func() {
		c.whenIdentified(func() {
			if v, waits := t.floor.Call(c.id); waits && v.Attempt == 0 {
				t.tell(c)
			}
		})
	})
}

// tell tells who was not told yet.
func (t *tenure) tell(c *call) {
	var to []string
	for _, id := range c.untold {
		to = append(to, t.jidsOf(id)...)
	}
	c.untold = nil
	if len(to) > 0 {
		t.crm.Chat(to, t.texts.Chat(t.words(c, nil)), string(c.id))
	}
}

func (t *tenure) tellPaused(e queueapp.Paused) {
	if to := t.jidsOf(e.Agent); len(to) > 0 {
		t.crm.Chat(to, "You are paused: "+e.Reason+". Dial *73239* (*READY*) to get calls again.", "")
	}
}
