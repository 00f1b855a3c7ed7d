package trial

import (
	"os"
	"path/filepath"
	"slices"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/store/queuelog"
)

// agentScenarios are those of app_agent_pool.
func agentScenarios() []scenario {
	return []scenario{
		{name: "agent_login/nominal", agents: 1, play: logsOn},
		{name: "agent_login/login_errors", agents: 2, play: logOnErrors},
		{name: "agent_request/nominal", agents: 2, play: agentRequest, queues: `[queue.agent_request]
members = ["{1}", "{2}"]
wrapup = "0s"`},
		{name: "agent_acknowledge/nominal", agents: 1, play: acknowledged, queues: `[queue.acknowledged]
members = ["{1}"]
accept = "#"
to_accept = []`},
		{name: "agent_acknowledge_error", agents: 1, play: notAcknowledged, queues: `[queue.not_acknowledged]
members = ["{1}"]
accept = "#"
to_accept = []
accept_timeout = "1s"
maxnoanswer = 1`},
	}
}

// promptTones are prompts of these scenarios, and what they sound like.
func promptTones() map[string]float64 {
	return map[string]float64{
		"logged-on": 1500, "already-logged-on": 1900, "refused": 2300, "enter-agent": 2700, "wrong-pin": 1700, "please-try-later": 2100,
	}
}

// sayInTones makes prompts tones, so that a phone can tell them from each other. They are shorter, too.
func (f *peerFloor) sayInTones() {
	f.t.Helper()
	for name, hertz := range promptTones() {
		file := filepath.Join(f.stack.Dir(), "servers/asterisk/data/sounds/en/ringside", name+".wav")
		f.must(os.WriteFile(file, wav(hertz, toneTime/2), 0o644))
	}
}

// dialsAndHears has a phone dial a code, press keys each time that it is asked who the agent is, and hear a prompt before the
// call is over.
func (s *scene) dialsAndHears(p *phone.Phone, code, prompt string, keys ...string) {
	s.t.Helper()
	call, err := p.Dial(s.ctx, code)
	s.must(err)
	s.must(call.AwaitAnswer(s.ctx))
	for _, k := range keys {
		s.must(call.AwaitTone(s.ctx, promptTones()["enter-agent"], 5))
		s.must(call.Press(s.ctx, k, phone.KeyTiming{}))
	}
	s.must(call.AwaitTone(s.ctx, promptTones()[prompt], 10))
	_, err = call.AwaitEnd(s.ctx)
	s.must(err)
}

// logOns are the entries of those who logged on in the scene.
func (s *scene) logOns() []queuelog.Entry {
	s.t.Helper()
	return slices.DeleteFunc(s.logged("NONE"), func(e queuelog.Entry) bool { return e.Event != queuelog.AgentLogin })
}

// AgentLogin(1000) has the agent log on: AgentLogin is told, and the channel waits in the pool, with music, for its calls.
// Ours: the agent hears that he is logged on and puts down; his phone rings for each call. So AGENTLOGIN names his phone.
func logsOn(s *scene) {
	s.command(1, "logoff", nil)
	p := s.register(s.numbers[0], phone.AnswerAfter(0))
	s.dialsAndHears(p, "*56466*", "logged-on")
	if v := s.becomes(1, queueapp.StatusFree); string(v.Extension) != s.numbers[0] {
		s.t.Errorf("logged on at %s", v.Extension)
	}
	s.until("AGENTLOGIN", func() bool { return len(s.logOns()) == 1 })
	if e := s.logOns()[0]; e.Agent != s.numbers[0] || e.Data[0] != "PJSIP/"+s.numbers[0] {
		s.t.Errorf("the queue_log says %s", e.Line())
	}
}

