package phone

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// Caller is somebody who calls from outside, through the trunk, without an account.
type Caller struct {
	// Media is what the caller sends, the user agent's at first.
	Media voice.Media

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
	call := c.ua.newCall(c.from.Number, c.from, number, newID())
	return call, call.dial(ctx, c.Media, "")
}

// newID returns a fresh Call-ID.
func newID() string { return rand.Text() }

// dial sends the INVITE and starts the goroutine that stays with the call.
func (c *Call) dial(ctx context.Context, media voice.Media, password string) error {
	u := c.ua
	if err := c.openMedia(media); err != nil {
		return fmt.Errorf("call %s: %w", c.to, err)
	}
	c.dialog = dialog{
		callID: c.id,
		target: u.serverURI(escapeUser(c.to)),
		local: sip.FromHeader{DisplayName: quoteName(c.from.Name), Address: u.contact(escapeUser(c.from.Number)).Address,
			Params: sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(16)}}},
		remote: sip.ToHeader{Address: u.serverURI(escapeUser(c.to))},
	}
	if !u.remember(c) || !u.enter() {
		c.media.Close()
		u.forget(c)
		return fmt.Errorf("call %s: the user agent is closed", c.to)
	}
	invite := c.dialog.request(sip.INVITE)
	invite.AppendHeader(u.contact(c.contactUser()))
	setSDP(invite, c.media.Offer().Marshal(u.sessionID, 0))
	c.note(Event{At: time.Now(), Kind: InviteSent, From: &c.from, To: c.to})
	tx, err := u.transact(ctx, invite)
	if err != nil {
		defer u.wg.Done()
		c.finish(time.Now(), Outcome{By: Nobody, Reason: err.Error()})
		return fmt.Errorf("call %s: %w", c.to, err)
	}
	go func() {
		defer u.wg.Done()
		c.follow(invite, tx, password)
	}()
	return nil
}

// follow stays with a call out: until its final response, and if that is a 200 until
// the call is over. It answers one challenge.
func (c *Call) follow(invite *sip.Request, tx sip.ClientTransaction, password string) {
	res, err := c.awaitFinal(invite, tx)
	if err == nil && challenged(res) && password != "" {
		c.mu.Lock()
		c.dialog.seq++ // the library counts on in the request, we in the dialog
		c.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), byeTime)
		again, retry, challengeErr := c.ua.authorise(ctx, invite, res, c.number, password)
		cancel()
		if challengeErr != nil {
			c.finish(time.Now(), Outcome{By: Nobody, Code: res.StatusCode, Reason: challengeErr.Error()})
			return
		}
		invite, tx = again, retry
		res, err = c.awaitFinal(invite, tx)
	}
	switch {
	case err != nil:
		tx.Terminate()
		c.finish(time.Now(), Outcome{By: Nobody, Code: sip.StatusRequestTimeout, Reason: err.Error()})
	case res.IsSuccess():
		defer tx.Terminate()
		c.connect(tx, res)
	default:
		at := c.ua.arrivedAt(res)
		c.note(Event{At: at, Kind: Refused, Code: res.StatusCode, Reason: res.Reason})
		c.finish(at, Outcome{By: c.whoRefused(res.StatusCode), Code: res.StatusCode, Reason: res.Reason})
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

// awaitFinal notes the provisional responses and returns the final one. When told to
// hang up it sends a CANCEL, but not before something provisional came (RFC 3261 §9.1).
func (c *Call) awaitFinal(invite *sip.Request, tx sip.ClientTransaction) (*sip.Response, error) {
	hangup, provisional, wanted := c.hangup, false, false
	var cancelled <-chan time.Time
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
			provisional = true
			c.noteProvisional(res)
		case <-hangup:
			hangup, wanted = nil, true
		case <-cancelled:
			return nil, fmt.Errorf("no final response to INVITE after CANCEL")
		case <-tx.Done():
			return nil, fmt.Errorf("no answer from %s: %w", invite.Destination(), tx.Err())
		case <-c.done: // the user agent is closing
			return nil, ErrOver
		}
		if wanted && provisional && cancelled == nil {
			c.note(Event{At: time.Now(), Kind: CancelSent})
			timer := time.NewTimer(64 * sip.T1)
			defer timer.Stop()
			cancelled = timer.C
			c.sendCancel(invite)
		}
	}
}

// sendCancel sends a CANCEL of its own accord; what counts is the INVITE's response.
func (c *Call) sendCancel(invite *sip.Request) {
	if !c.ua.enter() {
		return
	}
	cancel := newCancel(invite)
	go func() {
		defer c.ua.wg.Done()
		ctx, stop := context.WithTimeout(context.Background(), byeTime)
		defer stop()
		if _, err := c.ua.do(ctx, cancel); err != nil {
			c.ua.config.Log.Debug("CANCEL not answered", "call", c.id, "error", err)
		}
	}()
}

func (c *Call) noteProvisional(res *sip.Response) {
	e := Event{At: c.ua.arrivedAt(res), Kind: Progress, Code: res.StatusCode}
	switch res.StatusCode {
	case sip.StatusTrying:
		e.Kind = Trying
	case sip.StatusRinging:
		e.Kind = Ringing
	}
	c.note(e)
	if res.StatusCode != sip.StatusTrying && len(res.Body()) > 0 { // early media
		if far, err := voice.ParseSession(res.Body()); err == nil {
			c.media.Start(far)
		}
	}
}

// connect acknowledges the 200 and stays until the call is over. A 200 that crossed
// our CANCEL is acknowledged and hung up at once.
func (c *Call) connect(tx sip.ClientTransaction, res *sip.Response) {
	at := c.ua.arrivedAt(res)
	c.mu.Lock()
	c.dialog.asCaller(res)
	ack := c.dialog.request(sip.ACK)
	c.mu.Unlock()
	tx.OnRetransmission(func(*sip.Response) { _ = c.ua.write(ack.Clone()) })
	acked := time.Now()
	if err := c.ua.write(ack.Clone()); err != nil {
		c.finish(time.Now(), Outcome{By: Nobody, Code: res.StatusCode, Reason: err.Error()})
		return
	}
	far, err := voice.ParseSession(res.Body())
	c.establish(at, far)
	c.note(Event{At: acked, Kind: AckSent})
	if err != nil {
		c.sendBye(err.Error())
		return
	}
	c.talk(0)
}
