package hour

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
)

// seen is a call as the phones saw it: its caller's, and those of the agents who were rung for it.
type seen struct {
	who     phone.Party
	entered time.Time // when the caller was answered, and heard music
	left    time.Time
	byUs    bool // the caller hung up
	rings   []*seenRing
}

// seenRing is one INVITE at an agent's phone.
type seenRing struct {
	agent   string
	invited time.Time
	up      time.Time // zero: it was not answered
	over    time.Time
	byUs    bool // the agent hung up, or refused
	refused int  // 0: it did not
	holds   []seenHold
	sent    time.Time // when the transfer was asked for that was done; zero: none was
	done    time.Time // when Asterisk said that it was: an attended one takes it half a second
	to      string    // whom it went to
	asked   bool      // the agent had called there before
}

type seenHold struct {
	from, to time.Time // to is when it ended, with the call at the latest
}

// notTalked is how long a phone may have been up without having been bridged: its answer crossed the caller's leaving. In
// the script everybody talks for longer.
const notTalked = 250 * time.Millisecond

// talked says whether the ring became a conversation.
func (r *seenRing) talked() bool {
	return !r.up.IsZero() && (r.byUs || !r.sent.IsZero() || r.over.Sub(r.up) >= notTalked)
}

// see puts together what the phones saw, in the order in which the callers came.
func see(calls []*phone.Call) []*seen {
	by := map[string]*seen{}
	var all []*seen
	desks := map[string][]phone.Event{} // what agents dialled
	for _, c := range calls {
		events := c.Events()
		if c.Inbound() || len(events) == 0 {
			continue
		}
		if strings.HasPrefix(events[0].Phone, callerPrefix) {
			s := seeCaller(events)
			by[s.who.Number] = s
			all = append(all, s)
			continue
		}
		desks[events[0].Phone] = append(desks[events[0].Phone], events[0])
	}
	for _, c := range calls {
		if s := by[c.From().Number]; s != nil && c.Inbound() && strings.HasPrefix(c.From().Name, outside.Ours) {
			r := seeRing(c.Events())
			r.asked = slices.ContainsFunc(desks[r.agent], func(e phone.Event) bool {
				return e.To == r.to && e.At.After(r.up) && e.At.Before(r.sent)
			})
			s.rings = append(s.rings, r)
		}
	}
	for _, s := range all {
		slices.SortFunc(s.rings, func(a, b *seenRing) int { return a.invited.Compare(b.invited) })
	}
	slices.SortFunc(all, func(a, b *seen) int {
		return cmp.Or(a.entered.Compare(b.entered), cmp.Compare(a.who.Number, b.who.Number))
	})
	return all
}

func seeCaller(events []phone.Event) *seen {
	s := &seen{who: *events[0].From}
	for _, e := range events {
		switch e.Kind {
		case phone.Answered:
			s.entered = e.At
		case phone.Ended:
			s.left, s.byUs = e.At, e.Outcome.By == phone.Us
		default: // nothing that the queue_log tells
		}
	}
	return s
}

func seeRing(events []phone.Event) *seenRing {
	r := &seenRing{agent: events[0].Phone}
	var asked phone.Event
	held := false
	for _, e := range events {
		switch e.Kind {
		case phone.InviteReceived:
			r.invited = e.At
		case phone.Answered:
			r.up = e.At
		case phone.Refused:
			r.refused = e.Code
		case phone.Changed:
			r.changed(e, &held)
		case phone.TransferSent:
			asked = e
		case phone.TransferProgress: // agreed to; the outcome may never be told
			r.sent, r.done, r.to = asked.At, asked.At, asked.To
		case phone.TransferRefused:
			r.sent, r.done, r.to = time.Time{}, time.Time{}, ""
		case phone.Transferred:
			r.sent, r.done, r.to = asked.At, e.At, asked.To
		case phone.Ended:
			r.over, r.byUs = e.At, e.Outcome.By == phone.Us
		default: // nothing that the queue_log tells
		}
	}
	switch {
	case held && !r.sent.IsZero(): // Asterisk takes the caller back first
		r.holds[len(r.holds)-1].to = r.sent
	case held:
		r.holds[len(r.holds)-1].to = r.over
	}
	return r
}

// changed takes a re-INVITE of the agent's that was accepted.
func (r *seenRing) changed(e phone.Event, held *bool) {
	switch hold := e.Reason != "sendrecv"; {
	case hold && !*held:
		r.holds = append(r.holds, seenHold{from: e.At})
	case !hold && *held:
		r.holds[len(r.holds)-1].to = e.At
	}
	*held = e.Reason != "sendrecv"
}

// conversation is the ring in which the caller and an agent talked, nil if none did.
func (s *seen) conversation() *seenRing {
	i := slices.IndexFunc(s.rings, (*seenRing).talked)
	if i < 0 {
		return nil
	}
	return s.rings[i]
}

// outcome is how the phones saw the call end, in the queue_log's word for it.
func (s *seen) outcome() (event string, at time.Time) {
	switch r := s.conversation(); {
	case r == nil && s.byUs:
		return "ABANDON", s.left
	case r == nil:
		return "EXITWITHTIMEOUT", s.entered.Add(patience)
	case !r.sent.IsZero() && r.asked:
		return "ATTENDEDTRANSFER", r.done
	case !r.sent.IsZero():
		return "BLINDTRANSFER", r.sent
	case r.byUs:
		return "COMPLETEAGENT", r.over
	case s.byUs:
		return "COMPLETECALLER", s.left
	}
	return "an end that neither caller nor agent made", s.left
}
