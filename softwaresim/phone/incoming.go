package phone

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// verdict is what becomes of a ringing call: answered for 200, else refused.
type verdict struct {
	code int
	talk time.Duration
}

// phrase is what a refusal's status line says beside its code.
func phrase(code int) string {
	switch code {
	case sip.StatusNotFound:
		return "Not Found"
	case sip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case sip.StatusBusyHere:
		return "Busy Here"
	case sip.StatusNotAcceptableHere:
		return "Not Acceptable Here"
	case sip.StatusInternalServerError:
		return "Server Internal Error"
	case sip.StatusServiceUnavailable:
		return "Service Unavailable"
	case sip.StatusGlobalBusyEverywhere:
		return "Busy Everywhere"
	case sip.StatusGlobalDecline:
		return "Decline"
	}
	return "Refused"
}

// Answer answers a ringing call, whatever the phone's behaviour would do.
func (c *Call) Answer() { c.tell(verdict{code: sip.StatusOK}) }

// Refuse refuses a ringing call with the code of a final response, such as 486.
func (c *Call) Refuse(code int) { c.tell(verdict{code: code}) }

// tell passes a verdict on; the first one counts.
func (c *Call) tell(v verdict) {
	select {
	case c.told <- v:
	default:
	}
}

// take handles a call that comes to the phone, for all its life.
func (p *Phone) take(req *sip.Request, tx sip.ServerTransaction) {
	at := p.ua.arrivedAt(req)
	invite := req.Clone() // ours to change, and what all responses are made from
	if to := invite.To(); to != nil {
		to.Params.Add("tag", sip.GenerateTagN(16))
	}
	dialog, err := dialogAsCalled(invite)
	if err != nil {
		p.ua.respond(tx, sip.NewResponseFromRequest(req, sip.StatusBadRequest, "Bad Request", nil))
		return
	}
	from := invite.From()
	c := p.ua.newCall(p.account.Number,
		Party{Name: unquoteName(from.DisplayName), Number: unescapeUser(from.Address.User)},
		p.account.Number, dialog.callID)
	c.phone, c.inbound, c.dialog = p, true, dialog
	p.mu.Lock()
	media := p.media
	p.mu.Unlock()
	err = c.openMedia(media)
	if err != nil || !p.ua.remember(c) {
		p.ua.respond(tx, sip.NewResponseFromRequest(invite, sip.StatusServiceUnavailable, "Service Unavailable", nil))
		if err == nil {
			c.media.Close()
		}
		return
	}
	c.note(Event{At: at, Kind: InviteReceived, From: &c.from, To: c.to})
	defer p.release()
	c.serve(invite, tx, p.occupy(c))
}

// serve rings, decides, and stays with the call until it is over.
func (c *Call) serve(invite *sip.Request, tx sip.ServerTransaction, b Behaviour) {
	if !tx.OnCancel(c.receiveCancel) {
		c.finish(time.Now(), Outcome{By: Them, Code: sip.StatusRequestTerminated})
		return
	}
	far, err := voice.ParseSession(invite.Body())
	if err != nil {
		b = RefuseWith(sip.StatusNotAcceptableHere)
	}
	if b.Refuse == 0 || b.Ring > 0 {
		c.ring(invite, tx)
	}
	v, ok := c.decide(b)
	switch {
	case !ok:
		c.mu.Lock()
		reason := c.cancel
		c.mu.Unlock()
		c.finish(time.Now(), Outcome{By: Them, Code: sip.StatusRequestTerminated, Reason: reason})
	case v.code == sip.StatusOK:
		c.accept(invite, tx, far, v.talk)
	default:
		c.refuse(invite, tx, v.code)
	}
}

