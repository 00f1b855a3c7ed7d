package phone

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/watch"
)

// The timers of RFC 3261 §17 and its table 4.
const (
	timer1    = 500 * time.Millisecond // T1, the first retransmission
	timer2    = 4 * time.Second        // T2, the longest time between two
	timeLimit = 64 * timer1            // B, F, H: when a transaction is given up
	linger    = 10 * time.Second       // how long one that is over still answers repetitions
)

// message is what a transaction tells its user: a request, a response, or an error
// where none came.
type message struct {
	at  time.Time
	req *served
	res *sip.Response
	of  *asked // the request that the response or the error belongs to
	err error
}

// transactions are the SIP transactions of one socket (RFC 3261 §17). They repeat what
// is not answered, answer what is repeated, and otherwise stay out of the way. Messages
// go to mailboxes in the order in which they came.
type transactions struct {
	wire *wire

	mu     sync.Mutex
	asked  map[string]*asked  // by branch and method
	served map[string]*served // by branch, sent-by and method
	over   []ending           // the first to be forgotten first
	ended  bool
}

// ending says when a transaction is to be forgotten.
type ending struct {
	at     time.Time
	forget func()
}

func newTransactions(w *wire) *transactions {
	return &transactions{wire: w, asked: make(map[string]*asked), served: make(map[string]*served)}
}

// retire forgets a transaction after a while. The caller holds t.mu.
func (t *transactions) retire(forget func()) {
	now := time.Now()
	for len(t.over) > 0 && now.After(t.over[0].at) {
		t.over[0].forget()
		t.over = t.over[1:]
	}
	t.over = append(t.over, ending{now.Add(linger), forget})
}

// stop ends all timers.
func (t *transactions) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for _, a := range t.asked {
		a.timer.Stop()
	}
	for _, s := range t.served {
		s.quieten()
	}
}

// asked is a request that was sent and its way to a final response: a client
// transaction. transactions.mu guards it.
type asked struct {
	req   *sip.Request // as sent
	key   string
	bytes []byte
	to    netip.AddrPort
	box   *watch.Mailbox[message]
	timer *time.Timer
	wait  time.Duration
	until time.Time
	quiet bool   // not repeated any more: an INVITE that is being worked on
	final bool   // answered, or given up
	ack   []byte // sent again with each repetition of an INVITE's final response
}

// ask sends a request and hands its responses to the mailbox: all provisional ones and
// one final, or an error. The request must not be changed afterwards.
func (t *transactions) ask(req *sip.Request, to netip.AddrPort, box *watch.Mailbox[message]) *asked {
	if req.Via() == nil {
		req.PrependHeader(t.newVia())
	}
	a := &asked{req: req, key: askedKey(req.Via(), req.Method), bytes: []byte(req.String()), to: to, box: box,
		wait: timer1, until: time.Now().Add(timeLimit)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		a.final = true
		box.Put(message{at: time.Now(), of: a, err: errors.New("the user agent is closed")})
		return a
	}
	t.asked[a.key] = a
	a.timer = time.AfterFunc(a.wait, func() { t.askAgain(a) })
	t.wire.send(a.bytes, to)
	return a
}

// newVia is the Via header of a new request, with a branch of its own.
func (t *transactions) newVia() *sip.ViaHeader {
	return &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP",
		Host: t.wire.local.Addr().String(), Port: int(t.wire.local.Port()),
		Params: sip.HeaderParams{{K: "branch", V: sip.GenerateBranch()}, {K: "rport"}}}
}

func askedKey(via *sip.ViaHeader, method sip.RequestMethod) string {
	branch, _ := via.Params.Get("branch")
	return branch + " " + string(method)
}

// askAgain repeats a request, or gives it up.
func (t *transactions) askAgain(a *asked) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.final || a.quiet {
		return
	}
	if time.Now().After(a.until) {
		a.final = true
		delete(t.asked, a.key)
		a.box.Put(message{at: time.Now(), of: a, err: fmt.Errorf("no answer to %s from %s", a.req.Method, a.to)})
		return
	}
	t.wire.send(a.bytes, a.to)
	a.wait *= 2
	if a.req.Method != sip.INVITE {
		a.wait = min(a.wait, timer2)
	}
	a.timer.Reset(a.wait)
}

// abandon gives a request up at once; nothing more is heard of it.
func (t *transactions) abandon(a *asked) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !a.final {
		a.final = true
		a.timer.Stop()
		delete(t.asked, a.key)
	}
}

// takeResponse finds what a response answers.
func (t *transactions) takeResponse(res *sip.Response, at time.Time) {
	via, cseq := res.Via(), res.CSeq()
	if via == nil || cseq == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.asked[askedKey(via, cseq.MethodName)]
	switch {
	case a == nil:
		return
	case a.final:
		if a.ack != nil && !res.IsProvisional() {
			t.wire.send(a.ack, a.to)
		}
		return
	case res.IsProvisional():
		a.quiet = a.req.Method == sip.INVITE
	default:
		a.final = true
		a.timer.Stop()
		if a.req.Method == sip.INVITE && !res.IsSuccess() {
			a.ack = []byte(newRefusalAck(a.req, res).String())
			t.wire.send(a.ack, a.to)
		}
		t.retire(func() { delete(t.asked, a.key) })
	}
	a.box.Put(message{at: at, res: res, of: a})
}

// acknowledge sends the ACK of an INVITE's 200, and again with each repetition of it.
func (t *transactions) acknowledge(a *asked, ack *sip.Request, to netip.AddrPort) {
	ack.PrependHeader(t.newVia())
	t.mu.Lock()
	defer t.mu.Unlock()
	a.ack, a.to = []byte(ack.String()), to
	t.wire.send(a.ack, to)
}

// do sends a request, not an INVITE, and waits for its final response.
func (t *transactions) do(ctx context.Context, req *sip.Request, to netip.AddrPort) (*sip.Response, time.Time, error) {
	box := watch.NewMailbox[message]()
	a := t.ask(req, to, box)
	for {
		m, err := box.Take(ctx)
		switch {
		case err != nil:
			t.abandon(a)
			return nil, time.Now(), fmt.Errorf("no answer to %s from %s: %w", req.Method, to, err)
		case m.err != nil:
			return nil, m.at, m.err
		case !m.res.IsProvisional():
			return m.res, m.at, nil
		}
	}
}
