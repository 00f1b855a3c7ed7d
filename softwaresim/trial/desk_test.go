package trial

import (
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// life waits until a CRM has shown the whole life of a call that was answered, and returns its last record.
func (s *site) life(c *crm.CRM, from phone.Party) (last record.Call) {
	s.t.Helper()
	w := c.Watch()
	defer w.Close()
	for _, kind := range []crm.Kind{crm.Opened, crm.Changed, crm.Closed} {
		e, err := w.Next(s.within(popUpTime), func(e crm.Event) bool { return e.Kind == kind && e.Call.Caller.Number == from.Number })
		if err != nil {
			s.t.Fatalf("%s was not %s for %s: %v; it saw %+v", from, kind, c.JID(), err, c.Events())
		}
		last = *e.Call
	}
	return last
}

// sawNothingOf finds that a CRM was never shown a caller.
func (s *site) sawNothingOf(c *crm.CRM, from phone.Party) {
	s.t.Helper()
	for _, e := range c.Events() {
		if e.Call != nil && e.Call.Caller.Number == from.Number {
			s.t.Errorf("%s was shown %s of %s on %s: %s, at %s", c.JID(), e.Kind, from, e.Node, e.Call.Event, outside.Clock(e.At))
		}
	}
}

// served has one caller served at a phone.
func (s *site) served(rings *phone.Watch, at string) phone.Party {
	s.t.Helper()
	who := newCaller()
	call := s.callAs(who, "7000")
	if invite := s.invited(rings); invite.Phone != at {
		s.t.Errorf("%s rang, not %s", invite.Phone, at)
	}
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	return who
}

// briefly is long enough for the two to be brought together on a busy machine: whoever hangs up before that has refused.
var briefly = phone.AnswerThenHangup(50*time.Millisecond, 250*time.Millisecond)

func TestTwoCRMsOnOneNode(t *testing.T) {
	s := newSite(t)
	rings := s.agent("1000", briefly).Watch()
	defer rings.Close()
	x := s.extension("1000")
	one, two := s.crm(x.JID, x.JIDPassword, "1000"), s.crm(x.JID, x.JIDPassword, "1000")
	s.must(one.AwaitSubscribed(s.ctx, "extension1000"))
	s.must(two.AwaitSubscribed(s.ctx, "extension1000"))
	who := s.served(rings, "1000")
	if a, b := s.life(one, who), s.life(two, who); a.ID != b.ID || a.Seq != b.Seq {
		t.Errorf("one saw %+v\nthe other %+v", a, b)
	}
}

// An observer is whom queueapp.toml names, and nobody any longer than it does.
func TestAnObserverSeesEveryCall(t *testing.T) {
	s := newSiteFor(t, time.Minute)
	s.agent("1000", briefly)
	s.agent("2000", briefly)
	rings := s.ua.Watch()
	defer rings.Close()
	open := func() *crm.CRM {
		return s.crm(stack.Stranger+"@localhost", s.stack.JIDPassword(stack.Stranger), "1000", "2000")
	}
	refused := func() { // anew: of what was taken away a server tells nobody
		w := open().Watch()
		defer w.Close()
		for range 2 {
			if e, err := w.Next(s.ctx, func(e crm.Event) bool { return e.Node != "" }); err != nil || e.Kind != crm.Refused {
				t.Errorf("an account that is no observer: %+v, %v", e, err)
			}
		}
	}
	refused()
	watch := open()
	serve := func() (who phone.Party, extension string) {
		who = newCaller()
		call := s.callAs(who, "7000")
		invite := s.invited(rings)
		_, err := call.AwaitEnd(s.ctx)
		s.must(err)
		return who, invite.Phone
	}
	stranger, _ := serve()
	s.settled() // or the new observer would be told how it ended

	t.Setenv("QUEUEAPP_XMPP_OBSERVERS", stack.Stranger+"@localhost")
	s.must(s.stack.Restart(s.ctx, stack.Queueapp))
	seen := map[string]bool{}
	for range 2 {
		who, extension := serve()
		if r := s.life(watch, who); r.Extension != extension {
			t.Errorf("shown at %s, rang at %s", r.Extension, extension)
		}
		seen[extension] = true
	}
	if len(seen) != 2 {
		t.Errorf("rang only at %v", seen)
	}

	t.Setenv("QUEUEAPP_XMPP_OBSERVERS", "")
	s.must(s.stack.Restart(s.ctx, stack.Queueapp))
	t.Logf("no observer any more at %s", outside.Clock(time.Now()))
	afterwards, _ := serve()
	s.settled()
	refused()
	t.Logf("before: %s, afterwards: %s", stranger, afterwards)
	s.sawNothingOf(watch, stranger)
	s.sawNothingOf(watch, afterwards)
}

// Who sits where another usually sits sees the calls there, and those of the place that was left no more.
func TestAnAgentAtAnothersPhone(t *testing.T) {
	s := newSite(t)
	for _, x := range []string{"1000", "2000", "3000"} {
		s.register(x, briefly)
	}
	rings := s.ua.Watch()
	defer rings.Close()
	ana, bruno := s.extension("1000"), s.extension("2000")
	anas := s.crm(ana.JID, ana.JIDPassword, "1000", "2000", "3000")
	brunos := s.crm(bruno.JID, bruno.JIDPassword, "1000", "2000", "3000")
	sit := func(agent, extension string) {
		s.post("/v1/agents/"+agent+"/logon", map[string]string{"extension": extension})
		s.until(agent+" free at "+extension, func() bool {
			v := s.agentView(agent)
			return v.Status == queueapp.StatusFree && string(v.Extension) == extension
		})
	}
	t.Cleanup(func() { s.logOff("1000"); s.logOff("2000") })

	sit("1000", "2000")
	who := s.served(rings, "2000")
	if r := s.life(anas, who); r.Agent != "1000" || r.Extension != "2000" {
		t.Errorf("Ana was shown agent %s at %s", r.Agent, r.Extension)
	}
	s.sawNothingOf(brunos, who) // it is not his call, and the phone is nobody's in the floor plan
	if err := s.ask("POST", "/v1/agents/2000/logon", nil, nil); err == nil {
		t.Error("Bruno sits at the phone that Ana sits at")
	}

	sit("1000", "3000") // straight from the one to the other
	sit("2000", "2000")
	for range 2 { // each serves one: the least recent first
		who := newCaller()
		call := s.callAs(who, "7000")
		invite := s.invited(rings)
		_, err := call.AwaitEnd(s.ctx)
		s.must(err)
		sees, not := anas, brunos
		if invite.Phone == "2000" {
			sees, not = brunos, anas
		}
		if r := s.life(sees, who); r.Extension != invite.Phone {
			t.Errorf("shown at %s, rang at %s", r.Extension, invite.Phone)
		}
		s.settled()
		s.sawNothingOf(not, who)
	}
}

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
