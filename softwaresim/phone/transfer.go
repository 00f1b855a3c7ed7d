package phone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// referral is a transfer that is asked for (RFC 3515): who gets the call, and where the outcome goes. The call's
// goroutine alone reads the fields of the second group.
type referral struct {
	to      string
	referTo string
	other   *Call // the call to who gets it, nil for a blind transfer
	done    chan error

	asked    *asked
	accepted bool
}

// Transfer hands the other side over to a number, without asking there (a blind transfer), and waits for the outcome.
// The call must be answered. It returns nil when the switch says that the transfer is done (Asterisk: the number has
// answered, or an application such as Queue has begun), or when it ends the call after it agreed to the transfer; this side
// then hangs up. Otherwise the error says what was refused, and the call goes on, though the switch may have let go of
// who was at its other end: Asterisk has, unless it is the number that does not exist.
// Where ctx is done before, the transfer goes on without being waited for.
func (c *Call) Transfer(ctx context.Context, number string) error {
	return c.transfer(ctx, &referral{to: number, referTo: c.referTo(number, "")})
}

// TransferTo connects the other side of this call with that of another, which is also this phone's and is answered (an
// attended transfer). It waits as Transfer does. This side then hangs up both calls.
func (c *Call) TransferTo(ctx context.Context, other *Call) error {
	to := other.to
	if other.inbound {
		to = other.from.Number
	}
	select {
	case <-other.answered: // from here on nobody writes the other's tags
	default:
		return fmt.Errorf("transfer %s to %q: that call is not answered", c, to)
	}
	local, _ := other.dialog.local.Params.Get("tag")
	remote, _ := other.dialog.remote.Params.Get("tag")
	// RFC 3891 §3: the tags are named as seen from the other end.
	replaces := fmt.Sprintf("%s;to-tag=%s;from-tag=%s", other.id, remote, local)
	return c.transfer(ctx, &referral{to: to, referTo: c.referTo(to, "?Replaces="+url.QueryEscape(replaces)), other: other})
}

// referTo is a Refer-To header's value: a number at the switch, and the headers of the INVITE that is to go there.
func (c *Call) referTo(number, headers string) string {
	uri := c.ua.serverURI(escapeUser(number))
	return "<" + uri.String() + headers + ">"
}

func (c *Call) transfer(ctx context.Context, r *referral) error {
	r.done = make(chan error, 1)
	var err error
	select {
	case c.referrals <- r:
		select {
		case err = <-r.done: // at the latest when the call ends
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	case <-c.done:
		err = ErrOver
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("transfer %s to %q: %w", c, r.to, err)
	}
	return nil
}

// refer asks the other side for a transfer. What becomes of it comes by the mailbox.
func (c *Call) refer(r *referral) {
	if c.referral != nil {
		r.done <- fmt.Errorf("the transfer to %q is not over yet", c.referral.to)
		return
	}
	req := c.dialog.request(sip.REFER)
	self := c.ua.serverURI(escapeUser(c.number))
	req.AppendHeader(c.ua.contact(c.contactUser()))
	req.AppendHeader(sip.NewHeader("Refer-To", r.referTo))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+self.String()+">"))
	c.referral = r
	c.note(Event{At: time.Now(), Kind: TransferSent, To: r.to})
	r.asked = c.ua.tx.ask(req, c.dialog.hop(c.ua.server), c.box)
}

// referAnswered takes a response, if it is one to the REFER of a transfer that is not over.
func (c *Call) referAnswered(m message) {
	r := c.referral
	switch {
	case r == nil || m.of != r.asked:
	case m.err != nil:
		c.refusedTransfer(m.at, sip.StatusRequestTimeout, m.err.Error())
	case m.res.IsProvisional():
	case m.res.IsSuccess():
		r.accepted = true
		c.note(Event{At: m.at, Kind: TransferProgress, To: r.to, Code: m.res.StatusCode, Reason: m.res.Reason})
	default:
		c.refusedTransfer(m.at, m.res.StatusCode, m.res.Reason)
	}
}

