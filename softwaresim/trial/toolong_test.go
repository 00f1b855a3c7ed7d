package trial

import (
	"testing"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
)

// Who would have to wait for too long is given back to the dialplan, as where too many wait.
func TestNobodyIsLetInToWaitForTooLong(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.plan(`strategy = "leastrecent"`, "strategy = \"leastrecent\"\nmax_expected_wait = \"1ms\"")
	s.agent("1000", phone.AnswerAfter(0))
	var talking []*phone.Call
	for range 2 { // after the first conversation it is known how long one takes
		for _, c := range talking {
			s.must(c.Hangup(s.ctx))
		}
		s.until("agent 1000 free", func() bool { return s.agentView("1000").Status == queueapp.StatusFree })
		talking = []*phone.Call{s.callAs(newCaller(), "7107")}
		s.until("a conversation", func() bool { return s.agentView("1000").Status == queueapp.StatusTalking })
	}
	who := newCaller()
	call := s.callAs(who, "7107")
	if got := s.cameBack(who.Number); got != "SUCCESS/FULL/full" {
		t.Errorf("the call came back with %s", got)
	}
	s.must(call.Hangup(s.ctx))
	s.must(talking[0].Hangup(s.ctx))
}
