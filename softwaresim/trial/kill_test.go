package trial

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// kill kills queueapp with SIGKILL, lets meanwhile happen while it is dead, and waits until it is ready again.
func (s *site) kill(meanwhile func()) {
	s.t.Helper()
	before := s.stack.Info().PIDs.Queueapp
	begun := time.Now()
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGKILL))
	if meanwhile != nil {
		meanwhile()
	}
	s.must(s.stack.WaitRestarted(s.ctx, stack.Queueapp, before))
	s.t.Logf("ready again after %v", time.Since(begun).Round(time.Millisecond))
}

func TestKilledWithACallerAtEveryStep(t *testing.T) {
	s := newSite(t)
	s.goesOnAtEveryStep(func() { s.kill(nil) })
}

// goesOnAtEveryStep has one caller in the menu, one talking, one ringing and one waiting while something happens to
// queueapp: each goes on as DESIGN §4.2 says.
func (s *site) goesOnAtEveryStep(happens func()) {
	t := s.t
	t.Helper()
	first := s.agent("1000", phone.AnswerAfter(0))
	one := s.screen("1000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	talking := s.call("7000")
	s.invitedAt(rings, first)
	one.saw(record.Answered)

	two := s.agent("2000", phone.NeverAnswer())
	twos := s.screen("2000").subscribed()
	ringing := s.call("7000")
	offered := twos.saw(record.Offered)
	invite := s.invitedAt(rings, two)

	waiting := s.call("7000")
	s.must(waiting.AwaitLoud(s.ctx, 5))
	s.until("three callers", func() bool { return len(s.calls()) == 3 })
	before := s.calls()

	menu := s.call("0000")
	s.must(menu.AwaitAnswer(s.ctx))
	s.must(menu.AwaitLoud(s.ctx, 5))

	happens()

	after := s.calls()
	if len(after) != 3 {
		t.Fatalf("calls before %+v, after %+v", before, after)
	}
	for i := range after {
		if after[i].Call != before[i].Call || after[i].Entry != before[i].Entry ||
			after[i].Deadline.Sub(before[i].Deadline).Abs() > time.Millisecond || after[i].State != before[i].State {
			t.Errorf("before %+v\nafter %+v", before[i].CallView, after[i].CallView)
		}
	}
	// The one in the menu hears it again, and can use it.
	s.must(menu.AwaitLoud(s.ctx, 20))
	s.must(menu.Press(s.ctx, "1", phone.KeyTiming{}))
	s.must(menu.Press(s.ctx, "2222#", phone.KeyTiming{}))
	s.until("a fourth caller", func() bool { return len(s.calls()) == 4 })
	// The one who waits has music.
	s.must(waiting.AwaitLoud(s.ctx, 20))
	// The phone that rang rings on, and is connected when it is answered.
	invite.Call.Answer()
	answered := twos.saw(record.Answered)
	if answered.ID != offered.ID || answered.Seq <= offered.Seq {
		t.Errorf("offered %s seq %d, answered %s seq %d", offered.ID, offered.Seq, answered.ID, answered.Seq)
	}
	// The one who talked talks on; then 1000 gets the one who waited longest.
	s.must(talking.Hangup(s.ctx))
	if r := one.saw(record.Ended); r.Outcome.By != "caller" {
		t.Errorf("ended by %s", r.Outcome.By)
	}
	s.event(s.invitedAt(rings, first).Call, phone.AckReceived)
	for _, c := range s.calls() {
		if waits := c.State == "waiting"; waits != (c.Entry > before[2].Entry) {
			t.Errorf("the one who waited was passed over: %+v", c)
		}
	}
	for _, c := range []*phone.Call{ringing, waiting, menu} {
		s.must(c.Hangup(s.ctx))
	}
}

func TestCallersWhoHangUpWhileNobodyListens(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	one := s.screen("1000").subscribed()
	two := s.agent("2000", phone.NeverAnswer())
	twos := s.screen("2000").subscribed()
	talking := s.call("7000")
	one.saw(record.Answered)
	rings := two.Watch()
	defer rings.Close()
	ringing := s.call("7000")
	twos.saw(record.Offered)
	invite := s.invited(rings)
	waiting := s.call("7000")
	s.must(waiting.AwaitLoud(s.ctx, 5))
	s.kill(func() {
		for _, c := range []*phone.Call{talking, ringing, waiting} {
			s.must(c.Hangup(s.ctx))
		}
	})
	one.saw(record.Ended)
	if r := twos.saw(record.Revoked); r.Reason != "caller-gone" {
		t.Errorf("revoked for %s", r.Reason)
	}
	_, err := invite.Call.AwaitEnd(s.ctx)
	s.must(err)
}

func TestAnAgentWhoAnswersWhileNobodyListens(t *testing.T) {
	s := newSite(t)
	p := s.agent("1000", phone.NeverAnswer())
	crm := s.screen("1000").subscribed()
	rings := p.Watch()
	defer rings.Close()
	call := s.call("7000")
	invite := s.invited(rings)
	// Asterisk may have hung up on the agent, as there was no application any more: then the phone is rung again.
	p.Behave(phone.AnswerAfter(0))
	s.kill(func() { invite.Call.Answer() })
	crm.saw(record.Answered)
	s.until("a conversation", func() bool {
		calls := s.calls()
		return len(calls) == 1 && calls[0].State == string(queueapp.StatusTalking)
	})
	s.must(call.Hangup(s.ctx))
}

// A new call while queueapp is dead goes on in the dialplan, whose own queue gives it to an agent; a queueapp that comes
// back leaves it alone.
func TestACallWhileNobodyListensFallsBack(t *testing.T) {
	s := newSite(t)
	rings := s.register("1000", phone.AnswerAfter(0)).Watch()
	defer rings.Close()
	s.down()
	// Until Asterisk has seen the connection end, a new call would wait for the next queueapp.
	s.until("nobody listens", func() bool { return len(s.ari("applications")) == 0 })
	who := newCaller()
	call := s.callAs(who, "7000")
	invite := s.invited(rings)
	if invite.From.Number != who.Number || strings.HasPrefix(invite.From.Name, outside.Ours) {
		t.Errorf("the phone rings for %s, want the dialplan's call of %s", invite.From, who)
	}
	s.event(invite.Call, phone.AckReceived)
	s.up()
	again := s.callAs(newCaller(), "7000") // when it is on the floor, the floor knows all that there is
	s.until("a call on the floor", func() bool { return len(s.calls()) > 0 })
	for _, c := range s.calls() {
		if c.Caller.Number == who.Number {
			t.Errorf("the dialplan's call is on the floor: %+v", c)
		}
	}
	select {
	case <-invite.Call.Done():
		t.Errorf("the conversation was ended: %+v", invite.Call.Outcome())
	default:
	}
	s.must(again.Hangup(s.ctx))
	s.must(call.Hangup(s.ctx))
	if out, err := invite.Call.AwaitEnd(s.ctx); err != nil || out.By != phone.Them {
		t.Errorf("the agent's call ended as %+v, %v", out, err)
	}
}

// down kills queueapp for good; up starts it again, at the latest when the trial ends.
func (s *site) down() {
	s.t.Helper()
	s.must(s.stack.Down(s.ctx, stack.Queueapp))
	s.t.Cleanup(s.up)
}

func (s *site) up() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if s.get("/healthz", nil) != nil {
		s.must(s.stack.Restart(ctx, stack.Queueapp))
	}
}
