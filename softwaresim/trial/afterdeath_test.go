package trial

import (
	"testing"
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// What queueapp promises must outlive it. Each of these kills it with SIGKILL while a promise is open.

// Who logs off in a conversation keeps the pop-up until it is closed, also when queueapp dies in between.
func TestALogOffAndADeathCloseThePopUp(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	x := s.extension("1000")
	screen := s.crm(x.JID, x.JIDPassword, "1000")
	call := s.callAs(newCaller(), "7000")
	s.until("a conversation on the screen", func() bool { return talks(screen) })
	s.post("/v1/agents/1000/logoff", nil)
	s.kill(nil)
	s.must(call.Hangup(s.ctx))
	s.untilWithin(popUpTime, "no pop-up", func() bool { return len(screen.Shown()) == 0 })
}

// A CRM that is started after queueapp was killed is shown the conversation that went on.
func TestACRMThatComesAfterADeath(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	x := s.extension("1000")
	before := s.crm(x.JID, x.JIDPassword, "1000")
	call := s.callAs(newCaller(), "7000")
	s.until("a conversation on the screen", func() bool { return talks(before) })
	s.kill(nil)
	s.until("queueapp ready", func() bool { return s.get("/readyz", nil) == nil })
	after := s.crm(x.JID, x.JIDPassword, "1000")
	s.untilWithin(popUpTime, "the conversation on the new screen", func() bool { return talks(after) })
	if a, b := before.Shown(), after.Shown(); len(a) == 1 && len(b) == 1 && (a[0].ID != b[0].ID || a[0].Seq != b[0].Seq) {
		t.Errorf("the first shows %+v\nthe other %+v", a[0], b[0])
	}
	s.must(call.Hangup(s.ctx))
	for name, c := range map[string]*crm.CRM{"first": before, "new": after} {
		s.untilWithin(popUpTime, "no pop-up on the "+name+" screen", func() bool { return len(c.Shown()) == 0 })
	}
}

// Who has refused a caller is not rung for that caller again before the queue's retry (5 s), also by a queueapp that was
// started again: else one that dies again and again would ring the same phone each time (DESIGN §4.5).
func TestADeathDoesNotBringTheSameCallerBack(t *testing.T) {
	s := newSite(t)
	rings := s.agent("1000", phone.RefuseWith(603)).Watch()
	defer rings.Close()
	x := s.extension("1000")
	closed := s.crm(x.JID, x.JIDPassword, "1000").Watch()
	defer closed.Close()
	call := s.callAs(newCaller(), "7000")
	first := s.invited(rings)
	_, err := closed.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Closed }) // so it is durable
	s.must(err)
	s.kill(nil)
	second := s.invited(rings)
	if d := second.At.Sub(first.At); d < 5*time.Second {
		t.Errorf("the same caller was there again after %v", d)
	}
	s.must(call.Hangup(s.ctx))
}
