package phone

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// verdict is what becomes of a ringing call: answered for 200, else refused.
type verdict struct {
	code int
	talk time.Duration
	to   string // of a 302: the number
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

// take begins a call that comes to the phone. It runs in the goroutine that reads the
// port, so that a CANCEL finds the call.
func (p *Phone) take(invite *served, at time.Time) {
	d, err := dialogAsCalled(invite.req)
	if err != nil {
		invite.answer(sip.StatusBadRequest)
		return
	}
	from := invite.req.From()
	c := p.ua.newCall(p.account.Number,
		Party{Name: unquoteName(from.DisplayName), Number: unescapeUser(from.Address.User)}, p.account.Number, d)
	c.phone, c.inbound, c.invite = p, true, invite
	invite.tell(c.box)
	media, b := p.occupy(c)
	if err := c.openMedia(media); err != nil {
		p.ua.config.Log.Error("call refused", "call", c.id, "error", err)
		p.release()
		invite.answer(sip.StatusServiceUnavailable)
		return
	}
	begun := p.ua.begin(c, func() {
		defer p.release()
		c.serve(at, b)
	})
	if !begun {
		c.media.Close()
		p.release()
		invite.answer(sip.StatusServiceUnavailable)
	}
}

// serve lives through a call in: it rings, decides, and talks.
func (c *Call) serve(at time.Time, behave func() Behaviour) {
	c.note(Event{At: at, Kind: InviteReceived, From: &c.from, To: c.to})
	does := behave()
	far, err := voice.ParseSession(c.invite.req.Body())
	if err != nil {
		does = RefuseWith(sip.StatusNotAcceptableHere)
	}
	if does.Refuse == 0 || does.Ring > 0 || does.Never {
		c.ring()
	}
	v, cancel := c.decide(does)
	switch {
	case cancel != nil:
		c.cancelled(*cancel)
	case v.code == sip.StatusOK:
		c.accept(far, v.talk)
	default:
		c.refuse(v)
	}
}

func (c *Call) ring() {
	res := sip.NewResponseFromRequest(c.invite.req, sip.StatusRinging, "Ringing", nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	at := time.Now()
	if c.invite.respond(res) == nil {
		c.note(Event{At: at, Kind: Ringing, Code: sip.StatusRinging})
	}
}

// decide waits for what ends the ringing: the behaviour's time, a word from Answer,
// Refuse or Hangup, or the caller's CANCEL.
func (c *Call) decide(b Behaviour) (v verdict, cancel *message) {
	v = verdict{code: sip.StatusOK, talk: b.Talk, to: b.Forward}
	if b.Refuse != 0 {
		v.code = b.Refuse
	}
	var rung <-chan time.Time
	if !b.Never {
		timer := time.NewTimer(b.Ring)
		defer timer.Stop()
		rung = timer.C
	}
	for {
		if cancel := c.canceled(); cancel != nil {
			return verdict{}, cancel
		}
		select {
		case <-c.box.Wake():
		case <-rung:
			return v, nil
		case v = <-c.told:
			return v, nil
		case <-c.hangup:
			return verdict{code: sip.StatusGlobalDecline}, nil
		case <-c.ua.closed:
			return verdict{code: sip.StatusGlobalDecline}, nil
		}
	}
}

// canceled returns the CANCEL, if one has come, and answers what else came.
func (c *Call) canceled() *message {
	for m, ok := c.box.Next(); ok; m, ok = c.box.Next() {
		if m.req != nil && m.req.req.Method == sip.CANCEL {
			return &m
		}
		if m.req != nil && m.req.req.Method != sip.ACK {
			c.during(m)
		}
	}
	return nil
}

// cancelled notes that the caller gave up; the 487 was sent when the CANCEL came.
func (c *Call) cancelled(m message) {
	reason := reasonOf(m.req.req)
	c.note(Event{At: m.at, Kind: CancelReceived, Reason: reason})
	c.finish(m.at, Outcome{By: Them, Code: sip.StatusRequestTerminated, Reason: reason})
}

// overtaken ends a call whose CANCEL came just before its answer.
func (c *Call) overtaken() {
	if cancel := c.canceled(); cancel != nil {
		c.cancelled(*cancel)
		return
	}
	c.finish(time.Now(), Outcome{By: Them, Code: sip.StatusRequestTerminated})
}

func (c *Call) refuse(v verdict) {
	at := time.Now()
	res := sip.NewResponseFromRequest(c.invite.req, v.code, phrase(v.code), nil)
	if v.to != "" {
		res.AppendHeader(&sip.ContactHeader{Address: c.ua.serverURI(escapeUser(v.to))})
	}
	if c.invite.respond(res) != nil {
		c.overtaken()
		return
	}
	c.note(Event{At: at, Kind: Refused, Code: v.code, Reason: phrase(v.code)})
	c.finish(at, Outcome{By: Us, Code: v.code, Reason: phrase(v.code)})
}

// accept sends the 200 and stays in the call.
func (c *Call) accept(far voice.Session, talk time.Duration) {
	ours, err := c.media.Answer(far)
	if err != nil {
		c.refuse(verdict{code: sip.StatusNotAcceptableHere})
		return
	}
	res := sip.NewResponseFromRequest(c.invite.req, sip.StatusOK, phrase(sip.StatusOK), nil)
	res.AppendHeader(c.ua.contact(c.contactUser()))
	setSDP(res, ours.Marshal(c.ua.sessionID, 0))
	at := time.Now()
	if c.invite.respond(res) != nil {
		c.overtaken()
		return
	}
	c.establish(at, far)
	c.talk(talk)
}
