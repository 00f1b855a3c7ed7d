package trial

import (
	"encoding/json"
	"net/http"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
)

// ready is what a queueapp says of itself.
func (s *site) ready(api string) (status int, state string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, api+"/readyz", nil)
	s.must(err)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	var said struct{ State string }
	s.must(json.NewDecoder(resp.Body).Decode(&said))
	return resp.StatusCode, said.State
}

func (s *site) signal(server string, sig syscall.Signal) {
	s.t.Helper()
	s.must(s.stack.Signal(server, sig))
}

func TestAStandbySaysSo(t *testing.T) {
	s := newLargeSite(t)
	info := s.stack.Info()
	if status, state := s.ready(info.Standby.API); status != http.StatusServiceUnavailable || state != "standby" {
		t.Errorf("/readyz of the standby: %d %s", status, state)
	}
	if status, state := s.ready(info.API); status != http.StatusOK || state != "active" {
		t.Errorf("/readyz of the owner: %d %s", status, state)
	}
}

// One caller in the menu, one talking, one ringing, one waiting: each goes on in the standby's hands.
func TestAStandbyTakesOverFromTheKilled(t *testing.T) {
	s := newLargeSite(t)
	first := s.agent("1000", phone.AnswerAfter(0))
	one := s.screen("1000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	talking := s.call("7000")
	s.invitedAt(rings, first)
	one.saw(record.Answered)
	two := s.agent("3000", phone.NeverAnswer())
	twos := s.screen("3000").subscribed()
	ringing := s.call("7000")
	twos.saw(record.Offered)
	invite := s.invitedAt(rings, two)
	waiting := s.call("7000")
	s.must(waiting.AwaitLoud(s.ctx, 5))
	menu := s.call("0000")
	s.must(menu.AwaitAnswer(s.ctx))
	s.must(menu.AwaitLoud(s.ctx, 5))
	s.until("three callers", func() bool { return len(s.calls()) == 3 })
	before := s.calls()

	owner := s.stack.Owner()
	s.replace(owner, func() { s.signal(owner, syscall.SIGKILL) })

	after := s.calls()
	if len(after) != 3 {
		t.Fatalf("calls before %+v, after %+v", before, after)
	}
	for i := range after {
		if after[i].Call != before[i].Call || after[i].Entry != before[i].Entry || after[i].State != before[i].State ||
			after[i].Deadline.Sub(before[i].Deadline).Abs() > time.Millisecond {
			t.Errorf("before %+v\nafter %+v", before[i].CallView, after[i].CallView)
		}
	}
	s.must(menu.AwaitLoud(s.ctx, 20))
	s.must(waiting.AwaitLoud(s.ctx, 20))
	invite.Call.Answer()
	twos.saw(record.Answered)
	s.must(talking.Hangup(s.ctx))
	if r := one.saw(record.Ended); r.Outcome.By != "caller" {
		t.Errorf("ended by %s", r.Outcome.By)
	}
	s.event(s.invitedAt(rings, first).Call, phone.AckReceived) // the one who waited
	for _, c := range []*phone.Call{ringing, waiting, menu} {
		s.must(c.Hangup(s.ctx))
	}
}

// An owner that cannot know that another one has the floor touches nothing, although much is due: a ring that should have
// ended, callers who came and went, events that wait in its socket. Its database does not answer when it is thawed, so
// that nothing tells it at once.
func TestAStaleOwnerTouchesNothing(t *testing.T) {
	for name, c := range map[string]struct{ stop, goOn func(s *site, victim string) }{
		"frozen": {
			func(s *site, victim string) { s.signal(victim, syscall.SIGSTOP) },
			func(s *site, victim string) { s.signal(victim, syscall.SIGCONT) },
		},
		"cut off from the database": {func(*site, string) {}, func(*site, string) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLargeSite(t)
			s.plan(`ring = "20s"`, `ring = "5s"`)
			victim, api := other(s.stack.Owner()), s.stack.Info().Standby.API
			p := s.tapped(victim)
			s.replace(other(victim), func() { s.signal(other(victim), syscall.SIGKILL) })
			rings := s.agent("1000", phone.NeverAnswer()).Watch()
			defer rings.Close()
			one := s.screen("1000").subscribed()
			callers := []*phone.Call{s.call("7000")}
			s.invited(rings)
			one.saw(record.Offered)
			callers = append(callers, s.call("7000"))
			s.must(callers[1].AwaitLoud(s.ctx, 5))
			s.until("two callers", func() bool { return len(s.calls()) == 2 })

			s.replace(victim, func() {
				c.stop(s, victim)
				p.database.Hang()
				for range 6 {
					callers = append(callers, s.call("0000"))
				}
			})
			p.take()
			for _, c := range callers[2:] {
				s.must(c.AwaitAnswer(s.ctx))
			}
			c.goOn(s, victim)
			again := s.invited(rings) // what was due at the one is due no more at the other
			_, err := again.Call.AwaitEnd(s.ctx)
			s.must(err)
			if asked := p.take(); len(asked) != 0 {
				t.Errorf("the stale owner asked Asterisk for %q", asked)
			}
			p.database.Heal()
			s.until("the stale one standing by", func() bool { _, state := s.ready(api); return state == "standby" })
			if asked := p.take(); len(asked) != 0 || s.stack.Owner() == victim {
				t.Errorf("%s owns the floor; the stale owner asked Asterisk for %q", s.stack.Owner(), asked)
			}
			callers = append(callers, s.call("7000")) // the application is still the owner's
			s.until("a third caller", func() bool { return len(s.calls()) == 3 })
			for _, c := range callers {
				s.must(c.Hangup(s.ctx))
			}
		})
	}
}

// An owner that was frozen for a moment only goes on as if nothing had been.
func TestAnOwnerThatFrozeBrieflyStays(t *testing.T) {
	s := newLargeSite(t)
	rings := s.agent("1000", phone.AnswerAfter(0)).Watch()
	defer rings.Close()
	owner := s.stack.Owner()
	s.signal(owner, syscall.SIGSTOP)
	call := s.call("7000")
	w := call.Watch()
	defer w.Close()
	s.next(w, phone.Trying)
	s.signal(owner, syscall.SIGCONT)
	s.event(s.invited(rings).Call, phone.AckReceived)
	if now := s.stack.Owner(); now != owner {
		t.Errorf("%s owns the floor", now)
	}
	s.must(call.Hangup(s.ctx))
}

// Both die at once and are started again at once: exactly one owns the floor.
func TestTwoStartAtOnce(t *testing.T) {
	s := newLargeSite(t)
	rings := s.agent("1000", phone.AnswerAfter(0)).Watch()
	defer rings.Close()
	before := s.stack.Info()
	s.signal(before.Owner, syscall.SIGKILL)
	s.signal(other(before.Owner), syscall.SIGKILL)
	for server, pid := range map[string]int{"queueapp": before.PIDs.Queueapp, "standby": before.PIDs.Standby} {
		s.must(s.stack.WaitRestarted(s.ctx, server, pid))
	}
	var states []string
	s.until("one owner and one standby", func() bool {
		_, a := s.ready(before.API)
		_, b := s.ready(before.Standby.API)
		states = []string{a, b}
		return a == "active" && b == "standby" || a == "standby" && b == "active"
	})
	t.Logf("they are %v", states)
	s.until("stack.json to say so", func() bool { _, state := s.ready(s.stack.Info().API); return state == "active" })
	call := s.call("7000")
	s.event(s.invited(rings).Call, phone.AckReceived)
	s.must(call.Hangup(s.ctx))
}
