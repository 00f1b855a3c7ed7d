package trial

import (
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// An agent who logs off loses the node. What is open on the screen must be closed all the same: a pop-up that nobody
// closes shows a customer's data until it expires, after a conversation for hours.
func TestALogOffClosesThePopUp(t *testing.T) {
	for name, logOffWhen := range map[string]crm.Kind{"while the phone rings": crm.Opened, "in a conversation": crm.Changed} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ring := 50 * time.Millisecond
			if logOffWhen == crm.Opened {
				ring = time.Minute
			}
			agent := s.agent("1000", phone.AnswerAfter(ring))
			x := s.extension("1000")
			screen := s.crm(x.JID, x.JIDPassword, "1000")
			changes := screen.Watch()
			defer changes.Close()
			rings := agent.Watch()
			defer rings.Close()
			call := s.call("7000")
			invite := s.invited(rings)
			_, err := changes.Next(s.ctx, func(e crm.Event) bool { return e.Kind == logOffWhen })
			s.must(err)
			s.post("/v1/agents/1000/logoff", nil)
			s.must(call.Hangup(s.ctx))
			_, err = invite.Call.AwaitEnd(s.ctx)
			s.must(err)
			s.settled() // no record is to be sent any more
			closed, err := changes.Next(s.within(5*time.Second), func(e crm.Event) bool { return e.Kind == crm.Closed })
			if err != nil {
				t.Fatalf("the pop-up was never closed: %v; shown: %+v", err, screen.Shown())
			}
			if closed.Call.State != record.Closed {
				t.Errorf("closed by %+v", closed.Call)
			}
		})
	}
}
