package trial

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// steps is a floor with a caller at every step when its database goes away: one talks to 1000, 2000 rings for one, one waits.
type steps struct {
	*site
	before                    int // queueapp's pid
	one, two                  *phone.Phone
	ones, twos                *screen
	rings                     *phone.Watch
	talked, invite            phone.Event // of 1000 and of 2000
	talking, ringing, waiting *phone.Call
	talker, ringer, waiter    phone.Party
}

func newSteps(t *testing.T, limit time.Duration, plan ...string) *steps {
	t.Helper()
	s := &steps{site: newSiteFor(t, limit), talker: newCaller(), ringer: newCaller(), waiter: newCaller()}
	if len(plan) > 0 {
		s.plan(plan...)
	}
	s.before = s.stack.Info().PIDs.Queueapp
	s.one = s.agent("1000", phone.AnswerAfter(0))
	s.ones = s.screen("1000").subscribed()
	s.rings = s.ua.Watch()
	t.Cleanup(s.rings.Close)
	s.talking = s.callAs(s.talker, "7000")
	s.talked = s.invitedAt(s.rings, s.one)
	s.ones.saw(record.Answered)
	s.two = s.agent("2000", phone.NeverAnswer())
	s.twos = s.screen("2000").subscribed()
	s.ringing = s.callAs(s.ringer, "7000")
	s.twos.saw(record.Offered)
	s.invite = s.invitedAt(s.rings, s.two)
	s.waiting = s.callAs(s.waiter, "7000")
	s.must(s.waiting.AwaitLoud(s.ctx, 5))
	s.until("three callers", func() bool { return len(s.calls()) == 3 })
	return s
}

// states is where the callers are, by their numbers.
func (s *steps) states() map[string]string {
	s.t.Helper()
	states := map[string]string{}
	for _, c := range s.calls() {
		states[c.Caller.Number] = c.State
	}
	return states
}

func (s *steps) is(who phone.Party, state queueapp.AgentStatus) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s %s", who.Number, state), func() bool { return s.states()[who.Number] == string(state) })
}

// held waits until the floor is held, or not any more.
func (s *steps) held(held bool) {
	s.t.Helper()
	want := "active"
	if held {
		want = "hold"
	}
	s.until("a floor that is "+want, func() bool { _, state := s.ready(s.stack.Info().API); return state == want })
}

// inFallback waits until the dialplan's own queue has a caller.
func (s *site) inFallback(who phone.Party) {
	s.t.Helper()
	s.until(who.Number+" in the dialplan's own queue", func() bool { return s.isInFallback(who) })
}

func (s *site) isInFallback(who phone.Party) bool {
	for _, ch := range s.ari("channels") {
		caller, _ := ch["caller"].(map[string]any)
		dialplan, _ := ch["dialplan"].(map[string]any)
		if caller["number"] == who.Number && dialplan["context"] == "ringside-down" && dialplan["app_name"] == "Queue" {
			return true
		}
	}
	return false
}

// same asserts that the process is, and that it never let the floor go: it would have listened to Asterisk anew.
func (s *steps) same() {
	s.t.Helper()
	if now := s.stack.Info().PIDs.Queueapp; now != s.before {
		s.t.Errorf("queueapp was %d and is %d", s.before, now)
	}
}

// A pause that is over within three seconds is noticed by nobody: what could not be done is done then.
func TestADatabaseThatPauses(t *testing.T) {
	s := newSteps(t, 40*time.Second)
	s.must(s.stack.Freeze(stack.Postgres))
	begun := time.Now()
	s.invite.Call.Answer()
	s.event(s.invite.Call, phone.AckReceived)
	s.must(s.talking.Hangup(s.ctx))
	late := newCaller()
	another := s.callAs(late, "7000")
	s.must(another.AwaitAnswer(s.ctx))
	<-time.After(time.Until(begun.Add(time.Second)))
	s.must(s.stack.Thaw(stack.Postgres))
	s.ones.saw(record.Ended)
	s.twos.saw(record.Answered)
	s.event(s.invitedAt(s.rings, s.one).Call, phone.AckReceived)
	s.is(s.waiter, queueapp.StatusTalking)
	s.is(late, "waiting")
	s.same()
	for _, c := range []*phone.Call{s.ringing, s.waiting, another} {
		s.must(c.Hangup(s.ctx))
	}
}

