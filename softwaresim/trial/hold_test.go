package trial

import (
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
)

// The agent's phone puts the caller on hold and takes him back: the screen says so, and the record ends with how long it was.
func TestAnAgentHoldsTheCaller(t *testing.T) {
	s := newSite(t)
	agent := s.agent("1000", phone.AnswerAfter(0))
	crm := s.screen("1000").subscribed()
	rings := agent.Watch()
	defer rings.Close()
	call := s.call("7000")
	leg := s.invited(rings).Call
	s.must(leg.AwaitAnswer(s.ctx))
	crm.saw(record.Answered)
	s.must(leg.Hold(s.ctx))
	if held := crm.saw(record.Held); held.State != record.OnHold {
		t.Errorf("held, and the state is %s", held.State)
	}
	s.must(call.AwaitLoud(s.ctx, 5)) // music, not silence
	s.must(leg.Resume(s.ctx))
	back := crm.saw(record.Resumed)
	if back.State != record.Talking || back.Seconds.Hold == nil || *back.Seconds.Hold <= 0 {
		t.Errorf("resumed, and the record is %s %+v", back.State, back.Seconds)
	}
	s.must(leg.Hold(s.ctx))
	crm.saw(record.Held)
	s.must(call.Hangup(s.ctx))
	ended := crm.saw(record.Ended)
	if ended.Seconds.Hold == nil || ended.Seconds.Talk == nil || *ended.Seconds.Hold < *back.Seconds.Hold {
		t.Errorf("ended with %+v", ended.Seconds)
	}
	if all := *ended.Seconds.Hold + *ended.Seconds.Talk; all <= 0 || all > time.Minute {
		t.Errorf("talked and held for %s", all)
	}
}
