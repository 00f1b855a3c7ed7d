package trial

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/store/queuelog"
)

// ownScreen has 3000's node open to whoever works there, agent or not.
func (s *site) ownScreen() *screen {
	s.t.Helper()
	s.plan("dial = \"PJSIP/3000\"\n", "dial = \"PJSIP/3000\"\njids = [\""+s.extension("3000").JID+"\"]\n")
	return s.screen("3000").subscribed()
}

// Nobody is logged on, and an operator gives the waiting caller to a phone where nobody sits: the record is on its screen before it
// rings, and the two talk. In the queue_log the extension's number stands where an agent's would.
func TestACallerIsPulledToAPhone(t *testing.T) {
	s := newSite(t)
	shown := s.ownScreen()
	s.register("3000", phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	rings, since := s.ua.Watch(), time.Now()
	defer rings.Close()
	call := s.call("7000")
	s.must(call.AwaitLoud(s.ctx, 5)) // music
	s.until("a caller", func() bool { return len(s.calls()) == 1 })
	id := string(s.calls()[0].Call)
	says, err := s.queueapp("call", id, "pull", "3000")
	if err != nil || !strings.Contains(says, "at extension 3000, nobody is logged on there") {
		t.Errorf("queueapp says %q, %v", says, err)
	}
	at := s.invited(rings)
	offered := shown.saw(record.Offered)
	if at.Phone != "3000" || !offered.at.Before(at.At.Add(slack)) {
		t.Errorf("%s rang, %v before the record was there", at.Phone, offered.at.Sub(at.At))
	}
	if offered.Agent != "" || offered.Extension != "3000" || len(offered.Customers) != 1 {
		t.Errorf("the record is of agent %q at %s, with customers %v", offered.Agent, offered.Extension, offered.Customers)
	}
	shown.saw(record.Answered)
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	err = s.ask("POST", "/v1/calls/"+id+"/pull", map[string]string{"extension": "2000"}, nil)
	if err == nil || !strings.Contains(err.Error(), "409") || !strings.Contains(err.Error(), "transfer") {
		t.Errorf("who talks is pulled: %v", err)
	}
	s.must(call.Hangup(s.ctx))
	if ended := shown.saw(record.Ended); ended.Outcome.By != "caller" || ended.Outcome.Value != "answered" {
		t.Errorf("it ended as %+v", ended.Outcome)
	}
	s.settled()
	s.logsOf3000(since, queuelog.Connect, queuelog.CompleteCaller)
}

// logsOf3000 finds these events in the queue_log, of 3000 and since then.
func (s *site) logsOf3000(since time.Time, want ...queuelog.Event) {
	s.t.Helper()
	all, err := s.memory.QueueLog(s.ctx, s.stack.Info().Floor, queuelog.Place{}, 100_000)
	s.must(err)
	for _, event := range want {
		if !slices.ContainsFunc(all, func(e queuelog.Entry) bool { return e.Event == event && e.Agent == "3000" && !e.Time.Before(since) }) {
			s.t.Errorf("the queue_log has no %s of 3000", event)
		}
	}
}

// A phone rings, and the caller is pulled to another: the first stops, and queueapp dies while the second rings. That goes on, and
// who is there refuses: the queue goes on, too, and the first phone has missed nothing.
func TestAPulledCallerComesBack(t *testing.T) {
	s := newSite(t)
	shown := s.ownScreen()
	s.register("3000", phone.NeverAnswer())
	s.agent("1000", phone.NeverAnswer())
	first := s.screen("1000").subscribed()
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	one := s.invited(rings)
	first.saw(record.Offered)
	s.post("/v1/calls/"+string(s.calls()[0].Call)+"/pull", map[string]string{"extension": "3000"})
	if revoked := first.saw(record.Revoked); revoked.Reason != record.Reason(queueapp.RevokeWithdrawn) {
		t.Errorf("the offer was revoked as %s", revoked.Reason)
	}
	s.event(one.Call, phone.CancelReceived)
	two := s.invited(rings)
	if two.Phone != "3000" {
		t.Fatalf("%s rang", two.Phone)
	}
	s.event(two.Call, phone.Ringing)
	s.kill(nil)
	s.until("3000 rings on", func() bool {
		all := s.calls()
		return len(all) == 1 && all[0].State == "ringing" && all[0].Extension == "3000"
	})
	s.rangNever(rings) // nobody else
	two.Call.Refuse(486)
	if revoked := shown.saw(record.Revoked); revoked.Reason != record.Reason(queueapp.RevokeBusy) {
		t.Errorf("the offer was revoked as %s", revoked.Reason)
	}
	three := s.invited(rings)
	if three.Phone != "1000" || s.agentView("1000").NoAnswers != 0 {
		t.Errorf("%s rang; 1000 has missed %d", three.Phone, s.agentView("1000").NoAnswers)
	}
	three.Call.Answer()
	first.saw(record.Answered)
	s.must(call.Hangup(s.ctx))
	first.saw(record.Ended)
	s.settled()
}
