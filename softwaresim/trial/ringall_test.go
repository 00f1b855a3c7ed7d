package trial

import (
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// All phones ring, each with the record on its screen; who answers first has the caller, and the others stop, without a missed
// call on their displays (RFC 3326: the CANCEL says that the call was completed elsewhere).
func TestAllPhonesRing(t *testing.T) {
	s := newSite(t)
	s.plan(`strategy = "leastrecent"`, `strategy = "ringall"`)
	phones, screens := map[string]*phone.Phone{}, map[string]*screen{}
	for _, number := range []string{"1000", "2000", "3000"} {
		phones[number] = s.agent(number, phone.NeverAnswer())
		screens[number] = s.screen(number).subscribed()
	}
	phones["2000"].SetMedia(voice.Media{Tone: talkTone})
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	legs := map[string]*phone.Call{}
	for range phones {
		invite := s.invited(rings)
		legs[invite.Phone] = invite.Call
		if offered := screens[invite.Phone].saw(record.Offered); !offered.at.Before(invite.At.Add(slack)) {
			t.Errorf("the record of %s came %v after the ring", invite.Phone, offered.at.Sub(invite.At))
		}
	}
	if len(legs) != len(phones) {
		t.Fatalf("rung are %v", legs)
	}
	s.event(legs["2000"], phone.Ringing)
	legs["2000"].Answer()
	screens["2000"].saw(record.Answered)
	for _, number := range []string{"1000", "3000"} {
		cancel := s.event(legs[number], phone.CancelReceived)
		if !strings.Contains(cancel.Reason, "elsewhere") && !strings.Contains(cancel.Reason, "cause=26") && !strings.Contains(cancel.Reason, "cause=200") {
			t.Errorf("%s was cancelled with %q: it shows a missed call", number, cancel.Reason)
		}
		if r := screens[number].saw(record.Revoked); r.Reason != "answered-elsewhere" {
			t.Errorf("the record of %s was revoked for %s", number, r.Reason)
		}
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(legs["2000"].Hangup(s.ctx))
	screens["2000"].saw(record.Ended)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}

// One phone rings, and one more every second, until somebody answers.
func TestOnePhoneAfterTheOtherRings(t *testing.T) {
	s := newSite(t)
	s.plan(`strategy = "leastrecent"`, "strategy = \"progressive\"\nprogress = \"1s\"")
	for _, number := range []string{"1000", "2000"} {
		s.agent(number, phone.NeverAnswer()).SetMedia(voice.Media{Tone: talkTone})
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	first, second := s.invited(rings), s.invited(rings)
	if first.Phone != "1000" || second.Phone != "2000" {
		t.Errorf("%s rang, and then %s", first.Phone, second.Phone)
	}
	if later := second.At.Sub(first.At); later < 900*time.Millisecond {
		t.Errorf("the second rang %v after the first", later)
	}
	s.event(first.Call, phone.Ringing)
	first.Call.Answer()
	s.event(second.Call, phone.CancelReceived)
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(first.Call.Hangup(s.ctx))
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}
