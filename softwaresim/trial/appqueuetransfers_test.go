package trial

import (
	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// transferScenarios are about calls that go on elsewhere. What agents transfer is tried in transfer_test.go.
func transferScenarios() []scenario {
	return []scenario{
		{name: "transfer/caller_blind", agents: 3, play: callerBlind, queues: `[queue.caller_blind]
members = ["{1}"]`},
		{name: "transfer/caller_attended", agents: 3, play: callerAttended, queues: `[queue.caller_attended]
members = ["{1}"]`},
		{name: "redirect", agents: 2, play: redirect, queues: `[queue.redirect]
members = ["{1}"]
wrapup = "0s"`},
		{name: "queue_transfer_callee", agents: 1, play: queueTransferCallee, queues: `[queue.transfer_callee]
members = ["{1}"]
wrapup = "1h"`},
	}
}

// A caller sends the agent on to somebody else: of that BLINDTRANSFER tells, and app_queue follows the call no further.
// Ours: the agent talks on, so he is busy until he or the other one hangs up, and COMPLETEAGENT or COMPLETECALLER tells of that.
func callerBlind(s *scene) {
	agent, call := s.callerTalks("caller_blind")
	s.register(s.numbers[2], phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	s.must(call.Transfer(s.ctx, s.numbers[2]))
	s.talksOn("caller_blind", agent)
}

// The same where the caller has asked there first: ATTENDEDTRANSFER.
// Ours: as with a blind one.
func callerAttended(s *scene) {
	agent, call := s.callerTalks("caller_attended")
	s.register(s.numbers[2], phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	s.must(call.Hold(s.ctx))
	asked, err := s.desk().Dial(s.ctx, s.numbers[2])
	s.must(err)
	s.must(asked.AwaitTone(s.ctx, talkTone, 5))
	s.must(call.TransferTo(s.ctx, asked))
	s.talksOn("caller_attended", agent)
}

// desk is the phone of the second agent, who is a caller here.
func (s *scene) desk() *phone.Phone {
	p := s.register(s.numbers[1], phone.NeverAnswer())
	p.SetLines(2)
	return p
}

// callerTalks has the second agent's phone call a queue, and talk to the first.
func (s *scene) callerTalks(queue string) (agent, caller *phone.Call) {
	s.t.Helper()
	s.phone(1, phone.AnswerAfter(0))
	caller, err := s.desk().Dial(s.ctx, s.fill("to_"+queue))
	s.must(err)
	at := s.rung(1)
	s.isTalking(queue, phone.Party{Number: s.numbers[1]})
	return at.Call, caller
}

// talksOn finds that the first agent talks to whoever the caller has put him through to, until he hangs up.
func (s *scene) talksOn(queue string, agent *phone.Call) {
	s.t.Helper()
	s.must(agent.AwaitTone(s.ctx, talkTone, 5))
	s.becomes(1, queueapp.StatusTalking)
	s.must(agent.Hangup(s.ctx))
	s.logs(queue, "ENTERQUEUE", "CONNECT {1}", "COMPLETEAGENT {1}")
}

// An answered call is taken out of the queue by AMI's Redirect or the console: the caller goes on where he was sent, the agent's
// leg ends, and nothing of the call is left behind.
func redirect(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	s.register(s.numbers[1], phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	call, who := s.joins("to_redirect")
	at := s.rung(1)
	s.isTalking("redirect", who)
	for _, ch := range s.ari("channels") {
		if caller, _ := ch["caller"].(map[string]any); caller["number"] == who.Number {
			name, _ := ch["name"].(string)
			s.console("channel redirect "+name+" ringside-extensions,"+s.numbers[1]+",1", "redirected")
		}
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	if o, err := at.Call.AwaitEnd(s.ctx); err != nil || o.By != phone.Them {
		s.t.Errorf("the agent's leg ended as %+v, %v", o, err)
	}
	s.becomes(1, queueapp.StatusFree)
	s.logs("redirect", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
	s.must(call.Hangup(s.ctx))
}

// With Queue()'s option F() the agent goes on in the dialplan when the caller has hung up.
// Ours: there is no such option. His leg ends, and he has his wrap-up.
func queueTransferCallee(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	call, who := s.joins("to_transfer_callee")
	at := s.rung(1)
	s.isTalking("transfer_callee", who)
	s.must(call.Hangup(s.ctx))
	if o, err := at.Call.AwaitEnd(s.ctx); err != nil || o.By != phone.Them {
		s.t.Errorf("the agent's leg ended as %+v, %v", o, err)
	}
	s.becomes(1, queueapp.StatusWrapUp)
	s.logs("transfer_callee", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
}
