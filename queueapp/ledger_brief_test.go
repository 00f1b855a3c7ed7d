package queueapp_test

import (
	"time"

	"ringside/queueapp"
)

// mostBriefing is how long what an agent hears may take.
const mostBriefing = 30 * time.Second

func briefs(b queueapp.Briefing) bool {
	return len(b.Announce) > 0 || b.HoldTime || b.Delay > 0 || b.Accept != ""
}

// brief books that an agent is told something: after an answer, and again after a restart. Where he has to accept the call is
// as good as ringing until he does.
func (l *ledger) brief(ev queueapp.Event, e queueapp.Brief) {
	a := l.attempts[e.Attempt]
	u, answered := ev.(queueapp.Up)
	r, restored := ev.(queueapp.RestoreAttempt)
	switch {
	case a == nil || a.closed || a.briefing != nil || !briefs(a.visit.queue.Briefing):
		l.fail("%s is told what it is not to be", e.Attempt)
		return
	case answered && u.Attempt == a.id && a.stage == rung:
	case restored && r.Attempt == a.id && a.stage == up:
	default:
		l.fail("%s is told something, and was not answered", e.Attempt)
		return
	}
	b := a.visit.queue.Briefing
	a.briefing, a.least, a.stage = &b, l.now.Add(b.Delay+mostBriefing+b.Within), up
	a.until = a.least
	if b.Accept != "" {
		a.stage = rung
	}
}

// briefed books that an agent has heard all: from now on the time counts in which he may accept.
func (l *ledger) briefed(ev queueapp.Briefed) {
	if a := l.attempts[ev.Attempt]; a != nil && a.briefing != nil && a.briefing.Accept != "" && !a.closed && !a.heard {
		a.heard, a.least = true, l.now.Add(a.briefing.Within)
		a.until = a.least
	}
}

// met asserts that a briefing ends as it must: by the key where the agent has to accept, else when he has heard all, or enough.
func (l *ledger) met(ev queueapp.Event, a *attemptRow) {
	b := a.briefing
	a.briefing, a.stage = nil, up
	heard, ok := ev.(queueapp.Briefed)
	accepted, accepts := ev.(queueapp.Accepted)
	switch {
	case b.Accept != "":
		if !accepts || accepted.Attempt != a.id {
			l.fail("%s is connected, and was not accepted", a.id)
		}
	case (!ok || heard.Attempt != a.id) && a.least.After(l.now):
		l.fail("%s is connected before the agent has heard all", a.id)
	}
}

// unaccepted asserts that an agent has had the time that he has.
func (l *ledger) unaccepted(ev queueapp.Event, a *attemptRow) {
	end, ended := ev.(queueapp.Ended)
	if a != nil && a.briefing != nil && a.least.After(l.now) && (!ended || end.Attempt != a.id) {
		l.fail("%s is given up as not accepted before %s", a.id, a.least)
	}
}

// checkAsked asserts that nobody is asked for longer than he may be, but where his switch is not heard, and that no phone is
// rung or asked at which the agent sits no more.
func (l *ledger) checkAsked() {
	for _, a := range l.attempts {
		if a.closed {
			continue
		}
		if l.down[a.visit.Switch] && a.until.Before(l.now.Add(endAgain)) {
			a.until = l.now.Add(endAgain)
		}
		if a.briefing != nil && !a.until.After(l.now) {
			l.fail("%s is being told or asked since before %s", a.id, a.until)
		}
		ag := l.agents[a.agent]
		there := ag != nil && ag.seat == a.ext || a.pulled && a.agent == "" && l.extension(a.ext)
		if a.stage < up && !there {
			l.fail("%s is offered at %s, where the agent is not", a.id, a.ext)
		}
	}
}

// endAgain is how long after a switch is heard again what it did not tell is waited for.
const endAgain = 5 * time.Second
