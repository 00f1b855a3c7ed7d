package phone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

// registrationTime is for how long a phone asks to be registered; it registers again
// well before.
const registrationTime = 300 * time.Second

// The times between attempts to register again after one that failed.
const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 15 * time.Second
)

// registration is what a phone's REGISTER requests have in common (RFC 3261 §10.2).
type registration struct {
	callID string
	tag    string
	seq    uint32
	active bool
}

// Register registers the phone and keeps it registered until Unregister or UA.Close.
// It returns when the registrar has accepted, or with its refusal.
func (p *Phone) Register(ctx context.Context) error {
	granted, err := p.registerOnce(ctx, registrationTime)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopAgain != nil {
		return nil
	}
	again, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	if !p.ua.start(func() { defer close(ended); p.registerAgain(again, granted) }) {
		stop()
		return fmt.Errorf("register %s: the user agent is closed", p.account.Number)
	}
	p.stopAgain = func() { stop(); <-ended }
	return nil
}

// Unregister takes the registration back. It does nothing for a phone that is not
// registered.
func (p *Phone) Unregister(ctx context.Context) error {
	p.mu.Lock()
	stop, active := p.stopAgain, p.register.active
	p.stopAgain = nil
	p.mu.Unlock()
	if stop != nil {
		stop()
	}
	if !active {
		return nil
	}
	_, err := p.registerOnce(ctx, 0)
	return err
}

// registerAgain registers again when two thirds of the granted time are over, and
// after a failure sooner and again, until ctx is done.
func (p *Phone) registerAgain(ctx context.Context, granted time.Duration) {
	retry := firstRetry
	timer := time.NewTimer(granted * 2 / 3)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		granted, err := p.registerOnce(ctx, registrationTime)
		if err != nil {
			timer.Reset(retry)
			retry = min(2*retry, lastRetry)
			continue
		}
		retry = firstRetry
		timer.Reset(granted * 2 / 3)
	}
}

// registerOnce sends one REGISTER, with a digest when asked for, and returns the time
// that the registrar granted.
func (p *Phone) registerOnce(ctx context.Context, expires time.Duration) (time.Duration, error) {
	req := p.newRegister(expires)
	res, at, err := p.ua.tx.do(ctx, req, p.ua.server)
	for tries := 0; err == nil && challenged(res) && tries < 2; tries++ { // the second: a stale challenge
		if req, err = authorise(req, res, p.nextNumber(), p.account.Number, p.account.Password); err == nil {
			res, at, err = p.ua.tx.do(ctx, req, p.ua.server)
		}
	}
	if err == nil && !res.IsSuccess() {
		err = fmt.Errorf("the registrar says %d %s", res.StatusCode, res.Reason)
		if challenged(res) {
			err = fmt.Errorf("%w; check the extension's password", err)
		}
	}
	if errors.Is(err, context.Canceled) {
		return 0, fmt.Errorf("register %s: %w", p.account.Number, err)
	}
	if err != nil {
		p.note(Event{At: time.Now(), Kind: RegisterFailed, Reason: err.Error()})
		return 0, fmt.Errorf("register %s at %s: %w", p.account.Number, p.ua.server, err)
	}
	p.mu.Lock()
	p.register.active = expires > 0
	p.mu.Unlock()
	kind := Registered
	if expires == 0 {
		kind = Unregistered
	}
	p.note(Event{At: at, Kind: kind})
	return grantedTime(res, expires), nil
}

// nextNumber is the CSeq of the phone's next REGISTER.
func (p *Phone) nextNumber() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.register.seq++
	return p.register.seq
}

func (p *Phone) newRegister(expires time.Duration) *sip.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &p.register
	if r.callID == "" {
		r.callID, r.tag = rand.Text(), sip.GenerateTagN(16)
	}
	r.seq++
	self := p.ua.serverURI(escapeUser(p.account.Number))
	req := newRequest(sip.REGISTER, p.ua.serverURI(""),
		&sip.FromHeader{Address: self, Params: sip.HeaderParams{{K: "tag", V: r.tag}}},
		&sip.ToHeader{Address: self}, r.callID, r.seq)
	req.AppendHeader(p.ua.contact(p.line))
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	return req
}

// grantedTime is the shortest time that a registrar's response names, or what was
// asked for.
func grantedTime(res *sip.Response, asked time.Duration) time.Duration {
	granted := asked
	shorter := func(seconds string) {
		if n, err := strconv.Atoi(seconds); err == nil && n > 0 {
			granted = min(granted, time.Duration(n)*time.Second)
		}
	}
	if h := res.GetHeader("Expires"); h != nil {
		shorter(h.Value())
	}
	for _, h := range res.GetHeaders("Contact") {
		if contact, ok := h.(*sip.ContactHeader); ok {
			if seconds, ok := contact.Params.Get("expires"); ok {
				shorter(seconds)
			}
		}
	}
	return granted
}

func (p *Phone) note(e Event) {
	e.Phone = p.account.Number
	p.feed.Publish(e)
	p.ua.feed.Publish(e)
}
