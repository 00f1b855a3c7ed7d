package trial

import (
	"strings"
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// An agent has two devices at one number. Both ring for a call of the queue, with the record on the screen before; one answers, the
// other stops without a missed call, and the agent is busy at both.
func TestAnAgentWithTwoDevices(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.plan(`dial = "PJSIP/1000"`, "dial = \"Local/1000@trial-devices/n\"\ndevice = \"PJSIP/1000\"")
	away, err := phone.Listen(phone.Config{Server: s.stack.Info().SIP})
	s.must(err)
	t.Cleanup(func() { s.must(away.Close()) })
	x := s.extension("1000")
	second := away.NewPhone(phone.Account{Number: "1000", Password: x.Password}, phone.NeverAnswer())
	second.SetMedia(voice.Media{Tone: talkTone})
	s.must(second.Register(s.ctx))
	s.agent("1000", phone.NeverAnswer())
	crm := s.screen("1000").subscribed()
	atDesk, onTheRoad := s.ua.Watch(), away.Watch()
	defer atDesk.Close()
	defer onTheRoad.Close()
	call := s.call("7000")
	desk, road := s.invited(atDesk), s.invited(onTheRoad)
	offered := crm.saw(record.Offered)
	for _, invite := range []phone.Event{desk, road} {
		if !offered.at.Before(invite.At.Add(slack)) {
			t.Errorf("a device rang %v before the record was there", offered.at.Sub(invite.At))
		}
	}
	s.event(road.Call, phone.Ringing)
	road.Call.Answer()
	crm.saw(record.Answered)
	if e := s.event(desk.Call, phone.CancelReceived); !e.AnsweredElsewhere() && !strings.Contains(e.Reason, "cause=26") {
		t.Errorf("the other device was cancelled with %q: it shows a missed call", e.Reason)
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	other := s.call("7000")
	s.rangNever(atDesk)
	s.must(other.Hangup(s.ctx))
	s.must(call.Hangup(s.ctx))
	crm.saw(record.Ended)
}
