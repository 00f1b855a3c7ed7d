package trial

import (
	"fmt"
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/link"
	"ringside/softwaresim/phone"
)

// A CRM whose connection broke shows, when it is back, what is open now: what ended meanwhile is closed, what began is
// there, and what goes on is as it stands.
func TestACRMThatWasAway(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour phone.Behaviour
		before    record.State // of the pop-up when the link is cut; empty: none is open
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
			l, err := link.Listen(s.stack.Info().XMPP, link.Options{})
			s.must(err)
			t.Cleanup(func() { s.must(l.Close()) })
			x, info := s.extension("1000"), s.stack.Info()
			screen := s.openCRM(crm.Config{
				JID: x.JID, Password: x.JIDPassword, Server: l.Addr(), CA: info.CA, PubSub: info.PubSub,
				Nodes: []string{"extension1000"},
			})
			shows := func(state record.State) func() bool {
				return func() bool {
					shown := screen.Shown()
					return state == "" && len(shown) == 0 || len(shown) == 1 && shown[0].State == state
				}
			}
			if c.before == "" {
				l.Cut()
			}
			caller := s.callAs(newCaller(), "7000")
			invite := s.invited(rings)
			s.until("a pop-up "+string(c.before), shows(c.before))
			l.Cut()
			c.meanwhile(s, caller, invite)
			s.until("everything published", func() bool {
				left, err := world.memory.Audit(s.ctx, info.Floor, true)
				return err == nil && !hasUnsent(left)
			})
			begun := screen.Watch()
			defer begun.Close()
			n := len(screen.Events())
			l.Heal()
			seen := 0
			_, err = begun.Next(s.ctx, func(e crm.Event) bool { seen++; return seen > n && e.Kind == crm.Up })
			s.must(err)
			came := s.untilWithin(popUpTime, fmt.Sprintf("a pop-up %q", c.after), shows(c.after))
			s.must(caller.Hangup(s.ctx))
			if came {
				s.untilWithin(popUpTime, "no pop-up", shows(""))
			}
		})
	}
}