func (c *Call) ring(invite *sip.Request, tx sip.ServerTransaction) {
	res := sip.NewResponseFromRequest(invite, sip.StatusRinging, "Ringing", nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	c.note(Event{At: time.Now(), Kind: Ringing, Code: sip.StatusRinging})
	c.ua.respond(tx, res)
}

// decide waits for what ends the ringing: the behaviour's time, a word from Answer,
// Refuse or Hangup, or, with ok false, the caller giving up.
func (c *Call) decide(b Behaviour) (v verdict, ok bool) {
	v = verdict{code: sip.StatusOK, talk: b.Talk}
	if b.Refuse != 0 {
		v.code = b.Refuse
	}
	var rung <-chan time.Time
	if !b.Never {
		timer := time.NewTimer(b.Ring)
		defer timer.Stop()
		rung = timer.C
	}
	select {
	case <-rung:
		return v, true
	case v = <-c.told:
		return v, true
	case <-c.hangup:
		return verdict{code: sip.StatusGlobalDecline}, true
	case <-c.given:
		return verdict{}, false
	case <-c.done: // the user agent is closing
		return verdict{code: sip.StatusGlobalDecline}, true
	}
}

func (c *Call) refuse(invite *sip.Request, tx sip.ServerTransaction, code int) {
	at, reason := time.Now(), phrase(code)
	if err := tx.Respond(sip.NewResponseFromRequest(invite, code, reason, nil)); err != nil {
		c.finish(time.Now(), Outcome{By: Them, Code: sip.StatusRequestTerminated}) // cancelled meanwhile
		return
	}
	c.note(Event{At: at, Kind: Refused, Code: code, Reason: reason})
	c.finish(at, Outcome{By: Us, Code: code, Reason: reason})
}

// accept sends the 200 until its ACK comes (RFC 3261 §13.3.1.4) and stays in the call.
func (c *Call) accept(invite *sip.Request, tx sip.ServerTransaction, far voice.Session, talk time.Duration) {
	ours, err := c.media.Answer(far)
	if err != nil {
		c.refuse(invite, tx, sip.StatusNotAcceptableHere)
		return
	}
	res := sip.NewResponseFromRequest(invite, sip.StatusOK, "OK", nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	setSDP(res, ours.Marshal(c.ua.sessionID, 0))
	at := time.Now()
	if err := tx.Respond(res); err != nil {
		c.finish(time.Now(), Outcome{By: Them, Code: sip.StatusRequestTerminated}) // cancelled meanwhile
		return
	}
	defer tx.Terminate()
	c.establish(at, far)
	if c.awaitAck(tx, res) {
		c.talk(talk)
	} else {
		c.sendBye("no ACK for the 200")
	}
}

// awaitAck waits for the ACK, sending the 200 again meanwhile. It reports false if
// none comes in the time that RFC 3261 gives it.
func (c *Call) awaitAck(tx sip.ServerTransaction, res *sip.Response) bool {
	wait := sip.T1
	again := time.NewTimer(wait)
	defer again.Stop()
	expired := time.NewTimer(64 * sip.T1)
	defer expired.Stop()
	for {
		select {
		case <-c.acked:
			return true
		case <-c.done:
			return true
		case <-expired.C:
			return false
		case <-again.C:
			c.ua.respond(tx, res)
			wait = min(2*wait, sip.T2)
			again.Reset(wait)
		}
	}
}

// receiveAck notes the ACK of our 200, the first time.
func (c *Call) receiveAck(req *sip.Request) {
	select { // the 200 may be on its way to be noted
	case <-c.answered:
	case <-c.done:
	}
	c.onceAcked.Do(func() {
		c.note(Event{At: c.ua.arrivedAt(req), Kind: AckReceived})
		close(c.acked)
	})
}

// receiveCancel notes that the caller gave up. The library answers the CANCEL, sends
// the 487, and holds the transaction's lock meanwhile.
func (c *Call) receiveCancel(req *sip.Request) {
	reason := reasonOf(req)
	c.mu.Lock()
	c.cancel = reason
	c.mu.Unlock()
	c.note(Event{At: c.ua.arrivedAt(req), Kind: CancelReceived, Reason: reason})
	close(c.given)
}

// receiveBye handles the other side's BYE.
func (c *Call) receiveBye(req *sip.Request, tx sip.ServerTransaction) {
	select { // the 200 may be on its way to be noted
	case <-c.answered:
	case <-c.done:
	case <-c.ua.closed:
	}
	at, reason := c.ua.arrivedAt(req), reasonOf(req)
	c.mu.Lock()
	crossing := c.bye
	c.mu.Unlock()
	c.note(Event{At: at, Kind: ByeReceived, Reason: reason})
	c.ua.respond(tx, sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil))
	if !crossing {
		c.finish(at, Outcome{By: Them, Code: 200, Reason: reason})
	}
}

// receiveInvite handles a re-INVITE: the other side moves its media, holds or resumes.
func (c *Call) receiveInvite(req *sip.Request, tx sip.ServerTransaction) {
	far, err := voice.ParseSession(req.Body())
	if len(req.Body()) == 0 { // an offer is asked for (RFC 3261 §14.1)
		far, err = c.farSession(), nil
	}
	var ours voice.Session
	if err == nil {
		ours, err = c.media.Answer(far)
	}
	if err != nil {
		c.ua.respond(tx, sip.NewResponseFromRequest(req, sip.StatusNotAcceptableHere, "Not Acceptable Here", nil))
		return
	}
	c.mu.Lock()
	c.far = far
	c.version++
	version := c.version
	c.mu.Unlock()
	c.media.Start(far)
	c.note(Event{At: c.ua.arrivedAt(req), Kind: Reinvited, Reason: far.Direction})
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	setSDP(res, ours.Marshal(c.ua.sessionID, version))
	c.ua.respond(tx, res)
}

func (c *Call) farSession() voice.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.far
}

// reasonOf is what a request's Reason headers say, empty without one.
func reasonOf(req *sip.Request) string {
	var all []string
	for _, h := range req.GetHeaders("Reason") {
		all = append(all, h.Value())
	}
	return strings.Join(all, ", ")
}

// String names the call for logs and messages.
func (c *Call) String() string {
	return fmt.Sprintf("call %s from %q to %s", c.id, c.from.Number, c.to)
}
