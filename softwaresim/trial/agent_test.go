package trial

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// Who leaves three calls unanswered is paused, and told.
func TestAnAgentWhoNeverAnswersIsPaused(t *testing.T) {
	s := newSite(t)
	s.plan(`ring = "20s"`, "ring = \"1s\"\nno_answer_delay = \"200ms\"\nmaxnoanswer = 3")
	rings := s.agent("1000", phone.NeverAnswer()).Watch()
	defer rings.Close()
	x := s.extension("1000")
	told := s.crm(x.JID, x.JIDPassword, "1000").Watch()
	defer told.Close()
	var waiting []*phone.Call
	for range 3 {
		waiting = append(waiting, s.callAs(newCaller(), "7000"))
	}
	for range 3 {
		s.invited(rings)
	}
	s.until("agent paused", func() bool { return s.agentView("1000").Status == queueapp.StatusPaused })
	_, err := told.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Chatted && strings.Contains(e.Text, "paused") })
	s.must(err)
	s.post("/v1/agents/1000/ready", nil)
	s.invited(rings) // and gets calls again when ready
	for _, c := range waiting {
		s.must(c.Hangup(s.ctx))
	}
}

// A phone that is in another call, or not there, is not rung. When it is free or back it is at once.
func TestAPhoneThatIsNotFreeIsNotRung(t *testing.T) {
	s := newSite(t)
	p := s.agent("1000", phone.AnswerAfter(0))
	rings := p.Watch()
	defer rings.Close()
	direct := s.callAs(newCaller(), "0000") // nothing pressed or 2: not for 1000
	s.must(direct.Hangup(s.ctx))
	busy, err := p.Dial(s.ctx, "0000")
	s.must(err)
	s.must(busy.AwaitAnswer(s.ctx))
	unavailable := func() {
		s.until("agent unavailable", func() bool { return s.agentView("1000").Status == queueapp.StatusUnavailable })
	}
	unavailable()
	call := s.callAs(newCaller(), "7000")
	s.must(call.AwaitLoud(s.ctx, 10)) // music
	s.rangNever(rings)
	begun := time.Now()
	s.must(busy.Hangup(s.ctx))
	invite := s.invited(rings)
	if took := invite.At.Sub(begun); took > time.Second {
		t.Errorf("rung %v after the other call", took)
	}
	s.event(invite.Call, phone.AckReceived)
	s.must(call.Hangup(s.ctx))
	_, err = invite.Call.AwaitEnd(s.ctx)
	s.must(err)

	s.must(p.Unregister(s.ctx))
	unavailable()
	call = s.callAs(newCaller(), "7000")
	s.must(call.AwaitLoud(s.ctx, 10))
	begun = time.Now()
	s.must(p.Register(s.ctx))
	if invite = s.invited(rings); invite.At.Sub(begun) > time.Second {
		t.Errorf("rung %v after it was back", invite.At.Sub(begun))
	}
	s.event(invite.Call, phone.AckReceived)
	s.must(call.Hangup(s.ctx))
}

// rangNever finds that no INVITE has come to a phone so far.
func (s *site) rangNever(rings *phone.Watch) {
	s.t.Helper()
	if e, err := rings.Next(s.within(time.Millisecond), phone.InviteReceived); err == nil {
		s.t.Errorf("the phone was rung: %s", e.Text())
	}
}

// A caller who is known by number needs no code.
func TestACustomerByNumber(t *testing.T) {
	s := newSiteWithDialplan(t)
	rings := s.agent("1000", briefly).Watch()
	defer rings.Close()
	x := s.extension("1000")
	shown := s.crm(x.JID, x.JIDPassword, "1000").Watch()
	defer shown.Close()
	call := s.callAs(phone.Party{Name: "Somebody", Number: "5552222"}, "7107")
	s.invited(rings)
	e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
	s.must(err)
	if c := e.Call.Customers; len(c) != 1 || c[0].Name != "Company 2" || c[0].Match != record.ByNumber {
		t.Errorf("customers %+v", c)
	}
	_, err = call.AwaitEnd(s.ctx)
	s.must(err)
}

// queueapp is frozen for longer than a heartbeat, while callers and agents go on: nothing is lost but time.
func TestAFrozenQueueapp(t *testing.T) {
	s := newSite(t)
	o := s.watchFromOutside("1000", "2000")
	one := s.agent("1000", phone.AnswerAfter(0)).Watch()
	defer one.Close()
	talking := s.callAs(newCaller(), "7000")
	s.event(s.invited(one).Call, phone.AckReceived)
	two := s.agent("2000", phone.NeverAnswer()).Watch()
	defer two.Close()
	ringing := s.callAs(newCaller(), "7000")
	invite := s.invited(two)
	waiting, leaving := s.callAs(newCaller(), "7000"), s.callAs(newCaller(), "7000")
	s.until("four callers", func() bool { return len(s.calls()) == 4 })
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGSTOP))
	s.must(leaving.Hangup(s.ctx))
	s.must(talking.Hangup(s.ctx))
	invite.Call.Answer()
	s.must(waiting.Play(s.ctx, []phone.Step{{Wait: 4 * time.Second}}, phone.KeyTiming{}))
	begun := time.Now()
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGCONT))
	next := s.invited(one) // whoever waited
	if took := next.At.Sub(begun); took > 2*time.Second {
		t.Errorf("%v until the next ring", took)
	}
	s.event(next.Call, phone.AckReceived)
	s.until("two conversations", func() bool {
		calls := s.calls()
		return len(calls) == 2 && calls[0].State == string(queueapp.StatusTalking) && calls[1].State == string(queueapp.StatusTalking)
	})
	s.must(waiting.Hangup(s.ctx))
	s.must(ringing.Hangup(s.ctx))
	s.settled()
	for x, c := range o.CRMs() {
		s.until("no pop-up at "+x, func() bool { return len(c.Shown()) == 0 })
	}
}

// Asterisk dies with all calls on it. Whoever was on the floor is not any more, the agents are still logged on, and when
// it is back they get calls as before.
func TestADeadAsterisk(t *testing.T) {
	s := newSite(t)
	o := s.watchFromOutside("1000", "2000")
	one, two := s.agent("1000", phone.AnswerAfter(0)), s.agent("2000", phone.NeverAnswer())
	for _, state := range []record.State{record.Talking, record.Ringing} {
		s.callAs(newCaller(), "7000")
		s.until("a pop-up "+string(state), func() bool {
			for _, c := range o.CRMs() {
				if shown := c.Shown(); len(shown) == 1 && shown[0].State == state {
					return true
				}
			}
			return false
		})
	}
	s.callAs(newCaller(), "7000")
	s.until("three callers", func() bool { return len(s.calls()) == 3 })
	s.must(s.stack.Kill(s.ctx, stack.Asterisk))
	s.must(s.stack.Restart(s.ctx, stack.Asterisk))
	s.until("nobody on the floor", func() bool { return len(s.calls()) == 0 })
	for x, c := range o.CRMs() {
		s.until("no pop-up at "+x, func() bool { return len(c.Shown()) == 0 })
	}
	for _, p := range []*phone.Phone{one, two} {
		p.SetLines(2) // nobody told the phone that its call is over
		p.Behave(briefly)
		s.must(p.Register(s.ctx))
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.callAs(newCaller(), "7000")
	s.invited(rings)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}
