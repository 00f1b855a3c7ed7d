package queuelogtest

import (
	"fmt"
	"slices"
)

// Ledger books lines in their order, and says which cannot be: callers who end twice or never began, times and places that
// do not agree.
type Ledger struct {
	stays  map[string]*stay
	logins map[string]int64
	paused map[string]bool
}

// stay is a caller in a queue, from ENTERQUEUE to the end.
type stay struct {
	queue     string
	entered   int64
	original  int64
	connected int64
	agent     string // who talks; empty: nobody yet
	held      int64  // since when on hold; 0: is not
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{stays: map[string]*stay{}, logins: map[string]int64{}, paused: map[string]bool{}}
}

// Open gives the channels of callers who have not ended, in order.
func (b *Ledger) Open() []string {
	var open []string
	for call := range b.stays {
		open = append(open, call)
	}
	slices.Sort(open)
	return open
}

// Book takes the next line.
func (b *Ledger) Book(l Line) error {
	s := b.stays[l.Call]
	switch l.Event {
	case "ENTERQUEUE":
		return b.enter(l, s)
	case "AGENTLOGIN", "AGENTLOGOFF":
		return b.login(l)
	case "PAUSEALL", "UNPAUSEALL":
		if l.Event == "UNPAUSEALL" && !b.paused[l.Agent] {
			return fmt.Errorf("%+v: was not paused", l)
		}
		b.paused[l.Agent] = l.Event == "PAUSEALL"
		return nil
	case "QUEUESTART", "CONFIGRELOAD", "ADDMEMBER", "REMOVEMEMBER", "PENALTY", "PAUSE", "UNPAUSE":
		return nil
	}
	switch {
	case s == nil:
		return fmt.Errorf("%+v: the caller is in no queue", l)
	case s.queue != l.Queue:
		return fmt.Errorf("%+v: the caller is in %s", l, s.queue)
	}
	return b.caller(l, s)
}

func (b *Ledger) enter(l Line, s *stay) error {
	if s != nil {
		return fmt.Errorf("%+v: the caller is in a queue already", l)
	}
	if n := l.number(3); n < 1 || n > b.waiting(l.Queue)+1 {
		return fmt.Errorf("%+v: place %d, while %d wait", l, n, b.waiting(l.Queue))
	}
	b.stays[l.Call] = &stay{queue: l.Queue, entered: l.Epoch, original: l.number(3)}
	return nil
}

func (b *Ledger) waiting(queue string) (n int64) {
	for _, s := range b.stays {
		if s.queue == queue && s.agent == "" {
			n++
		}
	}
	return n
}

// caller books what happens to a caller who is in a queue.
func (b *Ledger) caller(l Line, s *stay) error {
	switch l.Event {
	case "COMPLETEAGENT", "COMPLETECALLER":
		if s.agent != l.Agent || s.held != 0 || l.number(1) != s.connected-s.entered || l.number(2) != l.Epoch-s.connected || l.number(3) != s.original {
			return fmt.Errorf("%+v: does not end %+v", l, *s)
		}
		delete(b.stays, l.Call)
		return nil
	case "HOLD", "UNHOLD":
		return s.hold(l)
	}
	if s.agent != "" {
		return fmt.Errorf("%+v: the caller talks to %s", l, s.agent)
	}
	switch l.Event {
	case "CONNECT":
		if l.number(1) != l.Epoch-s.entered || l.Agent == "NONE" {
			return fmt.Errorf("%+v: does not follow %+v", l, *s)
		}
		s.agent, s.connected = l.Agent, l.Epoch
		return nil
	case "RINGNOANSWER", "RINGCANCELED", "AGENTDUMP":
		return nil
	}
	return b.exit(l, s)
}

func (s *stay) hold(l Line) error {
	begins := l.Event == "HOLD"
	if s.agent != l.Agent || begins == (s.held != 0) || !begins && l.number(1) != l.Epoch-s.held {
		return fmt.Errorf("%+v: does not follow %+v", l, *s)
	}
	s.held = 0
	if begins {
		s.held = l.Epoch
	}
	return nil
}

func (b *Ledger) exit(l Line, s *stay) error {
	first := 1
	if l.Event == "EXITWITHKEY" {
		first = 2
	}
	place := l.number(first)
	if place < 1 || place > b.waiting(s.queue) || l.number(first+1) != s.original || l.number(first+2) != l.Epoch-s.entered || l.Agent != "NONE" {
		return fmt.Errorf("%+v: does not end %+v while %d wait", l, *s, b.waiting(s.queue))
	}
	delete(b.stays, l.Call)
	return nil
}

func (b *Ledger) login(l Line) error {
	since, on := b.logins[l.Agent]
	switch {
	case l.Event == "AGENTLOGIN" && on:
		return fmt.Errorf("%+v: was logged on", l)
	case l.Event == "AGENTLOGIN":
		b.logins[l.Agent] = l.Epoch
		return nil
	case !on || l.number(2) != l.Epoch-since:
		return fmt.Errorf("%+v: was logged on (%t) since %d", l, on, since)
	}
	delete(b.logins, l.Agent)
	return nil
}
