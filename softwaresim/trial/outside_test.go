package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
	"ringside/store"
)

// outside watches what phones, callers and CRMs see, and compares it with what the tables say. Callers are told apart by
// their numbers: each number may call once.
type outside struct {
	site   *site
	since  time.Time
	events *phone.Watch
	crms   map[string]*crm.CRM // by extension
}

// ours is what the phone's display begins with when it rings for a caller of the queue, and not for a call of another kind.
const ours = "support: "

func (s *site) watchFromOutside(extensions ...string) *outside {
	s.t.Helper()
	o := &outside{site: s, since: time.Now(), events: s.ua.Watch(), crms: map[string]*crm.CRM{}}
	for _, x := range extensions {
		o.crms[x] = s.crm(s.extension(x).JID, s.extension(x).JIDPassword, x)
	}
	return o
}

// seen is one call as a phone or a caller saw it. Times are zero for what did not happen.
type seen struct {
	phone                     string // the phone's number, or the caller's
	from                      phone.Party
	begun, rang, up, down     time.Time
	out                       phone.Outcome
	refused                   int
	upAcknowledged, cancelled bool
}

// calls sorts out what has happened so far: the calls at agents' phones that were ours, and those of callers by number.
func (o *outside) calls() (rings []*seen, callers map[string]*seen) {
	o.site.t.Helper()
	now, cancel := context.WithCancel(context.Background())
	cancel() // what is there already, and no more
	by := map[*phone.Call]*seen{}
	callers = map[string]*seen{}
	for {
		e, err := o.events.Next(now)
		if err != nil {
			return rings, callers
		}
		c := by[e.Call]
		switch {
		case e.Call == nil:
		case e.Kind == phone.InviteReceived:
			by[e.Call] = &seen{phone: e.Phone, from: *e.From, begun: e.At}
			if strings.HasPrefix(e.From.Name, ours) {
				rings = append(rings, by[e.Call])
			}
		case e.Kind == phone.InviteSent:
			by[e.Call] = &seen{phone: e.Phone, from: *e.From, begun: e.At}
			callers[e.Phone] = by[e.Call]
		case c != nil:
			c.note(e)
		}
	}
}

func (c *seen) note(e phone.Event) {
	switch e.Kind {
	case phone.Ringing:
		c.rang = e.At
	case phone.Answered:
		c.up = e.At
	case phone.AckReceived, phone.AckSent:
		c.upAcknowledged = true
	case phone.Refused:
		c.refused = e.Code
	case phone.CancelReceived, phone.CancelSent:
		c.cancelled = true
	case phone.Ended:
		c.down, c.out = e.At, *e.Outcome
	}
}

// judge compares everything. The floor must be settled.
func (o *outside) judge() {
	s := o.site
	s.t.Helper()
	attempts, err := world.memory.Attempts(s.ctx, s.stack.Info().Floor, o.since)
	s.must(err)
	visits, err := world.memory.Visits(s.ctx, s.stack.Info().Floor, o.since)
	s.must(err)
	rings, callers := o.calls()
	d, matched := deviations{}, o.match(rings, attempts)
	o.judgeRings(d, attempts, matched, callers)
	o.judgeVisits(d, visits, callers)
	o.judgePhones(rings)
	o.judgeScreens(attempts, matched)
	d.judge(s)
	s.t.Logf("%d callers, %d visits, %d attempts, %d rings", len(callers), len(visits), len(attempts), len(rings))
}

// match finds the attempt of every ring, and complains of those that have none of their own.
func (o *outside) match(rings []*seen, attempts []store.Told) map[queueapp.AttemptID]*seen {
	found := map[queueapp.AttemptID]*seen{}
	for _, r := range rings {
		var of []queueapp.AttemptID
		for _, a := range attempts {
			end := a.Ended
			if end.IsZero() {
				end = time.Now()
			}
			if a.Number == r.from.Number && string(a.Extension) == r.phone && !a.Rang.IsZero() && found[a.Attempt] == nil &&
				!r.begun.Before(a.Rang) && r.begun.Before(end.Add(tolerance)) {
				of = append(of, a.Attempt)
			}
		}
		if len(of) == 1 {
			found[of[0]] = r
		} else {
			o.site.t.Errorf("the INVITE at %s from %s at %s is of the attempts %v", r.phone, r.from, clock(r.begun), of)
		}
	}
	return found
}

