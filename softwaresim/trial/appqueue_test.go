package trial

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
)

// TestAppQueueAndItsAgents plays what Asterisk tries its app_queue and its app_agent_pool with (tests/apps/queues,
// tests/apps/agents and tests/cdr/app_queue of its test suite), each under its name there. Above each stands what app_queue
// promises, and below "Ours" what is otherwise here, as queueapp/README.md has it.
func TestAppQueueAndItsAgents(t *testing.T) {
	playAll(t, slices.Concat(queueScenarios(), memberScenarios(), callerScenarios(), agentScenarios()))
}

// queueScenarios are about whose phone rings, and whose does not.
func queueScenarios() []scenario {
	const both = `strategy = "ringall"
members = ["{1}", "{2}"]
ring = "2s"
`
	const wrap = `strategy = "linear"
members = ["{1}", "{2}"]
wrapup = "1h"
`
	return []scenario{
		{name: "queue_baseline", agents: 1, play: queueBaseline, queues: `[queue.queue_baseline]
members = ["{1}"]`},
		{name: "queue_no_answer", agents: 2, play: queueNoAnswer, queues: "[queue.queue_no_answer]\n" + both},
		{name: "queue_all_paused_no_answer", agents: 2, play: queueAllPaused, queues: "[queue.queue_all_paused]\n" + both},
		{name: "queue_one_paused_no_answer", agents: 2, play: queueOnePaused, queues: "[queue.queue_one_paused]\n" + both},
		{name: "ringinuse_and_pause", agents: 1, play: ringInUseAndPause, queues: `[queue.ringinuse_a]
members = ["{1}"]
ring = "1s"
maxnoanswer = 1
wrapup = "0s"
[queue.ringinuse_b]
members = ["{1}"]
ring = "1s"
maxnoanswer = 1
[queue.ringinuse_elsewhere]`},
		{name: "wrapup_time/with shared_lastcall", agents: 2, play: wrapUpShared,
			queues: "[queue.wrapup_a]\n" + wrap + "[queue.wrapup_b]\n" + wrap},
		{name: "wrapup_time/without shared_lastcall", agents: 2, play: wrapUpNotShared,
			queues: "[queue.wrapup_c]\n" + wrap + "[queue.wrapup_d]\n" + wrap},
		{name: "wrapup_time_per_member", agents: 2, play: wrapUpPerMember, change: []string{"[agent.{1}]", "[agent.{1}]\nwrapup = \"4s\""},
			queues: `[queue.wrapup_per_member]
strategy = "linear"
members = ["{1}", "{2}"]
wrapup = "2s"`},
	}
}