// notified answers a NOTIFY and takes what it says of a transfer.
func (c *Call) notified(m message) {
	m.req.answer(sip.StatusOK)
	r, req := c.referral, m.req.req
	if r == nil || !r.concerns(req) {
		return
	}
	r.accepted = true // the NOTIFY may overtake the 202
	code, reason, err := parseFragment(req.Body())
	switch over := subscriptionOver(req); {
	case err != nil && over:
		c.refusedTransfer(m.at, 0, err.Error())
	case err != nil:
	case code >= 300:
		c.refusedTransfer(m.at, code, reason)
	case code >= 200:
		c.transferred(m.at, code, reason)
	case over:
		c.refusedTransfer(m.at, code, fmt.Sprintf("no outcome after %d %s", code, reason))
	default:
		c.note(Event{At: m.at, Kind: TransferProgress, To: r.to, Code: code, Reason: reason})
	}
}

// transferred ends a transfer that was a success: nothing is left for this side to do.
func (c *Call) transferred(at time.Time, code int, reason string) {
	r := c.referral
	c.referral = nil
	c.note(Event{At: at, Kind: Transferred, To: r.to, Code: code, Reason: reason})
	c.wantEnd()
	if r.other != nil {
		r.other.wantEnd()
	}
	r.done <- nil
}

// refusedTransfer ends a transfer that came to nothing. The code is 0 where nobody gave one.
func (c *Call) refusedTransfer(at time.Time, code int, reason string) {
	r := c.referral
	c.referral = nil
	c.ua.tx.abandon(r.asked)
	c.note(Event{At: at, Kind: TransferRefused, To: r.to, Code: code, Reason: reason})
	if code == 0 {
		r.done <- errors.New(reason)
		return
	}
	r.done <- fmt.Errorf("refused with %d %s", code, reason)
}

// overTransfer ends the transfer of a call that has ended: a switch that agreed has taken the call away. After a hang-up
// of our own nobody tells the outcome any more.
func (c *Call) overTransfer(at time.Time, by Side) {
	r := c.referral
	switch {
	case r == nil:
	case by != Them:
		c.referral = nil
		c.ua.tx.abandon(r.asked)
		r.done <- errors.New("this side hung up before the outcome was told")
	case r.accepted:
		c.transferred(at, 0, "the other side hung up")
	default:
		c.refusedTransfer(at, 0, "the other side hung up")
	}
}

// concerns reports whether a NOTIFY is about the transfer: its Event may name the REFER by its number.
func (r *referral) concerns(notify *sip.Request) bool {
	h := notify.GetHeader("Event")
	if h == nil {
		return false
	}
	event, params, _ := strings.Cut(h.Value(), ";")
	if !strings.EqualFold(strings.TrimSpace(event), "refer") {
		return false
	}
	for param := range strings.SplitSeq(params, ";") {
		if id, ok := strings.CutPrefix(strings.TrimSpace(param), "id="); ok {
			return id == strconv.FormatUint(uint64(r.asked.req.CSeq().SeqNo), 10)
		}
	}
	return true
}

// subscriptionOver reports whether a NOTIFY is the last one.
func subscriptionOver(notify *sip.Request) bool {
	h := notify.GetHeader("Subscription-State")
	if h == nil {
		return false
	}
	state, _, _ := strings.Cut(h.Value(), ";")
	return strings.EqualFold(strings.TrimSpace(state), "terminated")
}

// parseFragment reads the status line that a NOTIFY about a transfer has as its body (RFC 3420).
func parseFragment(body []byte) (code int, reason string, err error) {
	line, _, _ := bytes.Cut(body, []byte("\n"))
	version, status, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	digits, reason, _ := strings.Cut(status, " ")
	code, err = strconv.Atoi(digits)
	if err != nil || !strings.HasPrefix(version, "SIP/") || code < 100 || code > 699 {
		return 0, "", fmt.Errorf("a NOTIFY without a status line: %q", line)
	}
	return code, reason, nil
}
