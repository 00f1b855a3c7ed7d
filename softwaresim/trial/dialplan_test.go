package trial

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/record"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// callers numbers the callers of these trials: what a call came back with is kept under its caller's number.
var callers atomic.Int64

func newCaller() phone.Party {
	return phone.Party{Name: "Eve", Number: fmt.Sprintf("77%05d", callers.Add(1))}
}

// cameBack waits until the dialplan has the call again, and says with which STASISSTATUS/QUEUESTATUS/QUEUEAPP_OUTCOME.
func (s *site) cameBack(number string) (with string) {
	s.t.Helper()
	s.until("the dialplan has "+number+" again", func() bool {
		with = s.global("BACK_" + number)
		return with != ""
	})
	return with
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	s := newSiteWithDialplan(t)
	for dialled, what := range map[string]string{
		"7101": "an unknown queue", "7102": "an unknown menu", "7103": "an unknown kind", "7104": "nothing",
	} {
		who := newCaller()
		call := s.callAs(who, dialled)
		if got := s.cameBack(who.Number); got != "SUCCESS/UNKNOWN/unknown-queue" {
			t.Errorf("%s: the call came back with %s", what, got)
		}
		s.must(call.AwaitAnswer(s.ctx)) // by the dialplan's prompt
		s.must(call.AwaitLoud(s.ctx, 5))
		s.must(call.Hangup(s.ctx))
	}
}

func TestArgumentsOfWhichSomeAreWrong(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.agent("1000", phone.AnswerAfter(50*time.Millisecond))
	crm := s.screen("1000").subscribed()
	call := s.callAs(newCaller(), "7105")
	r := crm.saw(record.Answered)
	if note, _ := r.Data.Get("note"); note != "a,b & <c>" {
		t.Errorf("data %+v", r.Data)
	}
	s.must(call.Hangup(s.ctx))
}

func TestPatienceOfTwoSeconds(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.agent("1000", phone.NeverAnswer())
	crm := s.screen("1000").subscribed()
	who := newCaller()
	begun := time.Now()
	call := s.callAs(who, "7106")
	if got := s.cameBack(who.Number); got != "SUCCESS/TIMEOUT/timeout" {
		t.Errorf("the call came back with %s", got)
	}
	if took := time.Since(begun); took < 2*time.Second || took > 3*time.Second {
		t.Errorf("after %v", took)
	}
	if r := crm.saw(record.Revoked); r.Reason != record.NoAnswer && r.Reason != record.Withdrawn {
		t.Errorf("revoked for %s", r.Reason)
	}
	if out := call.Outcome(); out.By != "" {
		t.Errorf("the call ended: %+v", out)
	}
	s.must(call.AwaitLoud(s.ctx, 5))
	s.must(call.Hangup(s.ctx))
}

func TestNobodyToWaitFor(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.plan("joinempty = true", "joinempty = false")
	who := newCaller()
	call := s.callAs(who, "7107")
	if got := s.cameBack(who.Number); got != "SUCCESS/JOINEMPTY/no-agents" {
		t.Errorf("the call came back with %s", got)
	}
	s.must(call.Hangup(s.ctx))
	s.agent("1000", phone.AnswerAfter(0))
	rings := s.ua.Watch()
	defer rings.Close()
	with := s.callAs(newCaller(), "7107")
	s.event(s.invited(rings).Call, phone.AckReceived)
	s.must(with.Hangup(s.ctx))
}

