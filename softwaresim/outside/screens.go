package outside

import (
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/store"
)

// delivery is how long after an attempt what is told of it may come.
const delivery = time.Second

// judgeScreens: every record that the server took opened once at the agent's CRM, before the ring, and closed once by a
// record; at the end no pop-up is open (DESIGN §6, 3 4).
func (j *judge) judgeScreens() {
	var lead []time.Duration
	for x, c := range j.w.crms {
		for _, open := range c.Shown() {
			j.find(Records, queueapp.CallID(open.ID), "the CRM of %s still shows %+v", x, open)
		}
		events := c.Events()
		s := newScreen()
		s.read(events)
		gone := append(away(events, "extension"+x), j.outages...)
		for _, a := range j.c.Attempts {
			if string(a.Extension) != x {
				continue
			}
			j.judgePopUp(x, a, s, gone)
			r, opened := j.ringOf[a.Attempt], s.opened[a.Attempt]
			if r != nil && !attended(a) && len(opened) == 1 && a.Publish == queueapp.PublishOK && !gone.touch(a.Offered, r.begun, opened[0]) {
				lead = append(lead, r.begun.Sub(opened[0]))
			}
		}
	}
	slices.Sort(lead)
	j.v.Late, _ = slices.BinarySearch(lead, 0)
	j.v.Lead, j.v.Cases[Leads] = spread("record → INVITE", lead), len(lead)
	if j.v.Late*10 > len(lead) {
		j.find(Leads, "", "%d of %d records were on the screen after the INVITE", j.v.Late, len(lead))
	}
}

// judgePopUp: a pop-up opens once and closes once, by a record. One that a CRM could not see whole, as it or the server
// was away, it may have missed, or have closed by itself.
func (j *judge) judgePopUp(x string, a store.Told, s screen, gone Outages) {
	if a.Publish == "" && len(s.opened[a.Attempt]) == 0 {
		return // given up before anything was known of it
	}
	j.v.Cases[Records]++
	opened, closed, gaveUp := len(s.opened[a.Attempt]), len(s.closed[a.Attempt]), s.gaveUp[a.Attempt]
	switch {
	case opened == 1 && closed == 1:
	case a.Publish != queueapp.PublishOK && opened == 0: // nobody says that it was published
	case a.From != 0 && a.Agent == "" && opened == 0 && closed == 0: // sent on to a phone where nobody was logged on
	case opened <= 1 && closed <= 1 && (opened == closed+gaveUp || j.again(a)) && gone.touch(a.Offered, a.Closed.Add(delivery)):
		j.v.Excused[Records]++
	default:
		j.find(Records, a.Attempt.Call, "attempt %s at %s (offered %s, closed %s for %q%s): its pop-up opened %d and was closed %d times, and %d times by itself",
			a.Attempt, x, Clock(a.Offered), Clock(a.Closed), a.Reason, a.EndedBy, opened, closed, gaveUp)
	}
}

// again reports whether a phone got a call more than once: of these records a CRM that was away has seen the last alone.
func (j *judge) again(a store.Told) bool {
	return slices.ContainsFunc(j.c.Attempts, func(b store.Told) bool {
		return b.Attempt != a.Attempt && b.Attempt.Call == a.Attempt.Call && b.Extension == a.Extension
	})
}

// screen is when each attempt's pop-up opened, was closed by a record, and how often it closed without one.
type screen struct {
	opened, closed map[queueapp.AttemptID][]time.Time
	gaveUp         map[queueapp.AttemptID]int
}

func newScreen() screen {
	return screen{opened: map[queueapp.AttemptID][]time.Time{}, closed: map[queueapp.AttemptID][]time.Time{}, gaveUp: map[queueapp.AttemptID]int{}}
}

func (s screen) read(events []crm.Event) {
	for _, e := range events {
		if e.Call == nil {
			continue
		}
		id := queueapp.AttemptID{Call: queueapp.CallID(e.Call.ID), N: e.Call.Attempt}
		switch {
		case e.Kind == crm.Opened:
			s.opened[id] = append(s.opened[id], e.At)
		case e.Kind == crm.Closed && e.Why == "" && e.Call.State == record.Closed:
			s.closed[id] = append(s.closed[id], e.At)
		case e.Kind == crm.Closed:
			s.gaveUp[id]++
		}
	}
}

// away are the times in which a CRM did not see a node.
func away(events []crm.Event, node string) (gone Outages) {
	var since time.Time
	sees := false
	for _, e := range events {
		switch {
		case e.Kind == crm.Subscribed && e.Node == node && !sees:
			if !since.IsZero() {
				gone = append(gone, Outage{"the CRM was away", since, e.At})
			}
			sees = true
		case e.Kind == crm.Down && sees:
			since, sees = e.At, false
		}
	}
	if !sees && !since.IsZero() {
		gone = append(gone, Outage{"the CRM was away", since, time.Now()})
	}
	return gone
}