// An agent who is logged on logs on again: ALREADY_LOGGED_IN, and he stays what he was. An agent who does not exist: INVALID.
// Ours: both are told by a prompt, and who is not known is asked again, three times in all. Who logs on at another phone moves there, where AgentLogin() refuses him.
func logOnErrors(s *scene) {
	s.command(1, "logoff", nil)
	s.command(2, "logoff", nil)
	p := s.register(s.numbers[0], phone.AnswerAfter(0))
	s.dialsAndHears(p, "*56466*", "logged-on")
	s.dialsAndHears(p, "*56466*", "already-logged-on")
	s.becomes(1, queueapp.StatusFree)
	other := s.register(s.numbers[1], phone.AnswerAfter(0))
	s.dialsAndHears(other, "*56466*0", "refused", "4321#", "4321#", "4321#")
	if v := s.agentView(s.numbers[1]); v.Status != queueapp.StatusLoggedOff {
		s.t.Errorf("agent %s is %s", v.Agent, v.Status)
	}
	if all := s.logOns(); len(all) != 1 || all[0].Agent != s.numbers[0] {
		s.t.Errorf("the queue_log says %+v", all)
	}
	s.dialsAndHears(other, "*56466*0", "logged-on", s.numbers[0]+"#")
	if v := s.becomes(1, queueapp.StatusFree); string(v.Extension) != s.numbers[1] {
		s.t.Errorf("agent %s is at %s", v.Agent, v.Extension)
	}
}

// AgentRequest(1000) connects a caller with that agent: the agent's device state is NOT_INUSE, INUSE during the call, and
// NOT_INUSE after it.
// Ours: through a queue of which he is a member, and it is the state of his phone: BUSY where, as in the samples, one call is
// all that it takes. Whoever else is free is not asked.
func agentRequest(s *scene) {
	s.phone(2, phone.AnswerAfter(0))
	s.phone(1, phone.AnswerAfter(0))
	for _, n := range []int{1, 1, 2} {
		if v := s.becomes(n, queueapp.StatusFree); v.Device != queueapp.DeviceNotInUse {
			s.t.Errorf("before the call the device is %s", v.Device)
		}
		call, who := s.joins(s.fill([]string{"a{1}_agent_request", "a{2}_agent_request"}[n-1]))
		s.rung(n)
		s.isTalking("agent_request", who)
		s.until("the device busy", func() bool { return s.agentView(s.numbers[n-1]).Device == queueapp.DeviceBusy })
		s.must(call.Hangup(s.ctx))
		s.until("the device not in use", func() bool { return s.agentView(s.numbers[n-1]).Device == queueapp.DeviceNotInUse })
	}
	s.logs("agent_request", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}",
		"ENTERQUEUE", "CONNECT {2}", "COMPLETECALLER {2}")
}

// An agent who has to acknowledge a call hears a beep, and has the caller when he presses # (or what acceptdtmf says).
// Ours: the key is the queue's (accept), and what he hears is the queue's, too; here nothing.
func acknowledged(s *scene) {
	s.phone(1, phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	call, who := s.joins("to_acknowledged")
	at := s.rung(1)
	s.event(at.Call, phone.AckReceived)
	s.must(at.Call.Press(s.ctx, "#", phone.KeyTiming{}))
	s.isTalking("acknowledged", who)
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(call.Hangup(s.ctx))
	s.logs("acknowledged", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
}

// An agent who presses no key in time, or another, does not get the caller: with ackcall he is logged off.
// Ours: he counts as one who did not answer, so the phone is hung up and maxnoanswer decides, here to pause him; the caller keeps
// his place.
func notAcknowledged(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	call, who := s.joins("to_not_acknowledged")
	at := s.rung(1)
	s.event(at.Call, phone.AckReceived)
	s.must(at.Call.Press(s.ctx, "5", phone.KeyTiming{}))
	if o, err := at.Call.AwaitEnd(s.ctx); err != nil || o.By != phone.Them {
		s.t.Errorf("the agent's leg ended as %+v, %v", o, err)
	}
	if v := s.becomes(1, queueapp.StatusPaused); v.Reason != "no-answer" {
		s.t.Errorf("he is paused for %q", v.Reason)
	}
	if mine := s.inQueue("not_acknowledged"); len(mine) != 1 || mine[0].Caller.Number != who.Number || mine[0].Position != 1 {
		s.t.Errorf("in the queue is %+v", mine)
	}
	s.must(call.Hangup(s.ctx))
	s.logs("not_acknowledged", "ENTERQUEUE", "RINGNOANSWER {1}", "PAUSE {1}", "ABANDON")
}
