package trial

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// uaB is a port for callers and phones at the second switch.
func (s *site) uaB() *phone.UA {
	s.t.Helper()
	return s.uaAt(s.stack.Info().Switches[1].SIP)
}

// from places a call at a switch.
func (s *site) from(ua *phone.UA, who phone.Party, number string) *phone.Call {
	s.t.Helper()
	c, err := ua.Caller(who).Dial(s.ctx, number)
	s.must(err)
	return c
}

// listen is a port whose phones and callers sound like this.
func (s *site) listen(sip string, tone float64) *phone.UA {
	s.t.Helper()
	ua, err := phone.Listen(phone.Config{Server: sip, Media: voice.Media{Tone: tone}})
	s.must(err)
	s.t.Cleanup(func() { s.must(ua.Close()) })
	return ua
}

// A phone that registers at the one switch is rung for a caller of the other: with the record on the screen before, who
// calls on its display, and sound both ways.
func TestAPhoneAtTheOtherSwitch(t *testing.T) {
	const ofCaller, ofAgent = 440, 700
	for name, c := range map[string]struct {
		at    int // the caller's switch
		agent string
	}{"the caller at the first": {0, "2000"}, "the caller at the second": {1, "1000"}} {
		t.Run(name, func(t *testing.T) {
			s := newLargeSite(t)
			info, x := s.stack.Info(), s.extension(c.agent)
			agents := s.listen(info.Switches[1-c.at].SIP, ofAgent)
			p := agents.NewPhone(phone.Account{Number: c.agent, Password: x.Password}, phone.AnswerAfter(100*time.Millisecond))
			s.must(p.Register(s.ctx))
			s.post("/v1/agents/"+c.agent+"/logon", nil)
			defer s.logOff(c.agent)
			s.until("agent free", func() bool { return s.agentView(c.agent).Status == queueapp.StatusFree })
			crm := s.screen(c.agent).subscribed()
			rings := p.Watch()
			defer rings.Close()
			who := newCaller()
			call := s.from(s.listen(info.Switches[c.at].SIP, ofCaller), who, "7000")
			invite := s.invited(rings)
			offered := crm.saw(record.Offered)
			if !offered.at.Before(invite.At) || offered.Caller.Number != who.Number || offered.Extension != c.agent {
				t.Errorf("%v before the INVITE: %+v", invite.At.Sub(offered.at), offered.Call)
			}
			if from := *invite.From; from.Name != "support: Company 1" || from.Number != who.Number {
				t.Errorf("the phone displays %s", from)
			}
			crm.saw(record.Answered)
			s.must(call.AwaitTone(s.ctx, ofAgent, 10))
			s.must(invite.Call.AwaitTone(s.ctx, ofCaller, 10))
			s.must(invite.Call.Hangup(s.ctx))
			if ended := crm.saw(record.Ended); ended.Outcome.By != "agent" || ended.Outcome.Value != "answered" {
				t.Errorf("ended as %+v", ended.Outcome)
			}
			out, err := call.AwaitEnd(s.ctx)
			s.must(err)
			if out.By != phone.Them {
				t.Errorf("the caller's call ended as %+v", out)
			}
		})
	}
}

// Why a phone at the other switch did not answer is known as of one at the caller's own.
func TestWhyAPhoneAtTheOtherSwitchDidNotAnswer(t *testing.T) {
	s := newLargeSite(t)
	s.plan(`ring = "20s"`, `ring = "2s"`)
	agent := s.agent("2000", phone.NeverAnswer())
	crm := s.screen("2000").subscribed()
	for reason, b := range map[record.Reason]phone.Behaviour{
		"busy": phone.RefuseWith(486), "refused": phone.RefuseWith(603), "no-answer": phone.NeverAnswer(),
	} {
		agent.Behave(b)
		s.until("agent free", func() bool { return s.agentView("2000").Status == queueapp.StatusFree })
		who := newCaller()
		call := s.from(s.ua, who, "7000")
		crm.until(string(reason), func(sc *screen) bool {
			return slices.ContainsFunc(sc.got, func(r shown) bool { return r.Caller.Number == who.Number && r.Reason == reason })
		})
		s.must(call.Hangup(s.ctx))
		s.until("nobody", func() bool { return len(s.calls()) == 0 })
	}
}

// 200 callers of two switches, served by phones at both in the order in which they came.
func TestOneOrderOfServiceOverTwoSwitches(t *testing.T) {
	const callers, atOnce = 200, 40
	s := newLargeSite(t)
	since := time.Now()
	served := phone.AnswerThenHangup(0, 150*time.Millisecond)
	rings := map[string]*phone.Watch{}
	for _, number := range []string{"1000", "2000", "3000"} {
		rings[number] = s.agent(number, served).Watch()
		defer rings[number].Close()
	}
	chance := rand.New(rand.NewPCG(1, 2))
	uas := []*phone.UA{s.ua, s.uaB()}
	waiting := make(chan struct{}, atOnce)
	var came []string
	var calls sync.WaitGroup
	for range callers {
		waiting <- struct{}{}
		who := newCaller()
		came = append(came, who.Number)
		call := s.from(uas[chance.IntN(2)], who, "7000")
		s.must(call.AwaitAnswer(s.ctx)) // in the queue, before the next one calls
		calls.Go(func() {
			if _, err := call.AwaitEnd(s.ctx); err != nil {
				t.Errorf("caller %s: %v", who.Number, err)
			}
			<-waiting
		})
	}
	calls.Wait()

	attempts, err := s.memory.Attempts(s.ctx, s.stack.Info().Floor, since)
	s.must(err)
	var offered []string
	again := map[string]bool{} // whose agent hung up before the two were brought together
	for _, a := range attempts {
		if a.Attempt.N > 1 {
			again[a.Number] = true
			continue
		}
		offered = append(offered, a.Number)
	}
	if !slices.Equal(offered, came) || len(again) > callers/20 {
		t.Errorf("came:    %v\noffered: %v\nmore than once: %v", came, offered, again)
	}
	t.Logf("%d callers offered in the order in which they came, %d more than once", len(offered), len(again))
	seen := 0
	for number, w := range rings { // as the phones saw it
		last := 0
		for _, from := range invitedBy(w) {
			seen++
			n, err := strconv.Atoi(from)
			s.must(err)
			if n <= last && !again[from] {
				t.Errorf("%s was rung for %s after %d", number, from, last)
			}
			last = max(last, n)
		}
	}
	if seen != len(attempts) {
		t.Errorf("%d offers rang phones %d times", len(attempts), seen)
	}
}

