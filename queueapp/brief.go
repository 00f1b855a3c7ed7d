package queueapp

import "time"

// Briefing is what an agent who has answered hears before the caller is there, and whether he has to accept the call. Its zero
// value is nothing: an answer brings the two together.
type Briefing struct {
	Announce []string      // sounds
	HoldTime bool          // how long the caller has waited
	Delay    time.Duration // before all that
	Accept   string        // the key by which he accepts, 0-9, A-D, * or #; empty: an answer is enough
	Within   time.Duration // how long he has for it, once he has heard all
}

// none reports whether an answer is enough.
func (b Briefing) none() bool {
	return len(b.Announce) == 0 && !b.HoldTime && b.Delay <= 0 && b.Accept == ""
}

// longestBriefing is how long what an agent hears may take, so that a sound without an end keeps nobody waiting.
const longestBriefing = 30 * time.Second

// answered reports whether the leg is up, and the conversation yet to come.
func (s AttemptState) answered() bool {
	return s == AttemptBriefing || s == AttemptAsked || s == AttemptUp
}

// greet follows an answer. Where the agent has to accept the call it is nobody's yet, and other phones go on ringing: an
// answering machine must not have it. Else the caller is his, at once or once he has heard what he is to hear.
func (f *Floor) greet(a *attempt) {
	b := a.visit.queue.Briefing
	a.briefing = b
	if b.none() {
		f.win(a)
		f.meet(a)
		return
	}
	f.timers.set(&a.timer, f.now.Add(b.Delay+longestBriefing+b.Within))
	if b.Accept != "" {
		a.state = AttemptAsked
	} else {
		a.state = AttemptBriefing
		f.win(a)
	}
	f.emit(Brief{Attempt: a.id})
}

// meet has an agent and the caller who is his brought together.
func (f *Floor) meet(a *attempt) {
	f.timers.set(&a.timer, f.now.Add(bridgeGrace))
	a.state = AttemptUp
	f.emit(Connect{Attempt: a.id})
}

// briefed goes on where the agent has heard all: from here on the time counts in which he may accept.
func (f *Floor) briefed(ev Briefed) {
	a := f.attempts[ev.Attempt]
	switch {
	case a == nil:
	case a.state == AttemptBriefing:
		f.meet(a)
	case a.state == AttemptAsked && !a.briefed:
		a.briefed = true
		f.timers.set(&a.timer, f.now.Add(a.briefing.Within))
	}
}

// accepted gives the caller to the first agent who accepts.
func (f *Floor) accepted(ev Accepted) {
	a := f.attempts[ev.Attempt]
	if a == nil || a.state != AttemptAsked {
		return
	}
	f.win(a)
	f.meet(a)
}
