package phone

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// change is a re-INVITE that is asked for: the media's new direction, and where its outcome goes.
type change struct {
	direction string
	done      chan error
}

// Hold puts the other side on hold by a re-INVITE (RFC 3264 §8.4), and waits until it is accepted. The call must be answered.
func (c *Call) Hold(ctx context.Context) error { return c.redirect(ctx, "sendonly") }

// Resume takes the other side back.
func (c *Call) Resume(ctx context.Context) error { return c.redirect(ctx, "sendrecv") }

func (c *Call) redirect(ctx context.Context, direction string) error {
	ch := change{direction, make(chan error, 1)}
	select {
	case c.changes <- ch:
	case <-c.done:
		return fmt.Errorf("make call to %s %s: %w", c.to, direction, ErrOver)
	case <-ctx.Done():
		return fmt.Errorf("make call to %s %s: %w", c.to, direction, context.Cause(ctx))
	}
	select {
	case err := <-ch.done:
		return err
	case <-c.done:
		return fmt.Errorf("make call to %s %s: %w meanwhile", c.to, direction, ErrOver)
	case <-ctx.Done():
		return fmt.Errorf("make call to %s %s: %w", c.to, direction, context.Cause(ctx))
	}
}

// reinvite asks the other side for another direction of the media. It reports true where the call ended meanwhile.
func (c *Call) reinvite(ch change) (ended bool) {
	req := c.dialog.request(sip.INVITE)
	req.AppendHeader(c.ua.contact(c.contactUser()))
	offer := c.media.Offer()
	offer.Direction = ch.direction
	c.version++
	setSDP(req, offer.Marshal(c.ua.sessionID, c.version))
	invite := c.ua.tx.ask(req, c.dialog.hop(c.ua.server), c.box)
	timer := time.NewTimer(timeLimit)
	defer timer.Stop()
	for {
		for m, ok := c.box.Next(); ok; m, ok = c.box.Next() {
			switch {
			case m.of == invite && m.err == nil && m.res.IsProvisional():
			case m.of == invite:
				ch.done <- c.changed(invite, m, ch.direction)
				return false
			case m.req == nil:
				c.referAnswered(m)
			case m.req.req.Method == sip.BYE:
				c.finish(m.at, c.byeReceived(m))
				return true
			case m.req.req.Method != sip.ACK:
				c.during(m)
			}
		}
		select {
		case <-c.box.Wake():
		case <-timer.C:
			c.ua.tx.abandon(invite)
			ch.done <- fmt.Errorf("call to %s: the re-INVITE was not answered", c.to)
			return false
		case <-c.ua.closed:
			ch.done <- fmt.Errorf("call to %s: the phone was closed", c.to)
			return false
		}
	}
}

// changed takes the final response to a re-INVITE.
func (c *Call) changed(invite *asked, m message, direction string) error {
	switch {
	case m.err != nil:
		c.ua.tx.abandon(invite)
		return fmt.Errorf("call to %s: re-INVITE: %w", c.to, m.err)
	case !m.res.IsSuccess():
		return fmt.Errorf("call to %s: the re-INVITE was refused with %d %s", c.to, m.res.StatusCode, m.res.Reason)
	}
	c.ua.tx.acknowledge(invite, c.dialog.request(sip.ACK), c.dialog.hop(c.ua.server))
	c.note(Event{At: m.at, Kind: Changed, Reason: direction})
	return nil
}
