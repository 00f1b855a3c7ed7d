package trial

import (
	"sync/atomic"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
)

// The main job: 0000, 1, 1111#, and the record is at the CRM before the phone rings.
func TestTheRecordIsOnTheScreenBeforeThePhoneRings(t *testing.T) {
	s := newSite(t)
	agent := s.agent("1000", phone.AnswerAfter(300*time.Millisecond))
	crm := s.screen("1000").subscribed()
	rings := agent.Watch()
	defer rings.Close()
	call := s.call("0000")
	s.must(call.AwaitAnswer(s.ctx))
	s.must(call.AwaitLoud(s.ctx, 5))
	s.must(call.Press(s.ctx, "1", phone.KeyTiming{}))
	s.must(call.Press(s.ctx, "1111#", phone.KeyTiming{}))
	invite := s.invited(rings)
	offered := crm.saw(record.Offered)
	if !offered.at.Before(invite.At) {
		t.Errorf("the record came %v after the phone was rung", offered.at.Sub(invite.At))
	}
	t.Logf("the record was there %v before the INVITE", invite.At.Sub(offered.at))
	if len(offered.Customers) != 1 || offered.Customers[0].Name != "Company 1" || offered.Customers[0].Match != record.ByCode {
		t.Errorf("customers %+v", offered.Customers)
	}
	if name := invite.From.Name; name != "support: Company 1" {
		t.Errorf("the phone displays %q", name)
	}
	crm.saw(record.Answered)
	s.must(invite.Call.Hangup(s.ctx))
	ended := crm.saw(record.Ended)
	if ended.Outcome.Value != "answered" || ended.Outcome.By != "agent" || ended.Seconds.Talk == nil {
		t.Errorf("ended as %+v %+v", ended.Outcome, ended.Seconds)
	}
	out, err := call.AwaitEnd(s.ctx)
	s.must(err)
	if out.By != phone.Them {
		t.Errorf("the caller's call ended as %+v", out)
	}
	crm.until("a chat", func(sc *screen) bool {
		return len(sc.chat) > 0 && sc.chat[0].Body[:27] == "Support: Customer Company 1"
	})
}

func TestAWrongCodeThreeTimes(t *testing.T) {
	s := newSite(t)
	agent := s.agent("1000", phone.AnswerAfter(0))
	rings := agent.Watch()
	defer rings.Close()
	call := s.call("0000")
	s.must(call.AwaitAnswer(s.ctx))
	s.must(call.Press(s.ctx, "1", phone.KeyTiming{}))
	for range 3 { // typed ahead: no key is lost at the seams
		s.must(call.Press(s.ctx, "9999#", phone.KeyTiming{}))
	}
	out, err := call.AwaitEnd(s.ctx)
	s.must(err)
	if out.By != phone.Them || !out.Answered {
		t.Errorf("ended as %+v", out)
	}
}

func TestKeysThatLeaveTheMenu(t *testing.T) {
	for name, c := range map[string]struct{ keys, extension string }{
		"2 goes to extension 2000":      {"2", "2000"},
		"no key goes to extension 3000": {"", "3000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			p := s.register(c.extension, phone.AnswerThenHangup(100*time.Millisecond, 200*time.Millisecond))
			rings := p.Watch()
			defer rings.Close()
			call := s.call("0000")
			s.must(call.AwaitAnswer(s.ctx))
			if c.keys != "" {
				s.must(call.Press(s.ctx, c.keys, phone.KeyTiming{}))
			}
			s.invited(rings)
			_, err := call.AwaitEnd(s.ctx)
			s.must(err)
		})
	}
}

func TestTheNextAgentWhenOneRefuses(t *testing.T) {
	s := newSite(t)
	var refused atomic.Bool
	refuseFirst := func(*phone.Call) phone.Behaviour {
		if refused.CompareAndSwap(false, true) {
			return phone.RefuseWith(603)
		}
		return phone.AnswerThenHangup(100*time.Millisecond, 300*time.Millisecond)
	}
	screens := map[string]*screen{}
	for _, number := range []string{"1000", "2000"} {
		s.agent(number, phone.NeverAnswer()).BehaveBy(refuseFirst)
		screens[number] = s.screen(number).subscribed()
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	first, second := s.invited(rings), s.invited(rings)
	if first.Phone == second.Phone {
		t.Fatalf("%s was rung again at once", first.Phone)
	}
	if r := screens[first.Phone].saw(record.Revoked); r.Reason != "refused" {
		t.Errorf("revoked for %s", r.Reason)
	}
	if o := screens[second.Phone].saw(record.Offered); o.Attempt != 2 {
		t.Errorf("the second agent's record is of attempt %d", o.Attempt)
	}
	screens[second.Phone].saw(record.Ended)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}

func TestNobodyLoggedOnThenSomebodyIs(t *testing.T) {
	s := newSite(t)
	call := s.call("7000")
	s.must(call.AwaitLoud(s.ctx, 20)) // music
	agent := s.register("1000", phone.AnswerThenHangup(0, 200*time.Millisecond))
	rings := agent.Watch()
	defer rings.Close()
	s.post("/v1/agents/1000/logon", nil)
	defer s.logOff("1000")
	s.invited(rings)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}

func TestAnAgentLogsOnAndOffByCode(t *testing.T) {
	s := newSite(t)
	p := s.register("1000", phone.AnswerAfter(0))
	for _, step := range []struct {
		code string
		want queueapp.AgentStatus
	}{
		{"*56466*", queueapp.StatusFree},
		{"*72873*12", queueapp.StatusPaused},
		{"*73239*", queueapp.StatusFree},
		{"*564633*", queueapp.StatusLoggedOff},
	} {
		call, err := p.Dial(s.ctx, step.code)
		s.must(err)
		s.must(call.AwaitAnswer(s.ctx))
		s.must(call.AwaitLoud(s.ctx, 5)) // the confirmation
		_, err = call.AwaitEnd(s.ctx)
		s.must(err)
		s.until(step.code, func() bool { return s.agentView("1000").Status == step.want })
	}
}

func TestACallerHangsUpAtEveryStep(t *testing.T) {
	s := newSite(t)
	agent := s.agent("1000", phone.NeverAnswer())
	rings := agent.Watch()
	defer rings.Close()
	menu := s.call("0000")
	s.must(menu.AwaitAnswer(s.ctx))
	s.must(menu.Hangup(s.ctx))
	code := s.call("0000")
	s.must(code.AwaitAnswer(s.ctx))
	s.must(code.Press(s.ctx, "111", phone.KeyTiming{}))
	s.must(code.Hangup(s.ctx))
	ringing := s.call("7000")
	invite := s.invited(rings)
	waiting := s.call("7000")
	s.until("two callers", func() bool { return len(s.calls()) == 2 })
	s.must(waiting.Hangup(s.ctx))
	s.must(ringing.Hangup(s.ctx))
	_, err := invite.Call.AwaitEnd(s.ctx)
	s.must(err)
	agent.Behave(phone.AnswerAfter(0))
	talking := s.call("7000")
	answered := s.invited(rings)
	s.event(answered.Call, phone.AckReceived)
	s.must(talking.Hangup(s.ctx))
	_, err = answered.Call.AwaitEnd(s.ctx)
	s.must(err)
}