// One caller, one member: QueueCallerJoin, AgentCalled, AgentConnect, QueueCallerLeave and AgentComplete, once each. In the
// queue_log they are ENTERQUEUE, CONNECT and COMPLETECALLER or COMPLETEAGENT, by who hung up; that a phone is called stands
// there only where it is not answered.
func queueBaseline(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	call, who := s.joins("to_queue_baseline")
	s.rung(1)
	s.isTalking("queue_baseline", who)
	if mine := s.inQueue("queue_baseline"); mine[0].Position != 0 {
		s.t.Errorf("who talks still waits at place %d", mine[0].Position)
	}
	s.must(call.Hangup(s.ctx))
	log := s.logs("queue_baseline", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
	if got := log[0].Data; got[1] != who.Number || got[2] != "1" {
		s.t.Errorf("ENTERQUEUE says %q", got)
	}
	if wait := log[1].Data[0]; log[2].Data[0] != wait || log[2].Data[2] != "1" {
		s.t.Errorf("CONNECT says %q, COMPLETECALLER %q", log[1].Data, log[2].Data)
	}
	for _, e := range log[1:] {
		if e.Call != log[0].Call {
			s.t.Errorf("%s is of another call", e.Line())
		}
	}
}

// Two members, of whom none answers: both ring for the queue's timeout, here 2 s, nobody is tried within retry, and after the
// 5 s that Queue() was given the caller goes on in the dialplan. His CDR says NO ANSWER,
// as Queue() answers nobody.
// Ours: whom the queue lets in it answers, since he hears music; so his CDR says ANSWERED.
func queueNoAnswer(s *scene) {
	first, second := s.phone(1, phone.NeverAnswer()), s.phone(2, phone.NeverAnswer())
	begun := time.Now()
	_, who := s.joins("t5_queue_no_answer")
	rung := map[string]bool{}
	for range 2 {
		e := s.invited(s.rings)
		rung[e.Phone] = true
		if rang := s.event(e.Call, phone.CancelReceived).At.Sub(e.At); rang < 1800*time.Millisecond {
			s.t.Errorf("%s rang for %v only", e.Phone, rang)
		}
	}
	if !rung[first.Number()] || !rung[second.Number()] {
		s.t.Errorf("rung were %v", rung)
	}
	s.cameBackWith(who, "TIMEOUT")
	if took := time.Since(begun); took < 5*time.Second {
		s.t.Errorf("after %v", took)
	}
	s.rangNever(s.rings)
	log := s.logs("queue_no_answer", "ENTERQUEUE", "RINGNOANSWER {1}", "RINGNOANSWER {2}", "EXITWITHTIMEOUT")
	if rang, err := strconv.Atoi(log[1].Data[0]); err != nil || rang < 1800 {
		s.t.Errorf("RINGNOANSWER says %q", log[1].Data)
	}
	got := log[3].Data
	if waited, err := strconv.Atoi(got[2]); err != nil || waited < 5 || got[0] != "1" || got[1] != "1" {
		s.t.Errorf("EXITWITHTIMEOUT says %q", got)
	}
	s.hasCDR(who, "ANSWERED")
}

// All members are paused, by PauseQueueMember() for this queue: a caller may come in (joinempty=yes), none of them is rung, and
// the caller times out.
func queueAllPaused(s *scene) {
	for n := range 2 {
		s.phone(n+1, phone.AnswerAfter(0))
		s.command(n+1, "pause", map[string]string{"queue": "queue_all_paused"})
	}
	s.isTurnedAway("t1_queue_all_paused", "TIMEOUT")
	s.logs("queue_all_paused", "PAUSE {1}", "PAUSE {2}", "ENTERQUEUE", "EXITWITHTIMEOUT")
}

// One of two members is paused: only the other one is rung. He does not answer, the caller times out, and is hung up on by
// the dialplan.
func queueOnePaused(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	s.phone(2, phone.NeverAnswer())
	s.command(1, "pause", map[string]string{"queue": "queue_one_paused"})
	call, who := s.joins("t5_queue_one_paused")
	s.rung(2)
	s.cameBackWith(who, "TIMEOUT")
	s.rangNever(s.rings)
	s.logs("queue_one_paused", "PAUSE {1}", "ENTERQUEUE", "RINGNOANSWER {2}", "EXITWITHTIMEOUT")
	if out, err := call.AwaitEnd(s.ctx); err != nil || out.By != phone.Them {
		s.t.Errorf("the caller's call ended as %+v, %v", out, err)
	}
}

// With ringinuse=no a member who is in a call is not rung, and so is not paused either: autopause is for who was rung and did
// not answer. When he is free he gets calls; when he does not answer he is paused and gets none.
// Ours: ringinuse=no is without an option, so the second queue, ringinuse=yes there, does not ring him in his call either. And
// maxnoanswer counts and pauses for all queues: app_queue's autopause=all.
func ringInUseAndPause(s *scene) {
	p := s.phone(1, phone.AnswerAfter(0))
	elsewhere, err := p.Dial(s.ctx, "to_ringinuse_elsewhere")
	s.must(err)
	s.becomes(1, queueapp.StatusUnavailable)
	_, other := s.joins("t1_ringinuse_b")
	s.isTurnedAway("t1_ringinuse_a", "TIMEOUT")
	s.cameBackWith(other, "TIMEOUT")
	if v := s.becomes(1, queueapp.StatusUnavailable); v.NoAnswers != 0 {
		s.t.Errorf("who was not rung has missed %d calls", v.NoAnswers)
	}
	s.must(elsewhere.Hangup(s.ctx))
	s.becomes(1, queueapp.StatusFree)
	s.talks("ringinuse_a", 1)
	s.becomes(1, queueapp.StatusFree)

	p.Behave(phone.NeverAnswer())
	call, _ := s.joins("to_ringinuse_b")
	s.rung(1)
	if v := s.becomes(1, queueapp.StatusPaused); v.Reason != "no-answer" {
		s.t.Errorf("paused for %q", v.Reason)
	}
	s.must(call.Hangup(s.ctx))
	_, other = s.joins("t1_ringinuse_b")
	s.isTurnedAway("t1_ringinuse_a", "TIMEOUT")
	s.cameBackWith(other, "TIMEOUT")
	s.logs("ringinuse_a", "ENTERQUEUE", "EXITWITHTIMEOUT", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}", "PAUSE {1}",
		"ENTERQUEUE", "EXITWITHTIMEOUT")
	for _, e := range s.logged("ringinuse_b") {
		if e.Event == "PAUSE" && e.Data[0] != "Auto-Pause" {
			s.t.Errorf("PAUSE says %q", e.Data)
		}
	}
}

