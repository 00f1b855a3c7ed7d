package trial

import (
	"slices"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/store/queuelog"
)

// agentHears waits until an agent has heard most of a tone.
func (s *site) agentHears(leg *phone.Call, what string) {
	s.t.Helper()
	s.event(leg, phone.AckReceived)
	s.hears(leg, what)
}

// logged gives what the queue_log says of phones and conversations from now on.
func (s *site) logged() func(want ...queuelog.Event) {
	s.t.Helper()
	floor := s.stack.Info().Floor
	from, err := s.memory.QueueLogEnd(s.ctx, floor)
	s.must(err)
	return func(want ...queuelog.Event) {
		s.t.Helper()
		s.until("what the queue_log is to say", func() bool {
			entries, err := s.memory.QueueLog(s.ctx, floor, from, 1000)
			s.must(err)
			var got []queuelog.Event
			for _, e := range entries {
				switch e.Event {
				case queuelog.Connect, queuelog.CompleteAgent, queuelog.CompleteCaller, queuelog.RingNoAnswer, queuelog.RingCanceled, queuelog.AgentDump:
					got = append(got, e.Event)
				}
			}
			return slices.Equal(got, want)
		})
	}
}

// An agent hears what the queue has for him and how long the caller has waited, while the caller hears music; then they talk. The
// record is answered with the conversation, and its ring ends with the answer.
func TestAnAgentHearsWhatTheQueueHasForHim(t *testing.T) {
	s := newSite(t)
	s.hearing("agent_announce = \"trial/connect\"\nreportholdtime = true\nreport_hold = \"trial/there-are\"\nseconds = \"trial/next\"")
	says := s.logged()
	agent := s.agent("1000", phone.NeverAnswer())
	agent.SetMedia(voice.Media{Tone: talkTone})
	crm := s.screen("1000").subscribed()
	rings := agent.Watch()
	defer rings.Close()
	call := s.call("7000")
	leg := s.invited(rings).Call
	rang := s.event(leg, phone.Ringing).At
	s.must(call.AwaitLoud(s.ctx, 75)) // a second and a half, so that there is a wait to tell of
	leg.Answer()
	answered := s.event(leg, phone.AckReceived).At
	music := make(chan error, 1)
	go func() { music <- call.AwaitLoud(s.ctx, 50) }()
	for _, what := range []string{"connect", "there-are", "next"} {
		s.agentHears(leg, what)
	}
	s.must(<-music)
	if v := s.calls(); len(v) != 1 || v[0].State != "ringing" {
		t.Errorf("while the agent is told: %+v", v)
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 10))
	got := crm.saw(record.Answered)
	if ring, want := *got.Seconds.Ring, answered.Sub(rang); (ring - want).Abs() > 300*time.Millisecond {
		t.Errorf("the record says that the phone rang for %v; it did for %v", ring, want)
	}
	if took := got.Times.Connected.Sub(answered); took < 3*toneTime {
		t.Errorf("together %v after the answer, and it takes %v to tell the agent", took, 3*toneTime)
	}
	if h := call.Heard(); h.Quietest > longestQuiet {
		t.Errorf("the caller heard nothing for %v", h.Quietest)
	}
	s.must(leg.Hangup(s.ctx))
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	says(queuelog.Connect, queuelog.CompleteAgent)
}

