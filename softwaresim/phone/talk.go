package phone

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// byeTime is how long a BYE is waited for before the call counts as over anyway.
const byeTime = 5 * time.Second

// talk lives through the part of a call that follows its answer. It hangs up when told
// to or, if limit is not zero, after that time; not before the ACK of our 200 came, or
// is known to be missing (RFC 3261 §15).
func (c *Call) talk(limit time.Duration) {
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	acked, wanted, reason, hangup := !c.inbound, false, "", c.hangup
	for {
		for m, ok := c.box.Next(); ok; m, ok = c.box.Next() {
			switch {
			case m.err != nil && m.of == nil:
				acked, wanted, reason = true, true, m.err.Error()
			case m.req == nil:
				c.referAnswered(m)
			case m.req.req.Method == sip.ACK:
				acked = c.acknowledge(m, acked)
			case m.req.req.Method == sip.BYE:
				c.finish(m.at, c.byeReceived(m))
				return
			default:
				c.during(m)
			}
		}
		if wanted && acked {
			c.sayBye(reason)
			return
		}
		select {
		case <-c.box.Wake():
		case ch := <-c.changes:
			if c.reinvite(ch) {
				return
			}
		case r := <-c.referrals:
			c.refer(r)
		case <-hangup:
			wanted, hangup = true, nil
		case <-expired:
			wanted, expired = true, nil
		case <-c.ua.closed:
			c.finish(time.Now(), Outcome{By: Us, Code: sip.StatusOK, Reason: "the phone was closed"})
			return
		}
	}
}

// acknowledge notes the ACK of our 200, the first time.
func (c *Call) acknowledge(m message, acked bool) bool {
	if c.inbound && !acked {
		c.invite.acknowledged()
		c.note(Event{At: m.at, Kind: AckReceived})
	}
	return true
}

// during handles a request of the other side that does not end the call.
func (c *Call) during(m message) {
	switch m.req.req.Method {
	case sip.INVITE:
		c.changeMedia(m)
	case sip.NOTIFY:
		c.notified(m)
	case sip.BYE, sip.CANCEL:
		m.req.answer(sip.StatusCallTransactionDoesNotExists)
	default:
		m.req.answer(elsewhere(m.req.req.Method))
	}
}

// byeReceived answers the other side's BYE and says how the call ended.
func (c *Call) byeReceived(m message) Outcome {
	reason := reasonOf(m.req.req)
	c.note(Event{At: m.at, Kind: ByeReceived, Reason: reason})
	m.req.answer(sip.StatusOK)
	return Outcome{By: Them, Code: sip.StatusOK, Reason: reason}
}

// sayBye ends the call from this side.
func (c *Call) sayBye(reason string) {
	at := time.Now()
	c.note(Event{At: at, Kind: ByeSent})
	bye := c.ua.tx.ask(c.dialog.request(sip.BYE), c.dialog.hop(c.ua.server), c.box)
	defer c.ua.tx.abandon(bye)
	timer := time.NewTimer(byeTime)
	defer timer.Stop()
	for {
		for m, ok := c.box.Next(); ok; m, ok = c.box.Next() {
			switch {
			case m.of == bye && (m.err != nil || !m.res.IsProvisional()):
				c.finish(at, Outcome{By: Us, Code: sip.StatusOK, Reason: reason})
				return
			case m.req != nil && m.req.req.Method == sip.BYE: // crossing ours
				c.byeReceived(m)
			case m.req == nil:
				c.referAnswered(m)
			case m.req != nil && m.req.req.Method != sip.ACK:
				c.during(m)
			}
		}
		select {
		case <-c.box.Wake():
		case <-timer.C:
			c.finish(at, Outcome{By: Us, Code: sip.StatusOK, Reason: "the BYE was not answered"})
			return
		case <-c.ua.closed:
			c.finish(at, Outcome{By: Us, Code: sip.StatusOK, Reason: "the phone was closed"})
			return
		}
	}
}

// changeMedia answers a re-INVITE: the other side moves its media, holds or resumes.
func (c *Call) changeMedia(m message) {
	far, err := c.far, error(nil)
	if len(m.req.req.Body()) > 0 { // else it asks for an offer (RFC 3261 §14.1)
		far, err = voice.ParseSession(m.req.req.Body())
	}
	var ours voice.Session
	if err == nil {
		ours, err = c.media.Answer(far)
	}
	if err != nil {
		m.req.answer(sip.StatusNotAcceptableHere)
		return
	}
	c.far = far
	c.version++
	c.media.Start(far)
	c.note(Event{At: m.at, Kind: Reinvited, Reason: far.Direction})
	res := sip.NewResponseFromRequest(m.req.req, sip.StatusOK, phrase(sip.StatusOK), nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	setSDP(res, ours.Marshal(c.ua.sessionID, c.version))
	_ = m.req.respond(res) // the first to it
}
