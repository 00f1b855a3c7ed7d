package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/watch"
)

// served is a request that came and what was answered to it: a server transaction.
// transactions.mu guards it.
type served struct {
	t     *transactions
	req   *sip.Request // with our tag in its To
	from  netip.AddrPort
	last  []byte // the response last sent
	final bool
	box   *watch.Mailbox[message] // of an INVITE: told of a CANCEL and of a missing ACK
	timer *time.Timer             // repeats an INVITE's final response, nil for others
	quiet bool                    // not repeated any more
	wait  time.Duration
	until time.Time
}

// errCancelled is returned for a response to an INVITE that was cancelled just before.
var errCancelled = errors.New("the caller has given up")

func servedKey(req *sip.Request, method sip.RequestMethod) string {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	return fmt.Sprintf("%s %s:%d %s", branch, via.Host, via.Port, method)
}

// serve notes a request. It returns nil for one that needs nothing more: a repetition,
// an ACK of a refusal, a CANCEL.
func (t *transactions) serve(req *sip.Request, from netip.AddrPort, at time.Time) *served {
	if req.Via() == nil || req.CSeq() == nil || req.CallID() == nil || req.To() == nil || req.From() == nil {
		t.wire.log.Warn("SIP request without what every one needs", "from", from, "method", req.Method)
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := servedKey(req, req.Method)
	if s := t.served[key]; s != nil {
		if s.last != nil {
			t.wire.send(s.last, from)
		}
		return nil
	}
	s := &served{t: t, req: req, from: from, wait: timer1}
	invite := t.served[servedKey(req, sip.INVITE)]
	switch {
	case req.Method == sip.ACK && invite != nil:
		invite.quieten()
		return nil
	case req.Method == sip.ACK:
		return s
	}
	t.served[key] = s
	if tag := req.To(); !tag.Params.Has("tag") {
		tag.Params.Add("tag", sip.GenerateTagN(16))
	}
	if req.Method == sip.CANCEL && invite != nil {
		t.cancel(invite, s, at)
		return nil
	}
	return s
}

// cancel answers a CANCEL, and its INVITE unless that has been answered.
func (t *transactions) cancel(invite, cancel *served, at time.Time) {
	_ = cancel.send(sip.NewResponseFromRequest(cancel.req, sip.StatusOK, "OK", nil)) // the first
	if !invite.final && invite.box != nil {
		_ = invite.send(sip.NewResponseFromRequest(invite.req, sip.StatusRequestTerminated, "Request Terminated", nil))
		invite.box.Put(message{at: at, req: cancel})
	}
}

// tell says where the CANCEL of an INVITE goes, and word that its ACK is missing.
func (s *served) tell(box *watch.Mailbox[message]) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.box = box
}

// respond sends a response to the request. An INVITE's final response is sent again
// until acknowledged is called or, for a refusal, its ACK comes. The error is errCancelled if the
// INVITE was cancelled meanwhile.
func (s *served) respond(res *sip.Response) error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	return s.send(res)
}

// answer responds with no more than a code.
func (s *served) answer(code int) {
	if err := s.respond(sip.NewResponseFromRequest(s.req, code, phrase(code), nil)); err != nil {
		s.t.wire.log.Debug("response not sent", "code", code, "error", err)
	}
}

func (s *served) send(res *sip.Response) error {
	if s.final {
		return errCancelled
	}
	s.last = []byte(res.String())
	s.t.wire.send(s.last, s.from)
	if res.IsProvisional() {
		return nil
	}
	s.final = true
	if s.req.Method == sip.INVITE {
		s.until = time.Now().Add(timeLimit)
		s.timer = time.AfterFunc(s.wait, s.sendAgain)
	}
	s.t.retire(func() { delete(s.t.served, servedKey(s.req, s.req.Method)) })
	return nil
}

// sendAgain repeats an INVITE's final response, or gives its ACK up.
func (s *served) sendAgain() {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.quiet {
		return
	}
	if time.Now().After(s.until) {
		if s.box != nil {
			s.box.Put(message{at: time.Now(), err: errors.New("no ACK for the 200")})
		}
		return
	}
	s.t.wire.send(s.last, s.from)
	s.wait = min(2*s.wait, timer2)
	s.timer.Reset(s.wait)
}

// acknowledged says that the ACK of the 200 came.
func (s *served) acknowledged() {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.quieten()
}

func (s *served) quieten() {
	s.quiet = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
