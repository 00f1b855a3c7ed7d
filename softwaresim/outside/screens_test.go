package outside

import (
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/store"
)

// popUp is an event of an attempt's pop-up at a CRM.
func popUp(ms int, kind crm.Kind, why record.Why) crm.Event {
	state := record.Talking
	if kind == crm.Closed && why == "" {
		state = record.Closed
	}
	return crm.Event{At: at(ms), Kind: kind, Why: why, Call: &record.Call{ID: "c1", Attempt: 1, State: state}}
}

func TestPopUps(t *testing.T) {
	t.Parallel()
	opened, closed, expired := popUp(20, crm.Opened, ""), popUp(5000, crm.Closed, ""), popUp(9000, crm.Closed, record.Expired)
	outage := Outages{{From: at(4000), To: at(5100)}}
	for name, c := range map[string]struct {
		events  []crm.Event
		publish queueapp.PublishResult
		gone    Outages
		found   bool
	}{
		"opened and closed":                  {[]crm.Event{opened, closed}, queueapp.PublishOK, nil, false},
		"never opened":                       {nil, queueapp.PublishOK, nil, true},
		"never opened, and nobody says so":   {nil, queueapp.PublishLate, nil, false},
		"never opened, as the CRM was away":  {nil, queueapp.PublishOK, outage, false},
		"opened twice":                       {[]crm.Event{opened, opened, closed}, queueapp.PublishOK, outage, true},
		"never closed":                       {[]crm.Event{opened}, queueapp.PublishOK, nil, true},
		"never closed, also in an outage":    {[]crm.Event{opened}, queueapp.PublishOK, outage, true},
		"never closed, although it was late": {[]crm.Event{opened}, queueapp.PublishLate, nil, true},
		"expired":                            {[]crm.Event{opened, expired}, queueapp.PublishOK, nil, true},
		"expired, as the CRM was away":       {[]crm.Event{opened, expired}, queueapp.PublishOK, outage, false},
		"closed twice":                       {[]crm.Event{opened, closed, closed}, queueapp.PublishOK, outage, true},
		"given up before it was published":   {nil, "", nil, false},
	} {
		j := &judge{v: &Verdict{Cases: map[Check]int{}, Excused: map[Check]int{}}}
		s := newScreen()
		s.read(c.events)
		j.judgePopUp("1000", store.Told{Attempt: queueapp.AttemptID{Call: "c1", N: 1}, Publish: c.publish, Offered: at(11), Closed: at(5001)}, s, c.gone)
		if (len(j.v.Findings) > 0) != c.found {
			t.Errorf("%s: found %+v", name, j.v.Findings)
		}
	}
}

// A CRM that was away has seen the last record alone of a call that came to its phone again.
func TestAPopUpOfACallThatComesAgain(t *testing.T) {
	t.Parallel()
	first := store.Told{Attempt: queueapp.AttemptID{Call: "c1", N: 1}, Extension: "1000", Publish: queueapp.PublishOK, Offered: at(11), Closed: at(5001)}
	second := first
	second.Attempt.N, second.Offered, second.Closed = 2, at(5010), at(6000)
	for _, away := range []bool{true, false} {
		j := &judge{v: &Verdict{Cases: map[Check]int{}, Excused: map[Check]int{}}, c: Case{Attempts: []store.Told{first, second}}}
		s, gone := newScreen(), Outages(nil)
		s.read([]crm.Event{popUp(20, crm.Opened, "")})
		if away {
			gone = Outages{{From: at(4000), To: at(5500)}}
		}
		j.judgePopUp("1000", first, s, gone)
		if (len(j.v.Findings) == 0) != away {
			t.Errorf("away: %t, found %+v", away, j.v.Findings)
		}
	}
}

// Of a call that was sent on to a phone where nobody is logged on nobody may see anything.
func TestAPopUpWhereNobodyIsLoggedOn(t *testing.T) {
	t.Parallel()
	for agent, found := range map[queueapp.AgentID]bool{"": false, "1000": true} {
		j := &judge{v: &Verdict{Cases: map[Check]int{}, Excused: map[Check]int{}}}
		j.judgePopUp("1000", store.Told{Attempt: queueapp.AttemptID{Call: "c1", N: 2}, From: 1, Agent: agent, Publish: queueapp.PublishOK}, newScreen(), nil)
		if (len(j.v.Findings) > 0) != found {
			t.Errorf("agent %q: found %+v", agent, j.v.Findings)
		}
	}
}

// A CRM is away from the loss of its session until it is subscribed again.
func TestAwayFromANode(t *testing.T) {
	t.Parallel()
	event := func(ms int, kind crm.Kind, node string) crm.Event {
		return crm.Event{At: at(ms), Kind: kind, Node: node}
	}
	gone := away([]crm.Event{
		event(0, crm.Up, ""), event(10, crm.Subscribed, "extension1000"), event(100, crm.Down, ""), event(150, crm.Down, ""),
		event(200, crm.Up, ""), event(210, crm.Subscribed, "extension2000"), event(220, crm.Subscribed, "extension1000"),
		event(300, crm.Down, ""),
	}, "extension1000")
	if len(gone) != 2 || gone[0].From != at(100) || gone[0].To != at(220) || gone[1].From != at(300) || time.Since(gone[1].To) > time.Minute {
		t.Errorf("away %+v", gone)
	}
}
