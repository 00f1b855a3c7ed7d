package trial

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// colleague has 2000 at work, where no call of the queue comes: only what others send on.
func (s *site) colleague(b phone.Behaviour) {
	s.t.Helper()
	s.agent("2000", b).SetMedia(voice.Media{Tone: talkTone})
	s.post("/v1/agents/2000/pause", nil)
}

// An agent sends the caller on to a colleague's phone. The record moves before that rings, and closes where it was; the two
// talk, and who transferred the call is free for the next.
func TestABlindTransfer(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	s.colleague(phone.NeverAnswer())
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
	s.must(next.Call.Hangup(s.ctx))
	second.saw(record.Ended)
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	s.settled()
}

// An agent asks a colleague first, and then brings the two together: the colleague has the record as soon as they talk.
func TestAnAttendedTransfer(t *testing.T) {
	s := newSite(t)
	desk := s.agent("1000", phone.AnswerAfter(0))
	desk.SetLines(2)
	s.colleague(phone.AnswerAfter(0))
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
	s.must(asked.AwaitTone(s.ctx, talkTone, 5)) // before the two are bridged Asterisk does not say who is there
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
}

// A caller whose phone may do so sends the agent on to somebody else: the agent talks on, and the record stays with him until
// he or the other one hangs up.
func TestACallerTransfers(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	other := s.register("3000", phone.AnswerAfter(0))
	other.SetMedia(voice.Media{Tone: talkTone})
	desk := s.register("2000", phone.AnswerAfter(0))
	first := s.screen("1000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	call, err := desk.Dial(s.ctx, "7000")
	s.must(err)
	at := s.invited(rings)
	first.saw(record.Offered)
	first.saw(record.Answered)
	s.must(call.Transfer(s.ctx, "3000"))
	s.must(at.Call.AwaitTone(s.ctx, talkTone, 5))
	s.must(at.Call.Hangup(s.ctx))
	ended := first.saw(record.Ended)
	if ended.Outcome.By != "agent" {
		t.Errorf("it was ended by the %s", ended.Outcome.By)
	}
	s.settled()
}

// queueapp is frozen while an agent sends the caller on, and dies of it: the next process finds the call where it is, shows the
// record there before anybody is rung, and goes on to its end. So it does where it dies while the colleague's phone rings.
func TestATransferWhileNobodyListens(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	s.colleague(phone.NeverAnswer())
	first, second := s.screen("1000").subscribed(), s.screen("2000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	for name, dies := range map[string]func(at *phone.Call) phone.Event{
		"frozen meanwhile": func(at *phone.Call) phone.Event {
			s.signal(stack.Queueapp, syscall.SIGSTOP)
			go func() { _ = at.Transfer(s.ctx, "2000") }()
			s.until("the transfer", func() bool {
				return slices.ContainsFunc(s.ari("channels"), func(ch map[string]any) bool {
					name, _ := ch["name"].(string)
					return strings.HasPrefix(name, "Local/2000@")
				})
			})
			s.kill(nil)
			return s.invited(rings)
		},
		"while it rings": func(at *phone.Call) phone.Event {
			go func() { _ = at.Transfer(s.ctx, "2000") }()
			next := s.invited(rings)
			s.kill(nil)
			return next
		},
	} {
		t.Run(name, func(t *testing.T) {
			call := s.call("7000")
			at := s.invited(rings)
			s.talking()
			next := dies(at.Call)
			if next.Phone != "2000" {
				t.Fatalf("%s rang", next.Phone)
			}
			first.saw(record.Transferred)
			if offered := second.saw(record.Offered); !offered.at.Before(next.At.Add(slack)) {
				t.Errorf("the phone rang %v before the record was there", offered.at.Sub(next.At))
			}
			next.Call.Answer()
			second.saw(record.Answered)
			s.must(call.AwaitTone(s.ctx, talkTone, 5))
			s.must(call.Hangup(s.ctx))
			second.saw(record.Ended)
			s.settled()
		})
	}
}

// With nobody to take the call over Asterisk refuses a transfer: caller and agent talk on, and it can be done again later.
func TestATransferWithoutQueueapp(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	s.colleague(phone.AnswerAfter(0))
	first, second := s.screen("1000").subscribed(), s.screen("2000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	at := s.invited(rings)
	s.talking()
	s.down()
	s.asteriskKnows()
	if err := at.Call.Transfer(s.ctx, "2000"); err == nil {
		t.Error("the transfer was not refused")
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.up()
	s.talking()
	s.must(at.Call.Transfer(s.ctx, "2000"))
	first.saw(record.Transferred)
	second.saw(record.Answered)
	s.must(call.Hangup(s.ctx))
	second.saw(record.Ended)
}

// asteriskKnows waits until Asterisk has noticed that nobody listens: then it lets no channel into the application.
func (s *site) asteriskKnows() {
	s.t.Helper()
	s.until("an Asterisk that knows", func() bool {
		lost := phone.Party{Name: "Eve", Number: "5550199"}
		probe := s.callAs(lost, "7000")
		knows := false
		for soon := s.within(time.Second); !knows && soon.Err() == nil; {
			knows = s.isInFallback(lost)
		}
		s.must(probe.Hangup(s.ctx))
		return knows
	})
}

// talking waits until the one caller and an agent talk.
func (s *site) talking() {
	s.t.Helper()
	s.until("a conversation", func() bool {
		calls := s.calls()
		return len(calls) == 1 && calls[0].State == string(queueapp.StatusTalking)
	})
}