// invitedBy gives the numbers of who rang a phone so far.
func invitedBy(w *phone.Watch) (from []string) {
	now, cancel := context.WithCancel(context.Background())
	cancel() // what is there already, and no more
	for {
		e, err := w.Next(now, phone.InviteReceived)
		if err != nil {
			return from
		}
		from = append(from, e.From.Number)
	}
}

// One of two switches dies: the other's callers notice nothing and are served, and all calls of the dead one are closed
// when it is back, by the owner who saw it die as by the next one.
func TestOneOfTwoSwitchesDies(t *testing.T) {
	for name, next := range map[string]bool{"and the owner lives": false, "and the owner after it": true} {
		t.Run(name, func(t *testing.T) {
			s := newLargeSite(t)
			here, there := s.ua, s.uaB()
			there1 := s.agent("2000", phone.AnswerAfter(0))
			lost := s.screen("2000").subscribed()
			gone := []*phone.Call{s.from(there, newCaller(), "7000")} // talks there
			lost.saw(record.Answered)
			here1 := s.agent("1000", phone.AnswerAfter(0))
			rings := here1.Watch()
			defer rings.Close()
			talking := s.from(here, newCaller(), "7000")
			answered := s.invited(rings)
			s.event(answered.Call, phone.AckReceived)
			across := s.agent("3000", phone.AnswerAfter(0)).Watch()
			defer across.Close()
			crossed := s.screen("3000").subscribed()
			gone = append(gone, s.from(there, newCaller(), "7000")) // with a phone here
			crossed.saw(record.Answered)
			orphan := s.invited(across)
			gone = append(gone, s.from(there, newCaller(), "7000"))
			s.until("four callers", func() bool { return len(s.calls()) == 4 })
			waits := newCaller()
			waiting := s.from(here, waits, "7000")
			s.must(waiting.AwaitLoud(s.ctx, 5))
			s.until("five callers", func() bool { return len(s.calls()) == 5 })

			s.must(s.stack.Kill(s.ctx, stack.AsteriskB))
			if owner := s.stack.Owner(); next {
				s.replace(owner, func() { s.signal(owner, syscall.SIGKILL) })
			}
			s.must(waiting.AwaitLoud(s.ctx, 50)) // music for a second on end
			select {
			case <-talking.Done():
				t.Errorf("the call here ended: %+v", talking.Outcome())
			default:
			}
			s.must(talking.Hangup(s.ctx))
			if again := s.invited(rings); again.From.Number != waits.Number { // the one there came first, and cannot be served
				t.Errorf("rung for %s", again.From)
			}
			fresh := s.from(here, newCaller(), "7000")
			s.must(fresh.AwaitLoud(s.ctx, 5))

			s.must(s.stack.Restart(s.ctx, stack.AsteriskB))
			lost.saw(record.Ended)
			crossed.saw(record.Ended)
			s.must(orphan.Call.Hangup(s.ctx))
			s.until("only the calls here", func() bool { return len(s.calls()) == 2 })
			for _, c := range s.calls() {
				if c.Switch != "main" {
					t.Errorf("left: %+v", c)
				}
			}
			s.must(there1.Register(s.ctx)) // it has forgotten its phones
			s.must(waiting.Hangup(s.ctx))
			s.must(fresh.Hangup(s.ctx))
			_ = gone // their switch never said goodbye
		})
	}
}

// A caller here with a phone at the switch that dies loses the agent, not the call's end: it is closed when the switch is back.
func TestTheSwitchOfAnAgentDies(t *testing.T) {
	s := newLargeSite(t)
	p := s.agent("2000", phone.AnswerAfter(0))
	crm := s.screen("2000").subscribed()
	rings := p.Watch()
	defer rings.Close()
	call := s.from(s.ua, newCaller(), "7000")
	s.invited(rings)
	crm.saw(record.Answered)
	s.must(s.stack.Kill(s.ctx, stack.AsteriskB))
	s.must(s.stack.Restart(s.ctx, stack.AsteriskB))
	if ended := crm.saw(record.Ended); ended.Outcome.By != "system" {
		t.Errorf("ended by %s", ended.Outcome.By)
	}
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	s.must(p.Register(s.ctx))
	s.until("agent free", func() bool { return s.agentView("2000").Status == queueapp.StatusFree })
}