// The unit's last resort: who waits or rings goes on in the dialplan, who talks talks on.
func TestReleaseSendsTheWaitingOn(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.agent("1000", phone.AnswerAfter(0))
	ones := s.screen("1000").subscribed()
	talking := s.callAs(newCaller(), "7107")
	talks := ones.saw(record.Answered)
	two := s.agent("2000", phone.NeverAnswer())
	rings := two.Watch()
	defer rings.Close()
	twos := s.screen("2000").subscribed()
	var waiting []phone.Party
	for range 3 {
		waiting = append(waiting, newCaller())
		s.callAs(waiting[len(waiting)-1], "7107")
	}
	invite := s.invited(rings)
	s.until("four callers", func() bool { return len(s.calls()) == 4 })
	out, err := s.queueapp("release")
	if err != nil {
		t.Fatalf("release: %v\n%s", err, out)
	}
	for _, who := range waiting {
		if got := s.cameBack(who.Number); got != "SUCCESS/UNAVAILABLE/unavailable" {
			t.Errorf("%s came back with %s", who.Number, got)
		}
	}
	if r := twos.saw(record.Revoked); r.Reason != record.Withdrawn {
		t.Errorf("revoked for %s", r.Reason)
	}
	_, err = invite.Call.AwaitEnd(s.ctx)
	s.must(err)
	if left := s.calls(); len(left) != 1 || left[0].Call != queueapp.CallID(talks.ID) || left[0].State != string(queueapp.StatusTalking) {
		t.Errorf("left on the floor: %+v", left)
	}
	s.must(talking.Hangup(s.ctx))
}

// While queueapp is frozen its websocket is open, so Asterisk gives it the calls: only the dead man's switch frees them.
// When it is back it hears of a call that has long been elsewhere, and leaves it alone.
func TestTheDeadMansSwitch(t *testing.T) {
	s := newSiteWithDialplan(t)
	const hertz = 440
	agent := s.register("1000", phone.AnswerAfter(50*time.Millisecond)) // a member of the fallback queue
	agent.SetMedia(voice.Media{Tone: hertz})
	rings := agent.Watch()
	defer rings.Close()
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGSTOP))
	thaw := func() { s.must(s.stack.Signal(stack.Queueapp, syscall.SIGCONT)) }
	defer thaw()
	begun := time.Now()
	call := s.callAs(newCaller(), "7109")
	invite := s.invited(rings)
	if took := time.Since(begun); took < 2*time.Second || took > 3*time.Second {
		t.Errorf("the fallback rang after %v", took)
	}
	s.must(call.AwaitTone(s.ctx, hertz, 5))
	thaw()
	again := s.callAs(newCaller(), "7107") // when it is on the floor, what came before it has been worked off
	s.until("queueapp serves", func() bool { return s.get("/v1/calls", &api.Calls{}) == nil && len(s.calls()) == 1 })
	s.must(again.Hangup(s.ctx))
	s.must(call.AwaitTone(s.ctx, hertz, 50))
	s.must(call.Hangup(s.ctx))
	_, err := invite.Call.AwaitEnd(s.ctx)
	s.must(err)
}

// While queueapp is dead its application is not there, and Asterisk's own queue takes the callers: whoever calls around its
// death reaches an agent, by the one or the other.
func TestCallsAroundADeathReachAnAgent(t *testing.T) {
	s := newSite(t)
	agent := s.agent("1000", phone.AnswerThenHangup(20*time.Millisecond, 50*time.Millisecond))
	rings := agent.Watch()
	defer rings.Close()
	var placed []*phone.Call
	place := func() {
		call := s.callAs(newCaller(), "7000")
		s.event(call, phone.Trying)
		placed = append(placed, call)
	}
	place()
	before := s.stack.Info().PIDs.Queueapp
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGKILL))
	for now := before; now == before; now = s.stack.Info().PIDs.Queueapp {
		place()
		s.must(placed[len(placed)-1].Play(s.ctx, []phone.Step{{Wait: 30 * time.Millisecond}}, phone.KeyTiming{}))
	}
	place()
	byUs := 0
	for range placed {
		e := s.invited(rings)
		if s.event(e.Call, phone.AckReceived); strings.HasPrefix(e.From.Name, outside.Ours) {
			byUs++
		}
	}
	for _, call := range placed {
		out, err := call.AwaitEnd(s.ctx)
		if s.must(err); !out.Answered {
			t.Errorf("%s was not answered: %+v", call, out)
		}
	}
	t.Logf("of %d callers %d came by Asterisk's own queue", len(placed), len(placed)-byUs)
}
