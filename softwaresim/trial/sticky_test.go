package trial

import (
	"testing"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
)

// Who calls again meets the agent whom he has talked with, although another one has been idle for longer: also when queueapp has
// been killed in between. Somebody else meets the other one.
func TestACallerMeetsHisAgentAgain(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.plan(`strategy = "leastrecent"`, "strategy = \"leastrecent\"\nsticky = true")
	for _, number := range []string{"1000", "2000"} {
		s.agent(number, phone.AnswerAfter(0))
	}
	rings := s.ua.Watch()
	defer rings.Close()
	free := func() {
		for _, number := range []string{"1000", "2000"} {
			s.until("agent "+number+" free again", func() bool { return s.agentView(number).Status == queueapp.StatusFree })
		}
	}
	calls := func(from phone.Party) string {
		call := s.callAs(from, "7107")
		rung := s.invited(rings).Phone
		s.until("a conversation with "+rung, func() bool { return s.agentView(rung).Status == queueapp.StatusTalking })
		s.must(call.Hangup(s.ctx))
		free()
		return rung
	}
	who := newCaller()
	his := calls(who)
	if again := calls(who); again != his {
		t.Errorf("he has talked with %s, and meets %s", his, again)
	}
	s.kill(nil)
	free()
	if again := calls(who); again != his {
		t.Errorf("he has talked with %s, and after a restart meets %s", his, again)
	}
	if other := calls(newCaller()); other == his {
		t.Errorf("a stranger meets %s, too", other)
	}
}
