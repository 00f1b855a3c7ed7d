package hour

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// most is how far the queue_log may be from what the phones saw: it counts whole seconds.
	most = time.Second
	// machine is what a machine with other things to do may add.
	machine = 500 * time.Millisecond
	// crossing is within what a phone need not have heard of an INVITE that was taken back, nor a cancel have been meant
	// as the one or the other of two things that happened together.
	crossing = machine
)

// comparison is what came of holding the two against each other.
type comparison struct {
	differences []string
	// crossed are rings of which the phones alone cannot say how they ended, or that were taken back before the phone heard of
	// them.
	crossed int
	// widest is the greatest deviation of all times that were compared, and of which.
	widest   time.Duration
	widestOf string
}

// compare holds each call of the one against that of the other. Callers are told apart by their numbers.
func compare(log []*told, phones []*seen) *comparison {
	c := &comparison{}
	by := map[string]*told{}
	for _, t := range log {
		if by[t.caller] != nil {
			c.differ(t.caller, "came into the queue twice, by the queue_log")
			continue
		}
		by[t.caller] = t
	}
	for _, s := range phones {
		t := by[s.who.Number]
		delete(by, s.who.Number)
		switch {
		case t == nil && !s.entered.IsZero():
			c.differ(s.who.Number, "came in at %s, and the queue_log has no such call", clock(s.entered))
		case t != nil:
			c.call(t, s)
		}
	}
	for _, t := range log {
		if by[t.caller] == t {
			c.differ(t.caller, "is in the queue_log at %s, and no phone called", clock(t.entered))
		}
	}
	return c
}

func (c *comparison) differ(caller, format string, args ...any) {
	c.differences = append(c.differences, caller+": "+fmt.Sprintf(format, args...))
}

// moment compares when something was.
func (c *comparison) moment(caller, what string, told, seen time.Time) {
	c.off(caller, what, clock(told), clock(seen), seen.Sub(told))
}

// span compares how long something was.
func (c *comparison) span(caller, what string, told, seen time.Duration) {
	c.off(caller, what, told.String(), seen.Round(time.Millisecond).String(), seen-told)
}

func (c *comparison) off(caller, what, told, seen string, by time.Duration) {
	if by = by.Abs(); by > c.widest {
		c.widest, c.widestOf = by, caller+", "+what
	}
	if by > most+machine {
		c.differ(caller, "%s: %s by the queue_log, %s by the phones", what, told, seen)
	}
}

// call compares one.
func (c *comparison) call(t *told, s *seen) {
	n := s.who.Number
	if t.name != s.who.Name {
		c.differ(n, "is called %q by the queue_log, %q by the phone", t.name, s.who.Name)
	}
	c.moment(n, "came in", t.entered, s.entered)
	c.inVain(t, s)
	r, agent := s.conversation(), ""
	if r != nil {
		agent = r.agent
	}
	if t.agent != agent {
		c.differ(n, "talked to %q by the queue_log, to %q by the phones", t.agent, agent)
		return
	}
	end, at := s.outcome()
	if t.end != end {
		c.differ(n, "ended by %q by the queue_log, by %q by the phones", t.end, end)
		return
	}
	c.moment(n, end, t.ended, at)
	if r == nil {
		c.span(n, "waited in vain", t.waited, at.Sub(s.entered))
		return
	}
	c.conversation(t, s, r, at)
}

func (c *comparison) conversation(t *told, s *seen, r *seenRing, end time.Time) {
	n := s.who.Number
	c.moment(n, "talked from", t.talkFrom, r.up)
	c.span(n, "waited for "+r.agent, t.waited, r.up.Sub(s.entered))
	c.span(n, "rang at "+r.agent, t.rang, r.up.Sub(r.invited))
	c.span(n, "talked to "+r.agent, t.talked, end.Sub(r.up))
	if t.end == "BLINDTRANSFER" && t.to != r.to {
		c.differ(n, "went to %s by the queue_log, to %s by the phone", t.to, r.to)
	}
	if len(t.holds) != len(r.holds) {
		c.differ(n, "was on hold %d times by the queue_log, %d times by the phone", len(t.holds), len(r.holds))
		return
	}
	for i, h := range r.holds {
		c.moment(n, "on hold", t.holds[i].from, h.from)
		c.moment(n, "off hold", t.holds[i].to, h.to)
		c.span(n, "was on hold", t.holds[i].lasted, h.to.Sub(h.from))
	}
}

// inVain compares the phones that rang in vain, in their order.
func (c *comparison) inVain(t *told, s *seen) {
	rings := slices.DeleteFunc(slices.Clone(s.rings), (*seenRing).talked)
	log := slices.Clone(t.vain)
	// The caller left when a phone was just to be rung: its INVITE did not leave.
	if i := len(log) - 1; len(log) == len(rings)+1 && log[i].event == "RINGCANCELED" && log[i].rang < crossing {
		log = log[:i]
		c.crossed++
	}
	if len(log) != len(rings) {
		c.differ(s.who.Number, "rang in vain at %s by the queue_log, at %s by the phones", logged(log), rung(rings))
		return
	}
	_, left := s.outcome()
	for i, r := range rings {
		what := fmt.Sprintf("ring %d in vain", i+1)
		if log[i].agent != r.agent {
			c.differ(s.who.Number, "%s was at %s by the queue_log, at %s by the phones", what, log[i].agent, r.agent)
			continue
		}
		events := r.inVain(left)
		if len(events) > 1 {
			c.crossed++
		}
		if !slices.Contains(events, log[i].event) {
			c.differ(s.who.Number, "%s, at %s, is %s by the queue_log, %s by the phone; %s, and %s", what, r.agent, log[i].event,
				strings.Join(events, " or "), logged(log[i:i+1]), rung(rings[i:i+1]))
			continue
		}
		c.moment(s.who.Number, what, log[i].at, r.over)
		if log[i].event != "AGENTDUMP" {
			c.span(s.who.Number, what, log[i].rang, r.over.Sub(r.invited))
		}
	}
}

// inVain is how a ring in vain ended, in the queue_log's words: two where it cannot be told from outside.
func (r *seenRing) inVain(left time.Time) []string {
	noAnswer, canceled := "RINGNOANSWER", "RINGCANCELED"
	rangOut := r.over.Sub(r.invited) > ring-crossing
	together := r.over.Sub(left).Abs() < crossing
	switch {
	case together && (rangOut || r.refused != 0 || !r.up.IsZero()):
		return []string{noAnswer, canceled}
	case r.refused != 0, rangOut:
		return []string{noAnswer}
	}
	return []string{canceled}
}

func logged(rings []toldRing) string {
	var all []string
	for _, r := range rings {
		all = append(all, fmt.Sprintf("%s until %s (%s, %v)", r.agent, clock(r.at), r.event, r.rang))
	}
	return list(all)
}

func rung(rings []*seenRing) string {
	var all []string
	for _, r := range rings {
		all = append(all, fmt.Sprintf("%s until %s (%v)", r.agent, clock(r.over), r.over.Sub(r.invited).Round(time.Millisecond)))
	}
	return list(all)
}

func list(all []string) string {
	if len(all) == 0 {
		return "no phone"
	}
	return strings.Join(all, ", ")
}
