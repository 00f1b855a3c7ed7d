package trial

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// wire carries a CRM's connection to the XMPP server, until it is cut and while it is not.
type wire struct {
	listener net.Listener
	server   string
	wg       sync.WaitGroup

	mu    sync.Mutex
	isCut bool
	conns map[net.Conn]struct{}
}

func (s *site) wire() *wire {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	w := &wire{listener: l, server: s.stack.Info().XMPP, conns: map[net.Conn]struct{}{}}
	w.wg.Go(w.serve)
	s.t.Cleanup(func() {
		w.cut()
		w.listener.Close()
		w.wg.Wait()
	})
	return w
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.server)
		if err != nil {
			near.Close()
			continue
		}
		if !w.keep(near, far) {
			continue
		}
		w.wg.Go(func() { carry(near, far) })
		w.wg.Go(func() { carry(far, near) })
	}
}

func carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	_ = errors.Join(err, to.Close(), from.Close()) // either end may have closed it
}

// keep remembers both ends of a connection, or closes them where the wire is cut.
func (w *wire) keep(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range ends {
		if w.isCut {
			c.Close()
			continue
		}
		w.conns[c] = struct{}{}
	}
	return !w.isCut
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = false
}

// A CRM whose connection broke shows, when it is back, what is open now: what ended meanwhile is closed, what began is
// there, and what goes on is as it stands.
func TestACRMThatWasAway(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour phone.Behaviour
		before    record.State // of the pop-up when the wire is cut; empty: none is open
		meanwhile func(*site, *phone.Call, phone.Event)
		after     record.State // empty: none is to be open
	}{
		"while a phone rang that rings no more": {
			phone.NeverAnswer(), record.Ringing, func(s *site, caller *phone.Call, _ phone.Event) { s.must(caller.Hangup(s.ctx)) }, "",
		},
		"while a conversation ended": {
			phone.AnswerAfter(0), record.Talking, func(s *site, caller *phone.Call, _ phone.Event) { s.must(caller.Hangup(s.ctx)) }, "",
		},
		"while a ringing phone was answered": {
			phone.NeverAnswer(), record.Ringing, func(s *site, _ *phone.Call, invite phone.Event) {
				invite.Call.Answer()
				s.event(invite.Call, phone.AckReceived)
				s.until("a conversation", func() bool { return len(s.calls()) == 1 && s.calls()[0].State == "talking" })
			}, record.Talking,
		},
		"when the phone began to ring": {phone.NeverAnswer(), "", func(*site, *phone.Call, phone.Event) {}, record.Ringing},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			rings := s.agent("1000", c.behaviour).Watch()
			defer rings.Close()
			w := s.wire()
			x, info := s.extension("1000"), s.stack.Info()
			screen := s.openCRM(crm.Config{
				JID: x.JID, Password: x.JIDPassword, Server: w.listener.Addr().String(), CA: info.CA, PubSub: info.PubSub,
				Nodes: []string{"extension1000"},
			})
			shows := func(state record.State) func() bool {
				return func() bool {
					shown := screen.Shown()
					return state == "" && len(shown) == 0 || len(shown) == 1 && shown[0].State == state
				}
			}
			if c.before == "" {
				w.cut()
			}
			caller := s.callAs(newCaller(), "7000")
			invite := s.invited(rings)
			s.until("a pop-up "+string(c.before), shows(c.before))
			w.cut()
			c.meanwhile(s, caller, invite)
			s.until("everything published", func() bool {
				left, err := world.memory.Audit(s.ctx, info.Floor, true)
				return err == nil && !hasUnsent(left)
			})
			begun := screen.Watch()
			defer begun.Close()
			n := len(screen.Events())
			w.mend()
			seen := 0
			_, err := begun.Next(s.ctx, func(e crm.Event) bool { seen++; return seen > n && e.Kind == crm.Up })
			s.must(err)
			came := s.untilWithin(popUpTime, fmt.Sprintf("a pop-up %q", c.after), shows(c.after))
			s.must(caller.Hangup(s.ctx))
			if came {
				s.untilWithin(popUpTime, "no pop-up", shows(""))
			}
		})
	}
}