// judgeRings: every INVITE is of one attempt, and every attempt ended as its phone saw it end (DESIGN §6, 1 2 10).
func (o *outside) judgeRings(d deviations, attempts []store.Told, matched map[queueapp.AttemptID]*seen, callers map[string]*seen) {
	t := o.site.t
	for _, a := range attempts {
		r := matched[a.Attempt]
		if r == nil {
			o.judgeSilent(a)
			continue
		}
		what := fmt.Sprintf("attempt %s at %s", a.Attempt, a.Extension)
		d.add("asked for → INVITE", what, a.Rang, r.begun)
		d.add("180 → alerted", what, r.rang, a.Alerted)
		d.add("200 → answered", what, r.up, a.Answered)
		d.add("phone free → leg gone", what, r.down, a.Ended)
		if (a.Answered.IsZero()) != (r.up.IsZero()) && !lateAnswer(a, r) {
			t.Errorf("%s: the tables say answered %s, the phone %s", what, clock(a.Answered), clock(r.up))
		}
		if !a.Connected.IsZero() && (a.Connected.Before(r.up) || r.up.IsZero()) {
			t.Errorf("%s: connected %s, and the phone answered %s", what, clock(a.Connected), clock(r.up))
		}
		o.judgeEnd(d, what, a, r, callers[a.Number])
	}
}

// lateAnswer is an answer that came when the offer had been taken back.
func lateAnswer(a store.Told, r *seen) bool {
	return !a.Closed.IsZero() && r.up.After(a.Closed.Add(-tolerance))
}

// judgeSilent: an attempt that no phone heard of was given up at once, or the phone was not there.
func (o *outside) judgeSilent(a store.Told) {
	switch a.Reason {
	case queueapp.RevokeUnreachable:
		return
	case queueapp.RevokeCallerGone, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn, queueapp.RevokeLost:
		if a.Rang.IsZero() || a.Closed.Sub(a.Rang) < 10*tolerance {
			return
		}
	}
	o.site.t.Errorf("attempt %s at %s, asked for %s, closed %s for %q: no phone saw it", a.Attempt, a.Extension, clock(a.Rang),
		clock(a.Closed), a.Reason)
}

// judgeEnd: who ended an attempt and why is what the phone did.
func (o *outside) judgeEnd(d deviations, what string, a store.Told, r, caller *seen) {
	t := o.site.t
	want := map[int][]queueapp.RevokeReason{
		486: {queueapp.RevokeBusy}, 603: {queueapp.RevokeRefused}, 480: {queueapp.RevokeNoAnswer, queueapp.RevokeUnreachable},
		404: {queueapp.RevokeUnreachable}, 500: {queueapp.RevokeUnreachable},
	}
	switch {
	case a.Connected.IsZero() && r.refused != 0 && r.refused != 487:
		if !slices.Contains(want[r.refused], a.Reason) && !slices.Contains(ourWish, a.Reason) {
			t.Errorf("%s: the phone said %d, the tables say %s", what, r.refused, a.Reason)
		}
		if !slices.Contains(ourWish, a.Reason) {
			d.add("refused → revoked", what, r.down, a.Closed)
		}
	case a.Connected.IsZero() && r.up.IsZero() && a.Reason != queueapp.RevokeNoAnswer && !slices.Contains(ourWish, a.Reason):
		t.Errorf("%s: the phone only rang, the tables say %s", what, a.Reason)
	case !a.Connected.IsZero() && r.out.By == phone.Us:
		if a.EndedBy == queueapp.ByAgent {
			d.add("agent hung up → closed", what, r.down, a.Closed)
		} else if caller == nil || caller.out.By != phone.Us {
			t.Errorf("%s: the agent hung up, the tables say %s", what, a.EndedBy)
		}
	case !a.Connected.IsZero() && a.EndedBy == queueapp.ByCaller && caller != nil:
		if caller.out.By != phone.Us {
			t.Errorf("%s: ended by the caller, who says by %s", what, caller.out.By)
		}
		d.add("caller hung up → closed", what, caller.down, a.Closed)
	case !a.Connected.IsZero():
		t.Errorf("%s: ended by %s, the phone says by %s, the caller %+v", what, a.EndedBy, r.out.By, caller)
	}
}

