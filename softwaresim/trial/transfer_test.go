package trial

import (
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// An agent sends the caller on to a colleague's phone. The record moves before that rings, and closes where it was; the two
// talk, and who transferred the call is free for the next.
func TestABlindTransfer(t *testing.T) {
	s := newSite(t)
	desk := s.agent("1000", phone.AnswerAfter(0))
	colleague := s.agent("2000", phone.NeverAnswer())
	colleague.SetMedia(voice.Media{Tone: talkTone})
	first, second := s.screen("1000").subscribed(), s.screen("2000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	at := s.invited(rings)
	if at.Phone != "1000" {
		t.Fatalf("%s rang", at.Phone)
	}
	first.saw(record.Offered)
	first.saw(record.Answered)
	go func() { _ = at.Call.Transfer(s.ctx, "2000") }()
	moved := first.saw(record.Transferred)
	if moved.Reason != record.MovedOn || moved.State != record.Closed {
		t.Errorf("the record closed as %s %s", moved.State, moved.Reason)
	}
	offered := second.saw(record.Offered)
	if offered.From != "1000" || offered.Reason != record.MovedOn {
		t.Errorf("the record came from %q for %q", offered.From, offered.Reason)
	}
	next := s.invited(rings)
	if next.Phone != "2000" || !offered.at.Before(next.At.Add(slack)) {
		t.Errorf("%s rang, %v before the record was there", next.Phone, offered.at.Sub(next.At))
	}
	s.event(next.Call, phone.Ringing)
	next.Call.Answer()
	second.saw(record.Answered)
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	_ = desk
	s.must(next.Call.Hangup(s.ctx))
	ended := second.saw(record.Ended)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	s.settled()
	out, _ := s.queueapp("journal", ended.ID)
	t.Log(out)
}

// An agent asks a colleague first, and then brings the two together: the colleague has the record as soon as they talk.
func TestAnAttendedTransfer(t *testing.T) {
	s := newSite(t)
	desk := s.agent("1000", phone.AnswerAfter(0))
	desk.SetLines(2)
	colleague := s.agent("2000", phone.AnswerAfter(0))
	colleague.SetMedia(voice.Media{Tone: talkTone})
	first, second := s.screen("1000").subscribed(), s.screen("2000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	at := s.invited(rings)
	first.saw(record.Offered)
	first.saw(record.Answered)
	s.must(at.Call.Hold(s.ctx))
	first.saw(record.Held)
	asked, err := desk.Dial(s.ctx, "2000")
	s.must(err)
	s.must(asked.AwaitAnswer(s.ctx))
	s.must(at.Call.TransferTo(s.ctx, asked))
	moved := first.saw(record.Transferred)
	if moved.Reason != record.MovedOn || moved.State != record.Closed || moved.Seconds.Hold == nil {
		t.Errorf("the record closed as %s %s, on hold %v", moved.State, moved.Reason, moved.Seconds.Hold)
	}
	answered := second.saw(record.Answered)
	if answered.From != "1000" || answered.Reason != record.MovedOn || answered.State != record.Talking {
		t.Errorf("the record came from %q for %q, %s", answered.From, answered.Reason, answered.State)
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(call.Hangup(s.ctx))
	second.saw(record.Ended)
	s.settled()
	out, _ := s.queueapp("journal", answered.ID)
	t.Log(out)
}