// Two queues share two members, asked in their order, and wrapuptime is long. With shared_lastcall=yes a conversation from one
// queue keeps the member from both: the second call goes to the second member, though it comes by the other queue, and for the
// third nobody is left.
func wrapUpShared(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	s.phone(2, phone.AnswerAfter(0))
	s.talks("wrapup_a", 1)
	s.becomes(1, queueapp.StatusWrapUp)
	s.talks("wrapup_b", 2)
	s.becomes(2, queueapp.StatusWrapUp)
	s.isTurnedAway("t1_wrapup_a", "TIMEOUT")
	s.logs("wrapup_a", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}", "ENTERQUEUE", "EXITWITHTIMEOUT")
	s.logs("wrapup_b", "ENTERQUEUE", "CONNECT {2}", "COMPLETECALLER {2}")
}

// Without shared_lastcall each queue waits for its own calls only: the first member, in wrap-up for the one queue, gets the next
// call of the other, and the third call, from the first queue again, goes to the second member.
// Ours: wrap-up is the agent's, for all queues. He who is done before says so by *READY*; then the calls go as there.
func wrapUpNotShared(s *scene) {
	p := s.phone(1, phone.AnswerAfter(0))
	s.phone(2, phone.AnswerAfter(0))
	s.talks("wrapup_c", 1)
	s.becomes(1, queueapp.StatusWrapUp)
	code, err := p.Dial(s.ctx, "*73239*")
	s.must(err)
	_, err = code.AwaitEnd(s.ctx)
	s.must(err)
	s.becomes(1, queueapp.StatusFree)
	s.talks("wrapup_d", 1)
	s.becomes(1, queueapp.StatusWrapUp)
	s.talks("wrapup_c", 2)
	s.logs("wrapup_c", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}", "ENTERQUEUE", "CONNECT {2}", "COMPLETECALLER {2}")
	s.logs("wrapup_d", "ENTERQUEUE", "CONNECT {1}", "COMPLETECALLER {1}")
}

// A member's own wrapuptime goes before the queue's: both had a conversation to the same moment, and the second member, who has
// the queue's 2 s, is rung again before the first one, who stands first and has 4 s of his own.
func wrapUpPerMember(s *scene) {
	const queue = "wrapup_per_member"
	phones := []*phone.Phone{s.phone(1, phone.AnswerAfter(0)), s.phone(2, phone.AnswerAfter(0))}
	var calls []*phone.Call
	var free []time.Time
	for n := range phones {
		call, who := s.joins("to_" + queue)
		s.rung(n + 1)
		s.isTalking(queue, who)
		calls = append(calls, call)
	}
	for n, call := range calls {
		free = append(free, time.Now())
		s.must(call.Hangup(s.ctx))
		s.becomes(n+1, queueapp.StatusWrapUp)
	}
	s.isTurnedAway("t1_"+queue, "TIMEOUT") // nobody is left
	for _, c := range []struct {
		n    int
		wrap time.Duration
	}{{2, 2 * time.Second}, {1, 4 * time.Second}} {
		call, who := s.joins("to_" + queue)
		if after := s.rung(c.n).At.Sub(free[c.n-1]); after < c.wrap {
			s.t.Errorf("agent %d was rung %v after his conversation, not %v", c.n, after, c.wrap)
		}
		s.isTalking(queue, who)
		s.must(call.Hangup(s.ctx))
	}
}