// Agents have to accept by a key. Who does not press it counts as one who did not answer, and the next is asked; one who presses it
// while he is told something is connected at once.
func TestACallIsAccepted(t *testing.T) {
	s := newSite(t)
	s.hearing("agent_announce = \"trial/connect\"\nto_accept = \"trial/periodic\"\naccept = \"1\"\naccept_timeout = \"2s\"")
	says := s.logged()
	screens := map[string]*screen{}
	for _, number := range []string{"1000", "2000"} {
		s.agent(number, phone.NeverAnswer()).SetMedia(voice.Media{Tone: talkTone})
		screens[number] = s.screen(number).subscribed()
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	machine := s.invited(rings)
	s.event(machine.Call, phone.Ringing)
	machine.Call.Answer()
	s.agentHears(machine.Call, "connect")
	s.hears(machine.Call, "periodic")
	s.must(machine.Call.Press(s.ctx, "5", phone.KeyTiming{})) // no key that counts
	out, err := machine.Call.AwaitEnd(s.ctx)
	s.must(err)
	if out.By != phone.Them {
		t.Errorf("the first agent's call ended as %+v", out)
	}
	if r := screens[machine.Phone].saw(record.Revoked); r.Reason != "no-answer" {
		t.Errorf("the first agent's record was revoked for %s", r.Reason)
	}

	person := s.invited(rings)
	if person.Phone == machine.Phone {
		t.Fatalf("%s is asked again", person.Phone)
	}
	s.event(person.Call, phone.Ringing)
	person.Call.Answer()
	s.event(person.Call, phone.AckReceived)
	s.must(person.Call.AwaitTone(s.within(5*time.Second), tones["connect"], 10))
	pressed := time.Now()
	s.must(person.Call.Press(s.ctx, "1", phone.KeyTiming{}))
	s.must(call.AwaitTone(s.within(time.Second), talkTone, 5)) // the rest of what would be told takes two
	t.Logf("together %v after the key was pressed", time.Since(pressed))
	screens[person.Phone].saw(record.Answered)
	s.must(call.Hangup(s.ctx))
	screens[person.Phone].saw(record.Ended)
	says(queuelog.RingNoAnswer, queuelog.Connect, queuelog.CompleteCaller)
}

// Phones ring together, and a machine is the first to answer: it takes the caller from nobody.
func TestAMachineStealsNoCallOfAll(t *testing.T) {
	s := newSite(t)
	s.plan(`strategy = "leastrecent"`, "strategy = \"ringall\"\naccept = \"#\"\nto_accept = []\naccept_timeout = \"30s\"")
	legs := map[string]*phone.Call{}
	for _, number := range []string{"1000", "2000"} {
		s.agent(number, phone.NeverAnswer()).SetMedia(voice.Media{Tone: talkTone})
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call := s.call("7000")
	for range 2 {
		invite := s.invited(rings)
		legs[invite.Phone] = invite.Call
		s.event(invite.Call, phone.Ringing)
	}
	legs["1000"].Answer()
	s.event(legs["1000"], phone.AckReceived)
	legs["2000"].Answer()
	s.event(legs["2000"], phone.AckReceived)
	s.until("two who are asked", func() bool { return s.agentView("1000").Status == "ringing" && s.agentView("2000").Status == "ringing" })
	s.must(legs["2000"].Press(s.ctx, "#", phone.KeyTiming{}))
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	out, err := legs["1000"].AwaitEnd(s.ctx)
	s.must(err)
	if out.By != phone.Them {
		t.Errorf("the machine's call ended as %+v", out)
	}
	s.must(legs["2000"].Hangup(s.ctx))
	_, err = call.AwaitEnd(s.ctx)
	s.must(err)
}

// queueapp dies while an agent is asked: he is told again, and asked again.
func TestAnAgentIsAskedAgainAfterAKill(t *testing.T) {
	s := newSite(t)
	s.hearing("agent_announce = \"trial/connect\"\nto_accept = []\naccept = \"1\"\naccept_timeout = \"20s\"")
	agent := s.agent("1000", phone.NeverAnswer())
	agent.SetMedia(voice.Media{Tone: talkTone})
	rings := agent.Watch()
	defer rings.Close()
	call := s.call("7000")
	leg := s.invited(rings).Call
	s.event(leg, phone.Ringing)
	leg.Answer()
	s.agentHears(leg, "connect")
	s.kill(nil)
	s.hears(leg, "connect")
	s.must(call.AwaitLoud(s.ctx, 20))
	s.must(leg.Press(s.ctx, "1", phone.KeyTiming{}))
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(leg.Hangup(s.ctx))
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
}
