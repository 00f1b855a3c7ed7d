package trial

import (
	"slices"
	"strconv"
	"strings"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// memberScenarios are about who serves a queue, and how his phone is dialled.
func memberScenarios() []scenario {
	return []scenario{
		{name: "queue_penalty_outside_range", agents: 1, play: penaltyOutsideRange, queues: `[queue.penalty_outside]
members = [{ agent = "{1}", level = 1 }]
stages = [{ after = "0s", max = 0 }]`},
		{name: "set_penalty", agents: 3, play: setPenalty, queues: penalties(0, 0, 0, 0)},
		{name: "queue_member_forward", agents: 4, play: memberForward, queues: `[queue.member_forward]
strategy = "linear"
members = ["{1}", "{2}", "{4}"]`},
		{name: "gosub_test", agents: 1, play: gosub, queues: `[queue.gosub_test]
members = ["{1}"]`, change: []string{`dial = "PJSIP/{1}"`, "dial = \"Local/{1}@trial-desk/n\"\ndevice = \"PJSIP/{1}\""}},
		{name: "reload_queue_members", agents: 4, play: reloadMembers, queues: `[queue.reload_a]
members = ["{1}", "{2}"]
[queue.reload_b]
members = ["{2}"]`},
		{name: "reason_pause_ami", agents: 1, play: pauseReason, queues: `[queue.pause_reason]
members = ["{1}"]`},
	}
}

// The caller's QUEUE_MIN_PENALTY and QUEUE_MAX_PENALTY are 0, and the only member, who is free, has the penalty 1: he is not
// rung, and the caller times out.
// Ours: penalties are levels, and who may be asked is said by the queue's stages, for all of its callers.
func penaltyOutsideRange(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	s.isTurnedAway("t1_penalty_outside", "TIMEOUT")
	s.logs("penalty_outside", "ENTERQUEUE", "EXITWITHTIMEOUT")
}

// penalties are the three queues of set_penalty: what the first member has in the first queue, the second one in both of his,
// the third one in all three, and the first one in the third queue.
func penalties(first, second, third, firstInThird int) string {
	at := func(agent string, level int) string {
		return `{ agent = "{` + agent + `}", level = ` + strconv.Itoa(level) + ` }`
	}
	queue := func(name string, members ...string) string {
		return "[queue." + name + "]\nmembers = [" + strings.Join(members, ", ") + "]\n"
	}
	return queue("penalty_a", at("1", first), at("2", second), at("3", third)) +
		queue("penalty_b", at("2", second), at("3", third)) +
		queue("penalty_c", at("3", third), at("1", firstInThird))
}

// A member's penalty is set for one queue, or for all of which he is a member, by the command line and by AMI's QueuePenalty:
// nothing breaks, each change is told once a queue (QueueMemberPenalty, and PENALTY in the queue_log), and counts at once.
// Ours: levels are in the floor plan, and are set by applying it; there is no command that would be forgotten on a reload.
func setPenalty(s *scene) {
	s.replan(penalties(1, 0, 0, 0))
	s.logs("penalty_a", "PENALTY {1}")
	s.replan(penalties(1, 2, 3, 4))
	told := s.logs("penalty_a", "PENALTY {1}", "PENALTY {2}", "PENALTY {3}")
	told = append(told, s.logs("penalty_b", "PENALTY {2}", "PENALTY {3}")...)
	told = append(told, s.logs("penalty_c", "PENALTY {3}", "PENALTY {1}")...)
	var levels []string
	for _, e := range told {
		levels = append(levels, e.Queue+" "+e.Agent+" "+e.Data[0])
	}
	want := []string{"penalty_a {1} 1", "penalty_a {2} 2", "penalty_a {3} 3", "penalty_b {2} 2", "penalty_b {3} 3", "penalty_c {3} 3", "penalty_c {1} 4"}
	for i := range want {
		want[i] = s.fill(want[i])
	}
	if !slices.Equal(levels, want) {
		s.t.Errorf("the queue_log says %q, want %q", levels, want)
	}
	s.refusesPlan(penalties(-1, 2, 3, 4), "level")
	for n := range 3 {
		s.phone(n+1, phone.AnswerAfter(0))
	}
	s.talks("penalty_c", 3)
	s.talks("penalty_a", 1)
}

// A member whose phone forwards has his calls follow: Asterisk dials where it says, and takes up the next member where nobody is
// there.
// Ours: no forwarding of a phone's is followed, to wherever it leads: whoever is there has no screen, and a mailbox would answer.
// Such a phone counts as not reached, and the next agent is rung at once.
func memberForward(s *scene) {
	s.phone(1, phone.ForwardTo(s.numbers[2]))
	s.phone(2, phone.ForwardTo("9999")) // which does not exist
	there := s.phone(3, phone.AnswerAfter(0)).Watch()
	s.t.Cleanup(there.Close)
	s.phone(4, phone.AnswerAfter(0))
	call, who := s.joins("to_member_forward")
	for _, n := range []int{1, 2} {
		e := s.rung(n)
		if refused := s.event(e.Call, phone.Refused); refused.Code != 302 {
			s.t.Errorf("%s refused with %d", e.Phone, refused.Code)
		}
		s.becomes(n, queueapp.StatusDelayed)
	}
	s.rung(4)
	s.isTalking("member_forward", who)
	s.rangNever(there)
	s.must(call.Hangup(s.ctx))
	s.logs("member_forward", "ENTERQUEUE", "RINGNOANSWER {1}", "RINGNOANSWER {2}", "CONNECT {4}", "COMPLETECALLER {4}")
}

// A member's channel runs a subroutine of the dialplan when he answers, before he has the caller: membergosub in queues.conf, or
// what Queue() is given instead.
// Ours: there is none in the floor plan. An agent whose phone is dialled through the dialplan runs what that does: here Dial()'s
// own U(). What would go before it for one call has no equal.
func gosub(s *scene) {
	s.phone(1, phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	call, who := s.joins("to_gosub_test")
	s.rung(1)
	s.isTalking("gosub_test", who)
	if got := s.global("HOOK_" + s.numbers[0]); got != "answered" {
		s.t.Errorf("they talk, and the subroutine has left %q", got)
	}
	s.must(call.AwaitTone(s.ctx, talkTone, 5))
	s.must(call.Hangup(s.ctx))
	s.logs("gosub_test", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
}

// queues.conf is replaced and its members are reloaded: the members are those of the new file, no more and no fewer.
// Ours: by applying a floor plan. A caller who waits is offered to whoever has come at once.
func reloadMembers(s *scene) {
	for n := range 4 {
		s.command(n+1, "logoff", nil)
	}
	s.register(s.numbers[3], phone.AnswerAfter(0))
	s.command(4, "logon", nil)
	s.becomes(4, queueapp.StatusFree)
	call, who := s.joins("to_reload_a")
	s.until("a caller", func() bool { return len(s.inQueue("reload_a")) == 1 })
	s.rangNever(s.rings)
	s.replan(`[queue.reload_a]
members = ["{1}", "{4}"]
[queue.reload_b]
members = ["{2}", "{3}"]`)
	s.rung(4)
	s.isTalking("reload_a", who)
	s.must(call.Hangup(s.ctx))
	for n, want := range [][]queueapp.QueueName{{"reload_a"}, {"reload_b"}, {"reload_b"}, {"reload_a"}} {
		own := slices.DeleteFunc(s.agentView(s.numbers[n]).Queues, func(q queueapp.QueueName) bool { return q == "support" })
		if !slices.Equal(own, want) {
			s.t.Errorf("agent %d is a member of %v, not %v", n+1, own, want)
		}
	}
	s.logs("reload_a", "ENTERQUEUE", "REMOVEMEMBER {2}", "ADDMEMBER {4}", "CONNECT {4}", "COMPLETECALLER {4}")
	s.logs("reload_b", "ADDMEMBER {3}")
}

// A member is paused with a reason: QueueMember says Paused and PausedReason, and nothing of a reason when the pause is over.
func pauseReason(s *scene) {
	p := s.phone(1, phone.AnswerAfter(0))
	s.command(1, "pause", map[string]string{"reason": "lunch"})
	if v := s.becomes(1, queueapp.StatusPaused); v.Reason != "lunch" {
		s.t.Errorf("paused for %q", v.Reason)
	}
	s.command(1, "ready", nil)
	if v := s.becomes(1, queueapp.StatusFree); v.Reason != "" {
		s.t.Errorf("not paused any more, for %q", v.Reason)
	}
	code, err := p.Dial(s.ctx, "*72873*12")
	s.must(err)
	_, err = code.AwaitEnd(s.ctx)
	s.must(err)
	if v := s.becomes(1, queueapp.StatusPaused); v.Reason != "12" {
		s.t.Errorf("paused for %q", v.Reason)
	}
	var route api.Route
	s.must(s.get("/v1/queues/pause_reason/route", &route))
	if len(route.Candidates) != 1 || !strings.Contains(route.Candidates[0].Why, "12") {
		s.t.Errorf("route says %+v", route.Candidates)
	}
	log := s.logs("pause_reason", "PAUSE {1}", "UNPAUSE {1}", "PAUSE {1}")
	if log[0].Data[0] != "lunch" || log[2].Data[0] != "12" {
		s.t.Errorf("PAUSE says %q and %q", log[0].Data, log[2].Data)
	}
}