// ourWish are the reasons that are no doing of the phone's.
var ourWish = []queueapp.RevokeReason{queueapp.RevokeCallerGone, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn}

// judgeVisits: one visit a caller, and it ended as the caller saw it end (DESIGN §6, 7).
func (o *outside) judgeVisits(d deviations, visits []store.Stay, callers map[string]*seen) {
	t := o.site.t
	outcomes, by := map[queueapp.Outcome]int{}, map[string]store.Stay{}
	for _, v := range visits {
		outcomes[v.Outcome]++
		c := callers[v.Number]
		if c == nil {
			t.Errorf("visit of %q, who never called", v.Number)
			continue
		}
		if other, twice := by[v.Number]; twice {
			t.Errorf("%s has two visits: %+v and %+v", v.Number, other, v)
		}
		by[v.Number] = v
		if v.Outcome == queueapp.OutcomeAbandoned {
			if c.out.By != phone.Us {
				t.Errorf("%s abandoned, and says that the call was ended by %s", v.Number, c.out.By)
			}
			d.add("caller hung up → abandoned", v.Number, c.down, v.Ended)
		}
	}
	t.Logf("outcomes %v", outcomes)
}

// judgePhones: no phone had two of our calls at once (DESIGN §6, 1).
func (o *outside) judgePhones(rings []*seen) {
	last := map[string]*seen{}
	for _, r := range rings {
		if was := last[r.phone]; was != nil && r.begun.Before(was.down) {
			o.site.t.Errorf("%s was rung for %s at %s while it was with %s until %s", r.phone, r.from, clock(r.begun), was.from, clock(was.down))
		}
		last[r.phone] = r
	}
}

// judgeScreens: every record that the server took opened once at the agent's CRM, before the ring, and closed once by a
// record; at the end no pop-up is open (DESIGN §6, 3 4).
func (o *outside) judgeScreens(attempts []store.Told, matched map[queueapp.AttemptID]*seen) {
	t := o.site.t
	var lead []time.Duration
	for x, c := range o.crms {
		if open := c.Shown(); len(open) > 0 {
			t.Errorf("the CRM of %s still shows %d pop-ups, the first: %+v", x, len(open), open[0])
		}
		opened, closed := popUps(c)
		for _, a := range attempts {
			if string(a.Extension) != x || a.Publish != queueapp.PublishOK {
				continue
			}
			if len(opened[a.Attempt]) != 1 || len(closed[a.Attempt]) != 1 {
				t.Errorf("attempt %s at %s (offered %s, closed %s for %q%s): its pop-up opened %d and was closed %d times", a.Attempt, x,
					clock(a.Offered), clock(a.Closed), a.Reason, a.EndedBy, len(opened[a.Attempt]), len(closed[a.Attempt]))
				continue
			}
			if r := matched[a.Attempt]; r != nil {
				lead = append(lead, r.begun.Sub(opened[a.Attempt][0]))
			}
		}
	}
	slices.Sort(lead)
	late, _ := slices.BinarySearch(lead, 0)
	t.Logf("%d of %d records were on the screen before the INVITE; the lead: %v", len(lead)-late, len(lead), spread(lead))
	if late*10 > len(lead) {
		t.Errorf("%d of %d records were on the screen after the INVITE", late, len(lead))
	}
}

// popUps are the times at which each attempt's pop-up opened, and was closed by a record.
func popUps(c *crm.CRM) (opened, closed map[queueapp.AttemptID][]time.Time) {
	opened, closed = map[queueapp.AttemptID][]time.Time{}, map[queueapp.AttemptID][]time.Time{}
	for _, e := range c.Events() {
		if e.Call == nil {
			continue
		}
		id := queueapp.AttemptID{Call: queueapp.CallID(e.Call.ID), N: e.Call.Attempt}
		switch {
		case e.Kind == crm.Opened:
			opened[id] = append(opened[id], e.At)
		case e.Kind == crm.Closed && e.Why == "" && e.Call.State == record.Closed:
			closed[id] = append(closed[id], e.At)
		}
	}
	return opened, closed
}