// While the floor is held people talk and phones ring, who answers is put through, and who hangs up is gone; new callers go on
// in the dialplan. Then everything is told that was kept back, and the one who waited is served.
func TestADatabaseThatIsAwayForSeconds(t *testing.T) {
	s := newSteps(t, time.Minute)
	s.must(s.stack.Freeze(stack.Postgres))
	s.held(true)
	late := newCaller()
	another := s.callAs(late, "7000")
	s.inFallback(late)
	s.invite.Call.Answer()
	s.event(s.invite.Call, phone.AckReceived)
	s.until("two conversations", func() bool {
		n := 0
		for _, b := range s.ari("bridges") {
			if members, _ := b["channels"].([]any); len(members) == 2 && strings.HasPrefix(fmt.Sprint(b["id"]), "rs1.") {
				n++
			}
		}
		return n == 2
	})
	s.must(s.talking.Hangup(s.ctx))
	_, err := s.talked.Call.AwaitEnd(s.ctx)
	s.must(err)
	s.must(s.waiting.AwaitLoud(s.ctx, 20))
	code, err := s.register("3000", phone.NeverAnswer()).Dial(s.ctx, s.stack.Info().Dial.Logon)
	s.must(err)
	s.must(code.AwaitLoud(s.ctx, 5)) // "please try later"
	_, err = code.AwaitEnd(s.ctx)
	s.must(err)
	if status, _ := s.queueapp("agent", "1000", "pause"); !strings.Contains(status, "database is away") {
		t.Errorf("a pause was answered by %q", status)
	}
	if n := s.metric(`queueapp_calls_turned_away_total{reason="outage"}`); n < 1 {
		t.Errorf("%v calls were turned away", n)
	}
	if got := s.states(); got[s.ringer.Number] != "talking" || got[s.waiter.Number] != "waiting" {
		t.Errorf("the callers are %v", got)
	}
	s.must(another.Hangup(s.ctx))
	s.must(s.stack.Thaw(stack.Postgres))
	s.held(false)
	if r := s.ones.saw(record.Ended); r.Outcome.By != "caller" {
		t.Errorf("ended by %s", r.Outcome.By)
	}
	s.twos.saw(record.Answered)
	s.event(s.invitedAt(s.rings, s.one).Call, phone.AckReceived)
	s.is(s.waiter, queueapp.StatusTalking)
	s.same()
	for _, c := range []*phone.Call{s.ringing, s.waiting} {
		s.must(c.Hangup(s.ctx))
	}
}

// Callers who wait are given back after the floor plan's time; those whose phone rings, and those who talk, stay.
func TestADatabaseThatIsAwayForLong(t *testing.T) {
	s := newSteps(t, 2*time.Minute, `ring = "20s"`, `ring = "2m"`, "[floor]", "[floor]\noutage = \"10s\"")
	s.must(s.stack.Freeze(stack.Postgres))
	begun := time.Now()
	s.inFallback(s.waiter)
	if took := time.Since(begun); took < 8*time.Second {
		t.Errorf("given back after %v", took)
	}
	if got := s.states(); len(got) != 2 || got[s.talker.Number] != "talking" || got[s.ringer.Number] != "ringing" {
		t.Errorf("the callers are %v", got)
	}
	<-time.After(time.Until(begun.Add(15 * time.Second)))
	s.must(s.stack.Thaw(stack.Postgres))
	s.held(false)
	s.invite.Call.Answer()
	s.event(s.invite.Call, phone.AckReceived)
	s.twos.saw(record.Answered)
	s.is(s.ringer, queueapp.StatusTalking)
	visits, err := world.memory.Visits(s.ctx, s.stack.Info().Floor, begun.Add(-time.Minute))
	s.must(err)
	for _, v := range visits {
		if v.Number == s.waiter.Number && v.Outcome != queueapp.OutcomeUnavailable {
			t.Errorf("the visit of the one who waited ended as %q", v.Outcome)
		}
	}
	s.same()
	for _, c := range []*phone.Call{s.talking, s.ringing, s.waiting} {
		s.must(c.Hangup(s.ctx))
	}
}

// However a database ends, who comes back to it with the same epoch goes on where it was.
func TestADatabaseThatEnds(t *testing.T) {
	for name, end := range map[string]func(s *steps){
		"in order": func(s *steps) { s.must(s.stack.Restart(s.ctx, stack.Postgres)) },
		"at once": func(s *steps) {
			s.must(s.stack.Signal(stack.Postgres, syscall.SIGQUIT))
			s.until("PostgreSQL again", func() bool { return s.stack.Restart(s.ctx, stack.Postgres) == nil })
		},
		"by a crash of what serves the floor": func(s *steps) {
			for _, pid := range servers(s.t, s.stack.Info().PIDs.Postgres) {
				s.must(syscall.Kill(pid, syscall.SIGKILL))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteps(t, time.Minute)
			heard := strings.Count(s.log(1<<20), "switch is heard")
			end(s)
			s.invite.Call.Answer()
			s.event(s.invite.Call, phone.AckReceived)
			s.twos.saw(record.Answered)
			s.must(s.talking.Hangup(s.ctx))
			s.ones.saw(record.Ended)
			s.event(s.invitedAt(s.rings, s.one).Call, phone.AckReceived)
			s.is(s.waiter, queueapp.StatusTalking)
			s.is(s.ringer, queueapp.StatusTalking)
			s.held(false)
			s.same()
			if now := strings.Count(s.log(1<<20), "switch is heard"); now != heard {
				t.Error("the floor was let go")
			}
			for _, c := range []*phone.Call{s.ringing, s.waiting} {
				s.must(c.Hangup(s.ctx))
			}
		})
	}
}

// servers are PostgreSQL's processes that serve a connection of queueapp's.
func servers(t *testing.T, postgres int) (pids []int) {
	t.Helper()
	file := fmt.Sprintf("/proc/%d/task/%d/children", postgres, postgres)
	children, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(children)) {
		title, err := os.ReadFile("/proc/" + field + "/cmdline")
		if err != nil || !strings.HasPrefix(string(title), "postgres: queueapp ") {
			continue // it has ended, or does other work
		}
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		t.Fatalf("PostgreSQL serves nobody: %s", children)
	}
	return pids
}
