package phone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// Caller is somebody who calls from outside, through the trunk, without an account.
type Caller struct {
	// Media is what the caller sends, the user agent's at first.
	Media voice.Media
	// Withheld has the call come from nobody, as a trusted network hands it on: the number stands in
	// P-Asserted-Identity, with the wish that it be not shown (RFC 3325).
	Withheld bool

	ua   *UA
	from Party
}

// Caller makes a caller. Name and number may be any strings, hostile ones too: they
// are quoted and escaped as SIP has it.
func (u *UA) Caller(from Party) *Caller {
	return &Caller{ua: u, from: from, Media: u.config.Media}
}

// Dial calls a number. It returns when the INVITE was sent; the call goes on whatever
// becomes of ctx, until one side hangs up.
func (c *Caller) Dial(ctx context.Context, number string) (*Call, error) {
	if !c.Withheld {
		return c.ua.dial(ctx, nil, c.from, number, c.Media, "")
	}
	who := sip.FromHeader{DisplayName: quoteName(c.from.Name), Address: c.ua.contact(escapeUser(c.from.Number)).Address}
	return c.ua.dial(ctx, nil, Party{Name: "Anonymous", Number: "anonymous"}, number, c.Media, "",
		sip.NewHeader("P-Asserted-Identity", who.Value()), sip.NewHeader("Privacy", "id"))
}

// dial sends the INVITE and starts the goroutine that lives through the call.
func (u *UA) dial(ctx context.Context, p *Phone, from Party, number string, media voice.Media, password string, headers ...sip.Header) (*Call, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("call %s: %w", number, err)
	}
	target := u.serverURI(escapeUser(number))
	c := u.newCall(from.Number, from, number, dialog{
		callID: rand.Text(),
		target: target,
		local: sip.FromHeader{DisplayName: quoteName(from.Name), Address: u.contact(escapeUser(from.Number)).Address,
			Params: sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(16)}}},
		remote: sip.ToHeader{Address: target},
	})
	c.phone = p
	if err := c.openMedia(media); err != nil {
		return nil, fmt.Errorf("call %s: %w", number, err)
	}
	sent := make(chan struct{})
	if !u.begin(c, func() { c.follow(password, sent, headers) }) {
		c.media.Close()
		return nil, fmt.Errorf("call %s: the user agent is closed", number)
	}
	<-sent
	return c, nil
}

// follow lives through a call out. It answers one challenge.
func (c *Call) follow(password string, sent chan<- struct{}, headers []sip.Header) {
	invite := c.dialog.request(sip.INVITE)
	invite.AppendHeader(c.ua.contact(c.contactUser()))
	for _, h := range headers {
		invite.AppendHeader(h)
	}
	setSDP(invite, c.media.Offer().Marshal(c.ua.sessionID, 0))
	c.note(Event{At: time.Now(), Kind: InviteSent, From: &c.from, To: c.to})
	asked := c.ua.tx.ask(invite, c.ua.server, c.box)
	close(sent)
	m := c.awaitFinal(asked)
	if m.err == nil && challenged(m.res) && password != "" {
		c.dialog.seq++
		again, err := authorise(asked.req, m.res, c.dialog.seq, c.number, password)
		if err != nil {
			c.finish(m.at, Outcome{By: Nobody, Code: m.res.StatusCode, Reason: err.Error()})
			return
		}
		asked = c.ua.tx.ask(again, c.ua.server, c.box)
		m = c.awaitFinal(asked)
	}
	switch {
	case m.err != nil:
		c.ua.tx.abandon(asked)
		c.finish(m.at, Outcome{By: Nobody, Code: sip.StatusRequestTimeout, Reason: m.err.Error()})
	case m.res.IsSuccess():
		c.connect(asked, m)
	default:
		c.note(Event{At: m.at, Kind: Refused, Code: m.res.StatusCode, Reason: m.res.Reason})
		c.finish(m.at, Outcome{By: c.whoRefused(m.res.StatusCode), Code: m.res.StatusCode, Reason: m.res.Reason})
	}
}

// whoRefused says who ended a call that was not answered: us if we gave up.
func (c *Call) whoRefused(code int) Side {
	select {
	case <-c.hangup:
		if code == sip.StatusRequestTerminated {
			return Us
		}
	default:
	}
	return Them
}

// awaitFinal notes an INVITE's provisional responses and returns the final one, or an
// error. When told to hang up it sends a CANCEL, but not before something provisional
// came (RFC 3261 §9.1).
func (c *Call) awaitFinal(invite *asked) message {
	hangup, provisional := c.hangup, false
	var patience <-chan time.Time // how long for a final response after the CANCEL
	for {
		for m, ok := c.box.Next(); ok; m, ok = c.box.Next() {
			switch {
			case m.of == invite && m.err == nil && m.res.IsProvisional():
				provisional = true
				c.noteProvisional(m)
			case m.of == invite:
				return m
			case m.req != nil && m.req.req.Method != sip.ACK:
				c.during(m)
			}
		}
		if hangup == nil && provisional && patience == nil {
			c.note(Event{At: time.Now(), Kind: CancelSent})
			c.ua.tx.ask(newCancel(invite.req), invite.to, c.box)
			timer := time.NewTimer(timeLimit)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-c.box.Wake():
		case <-hangup:
			hangup = nil
		case <-patience:
			return message{at: time.Now(), err: errors.New("no final response to the INVITE after its CANCEL")}
		case <-c.ua.closed:
			return message{at: time.Now(), err: errors.New("the phone was closed")}
		}
	}
}

func (c *Call) noteProvisional(m message) {
	e := Event{At: m.at, Kind: Progress, Code: m.res.StatusCode}
	switch m.res.StatusCode {
	case sip.StatusTrying:
		e.Kind = Trying
	case sip.StatusRinging:
		e.Kind = Ringing
	}
	c.note(e)
	if m.res.StatusCode != sip.StatusTrying && len(m.res.Body()) > 0 { // early media
		if far, err := voice.ParseSession(m.res.Body()); err == nil {
			c.media.Start(far)
		}
	}
}

// connect acknowledges the 200 and stays until the call is over. If it crossed our
// CANCEL, the call is hung up at once.
func (c *Call) connect(invite *asked, m message) {
	c.dialog.asCaller(m.res)
	acked := time.Now()
	c.ua.tx.acknowledge(invite, c.dialog.request(sip.ACK), c.dialog.hop(c.ua.server))
	far, err := voice.ParseSession(m.res.Body())
	c.establish(m.at, far)
	c.note(Event{At: acked, Kind: AckSent})
	if err != nil {
		c.sayBye(err.Error())
		return
	}
	c.talk(0)
}
