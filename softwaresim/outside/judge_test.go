package outside

import (
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/store"
)

// scene is a caller who rang an agent's phone, talked, and hung up, as everybody saw it and as the tables tell it. A test
// spoils one thing of it.
type scene struct {
	w *Witness
	c Case
}

func at(ms int) time.Time {
	return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
}

const who = "66000001"

func newScene() *scene {
	s := &scene{w: &Witness{open: map[*phone.Call]*seen{}, direct: map[string][]*seen{}, callers: map[string]*seen{}}}
	s.w.callers[who] = &seen{phone: who, dialled: "7000", begun: at(0), up: at(10), down: at(5000), out: phone.Outcome{By: phone.Us}}
	s.w.rings = []*seen{{phone: "1000", from: phone.Party{Name: Ours + "Company 1", Number: who}, begun: at(20), rang: at(22), up: at(1000), down: at(5002),
		out: phone.Outcome{By: phone.Them}}}
	id := queueapp.AttemptID{Call: "c1", N: 1}
	s.c = Case{Queue: "7000", Patience: 9 * time.Second,
		Attempts: []store.Told{{Attempt: id, Visit: 1, Number: who, Agent: "1000", Extension: "1000", Publish: queueapp.PublishOK,
			Offered: at(11), Published: at(15), Rang: at(18), Alerted: at(23), Answered: at(1002), Connected: at(1005), Closed: at(5001), Ended: at(5004),
			EndedBy: queueapp.ByCaller}},
		Visits: []store.Stay{{Call: "c1", Visit: 1, Number: who, Queue: "support", Entered: at(11), Ended: at(5001), Outcome: queueapp.OutcomeAnswered, Agent: "1000"}},
	}
	return s
}

func (s *scene) attempt() *store.Told { return &s.c.Attempts[0] }
func (s *scene) visit() *store.Stay   { return &s.c.Visits[0] }
func (s *scene) ring() *seen          { return s.w.rings[0] }
func (s *scene) caller() *seen        { return s.w.callers[who] }

// fails has the attempt come to nothing at a time.
func (s *scene) fails(ms int, r queueapp.RevokeReason, refused int) {
	a, v, ring := s.attempt(), s.visit(), s.ring()
	a.Answered, a.Connected, a.Closed, a.Ended, a.Reason, a.EndedBy = time.Time{}, time.Time{}, at(ms), at(ms), r, ""
	ring.up, ring.down, ring.refused, ring.out = time.Time{}, at(ms-1), refused, phone.Outcome{By: phone.Us, Code: refused}
	v.Outcome, v.Agent = queueapp.OutcomeAbandoned, ""
}

func (s *scene) outage(from, to int) {
	s.c.Outages = append(s.c.Outages, Outage{What: "kill queueapp", From: at(from), To: at(to)})
}

// Each thing that must hold is found where it does not, and nowhere else.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*scene)
		found []Check
	}{
		"all is well":                     {func(*scene) {}, nil},
		"a ring of no attempt":            {func(s *scene) { s.c.Attempts, s.c.Visits = nil, nil }, []Check{Rings, Calls}},
		"a ring of another's attempt":     {func(s *scene) { s.attempt().Extension = "2000" }, []Check{Rings, Ends}},
		"a ring before it was asked for":  {func(s *scene) { s.attempt().Rang = at(21) }, []Check{Rings, Ends}},
		"a ring as its queueapp died":     {func(s *scene) { s.attempt().Rang = at(500); s.outage(15, 600) }, nil},
		"two rings at once":               {func(s *scene) { s.twice(4000) }, []Check{Rings}},
		"two rings one after the other":   {func(s *scene) { s.twice(5010) }, nil},
		"an answer that is not told":      {func(s *scene) { s.attempt().Answered = time.Time{} }, []Check{Ends}},
		"an answer lost in an outage":     {func(s *scene) { s.attempt().Answered = time.Time{}; s.outage(990, 1500) }, nil},
		"connected before the answer":     {func(s *scene) { s.attempt().Connected = at(900) }, []Check{Ends}},
		"the wrong one hung up":           {func(s *scene) { s.attempt().EndedBy = queueapp.ByAgent }, []Check{Ends}},
		"the system hung up in an outage": {func(s *scene) { s.attempt().EndedBy = queueapp.BySystem; s.outage(4000, 5003) }, nil},
		"busy":                            {func(s *scene) { s.fails(4000, queueapp.RevokeBusy, 486) }, nil},
		"busy, told as refused":           {func(s *scene) { s.fails(4000, queueapp.RevokeRefused, 486) }, []Check{Ends}},
		"busy, told as lost in an outage": {func(s *scene) { s.fails(4000, queueapp.RevokeLost, 486); s.outage(3900, 4100) }, nil},
		"only rung, told as busy":         {func(s *scene) { s.fails(4000, queueapp.RevokeBusy, 0) }, []Check{Ends}},
		"an attempt that no phone saw":    {func(s *scene) { s.fails(4000, queueapp.RevokeNoAnswer, 0); s.w.rings = nil }, []Check{Ends}},
		"a phone that was not there":      {func(s *scene) { s.fails(4000, queueapp.RevokeUnreachable, 0); s.w.rings = nil }, nil},
		"taken back at once": {func(s *scene) {
			s.fails(40, queueapp.RevokeCallerGone, 0)
			s.w.rings = nil
			s.caller().down = at(39)
			s.visit().Ended = at(40)
		}, nil},
		"a visit of nobody":              {func(s *scene) { s.c.Visits = append(s.c.Visits, store.Stay{Call: "c2", Number: "5"}) }, []Check{Visits}},
		"two visits":                     {func(s *scene) { s.c.Visits = append(s.c.Visits, *s.visit()) }, []Check{Visits}},
		"abandoned in time":              {func(s *scene) { s.fails(4000, queueapp.RevokeCallerGone, 0) }, nil},
		"a wait beyond its deadline":     {func(s *scene) { s.waits(12000) }, []Check{Visits}},
		"a wait beyond it, in an outage": {func(s *scene) { s.waits(12000); s.outage(9000, 12000) }, nil},
		"cut off while waiting":          {func(s *scene) { s.waits(8000); s.caller().out.By = phone.Them }, []Check{Calls}},
		"cut off in an outage":           {func(s *scene) { s.waits(8000); s.caller().out.By = phone.Them; s.outage(7000, 9000) }, []Check{Calls}},
		"cut off in a conversation":      {func(s *scene) { s.caller().out.By = phone.Them }, []Check{Calls, Ends}},
		"the agent hung up":              {func(s *scene) { s.agentHangsUp() }, nil},
		"sent on at the end of the wait": {func(s *scene) {
			s.waits(9100)
			s.caller().out.By = phone.Them
			s.visit().Outcome = queueapp.OutcomeTimeout
		}, nil},
		"a call that is not over":          {func(s *scene) { s.caller().down = time.Time{} }, []Check{Calls}},
		"never in the queue":               {func(s *scene) { s.unseen(3000) }, []Check{Calls}},
		"not for long enough":              {func(s *scene) { s.unseen(300) }, nil},
		"never in the queue, in an outage": {func(s *scene) { s.unseen(3000); s.outage(500, 700) }, nil},
		"served by the dialplan's queue": {func(s *scene) {
			s.unseen(3000)
			s.w.direct[who] = []*seen{{phone: "1000", out: phone.Outcome{By: phone.Us}}}
		}, nil},
		"sent on":                               {func(s *scene) { s.sendOn(false) }, nil},
		"sent on to somebody who was asked":     {func(s *scene) { s.sendOn(true) }, nil},
		"sent on, and no attempt came of it":    {func(s *scene) { s.sendOn(false); s.c.Attempts = s.c.Attempts[:1] }, []Check{Ends}},
		"sent on, and no phone saw it":          {func(s *scene) { s.sendOn(false); clear(s.w.direct) }, []Check{Ends}},
		"sent on, answered, and that is untold": {func(s *scene) { s.sendOn(false); s.c.Attempts[1].Connected = time.Time{} }, []Check{Ends}},
		"sent on, and told too late":            {func(s *scene) { s.sendOn(false); s.c.Attempts[1].Connected = at(3200) }, []Check{Times}},
		"sent on, and the wrong one hung up":    {func(s *scene) { s.sendOn(false); s.c.Attempts[1].EndedBy = queueapp.ByAgent }, []Check{Ends}},
		"sent on, and rung before that is told": {func(s *scene) { s.sendOn(false); s.w.direct[who][0].begun = at(1900) }, []Check{Ends}},
		"sent on while nobody listened": {func(s *scene) {
			s.sendOn(false)
			s.w.direct[who][0].begun = at(1900)
			s.outage(1500, 1990)
		}, nil},
		"sent on to a phone of nobody's": {func(s *scene) {
			s.sendOn(false)
			s.c.Attempts[1].Extension, s.c.Attempts[1].Agent = "", ""
			clear(s.w.direct)
		}, nil},
		"told too late":              {func(s *scene) { s.attempt().Answered, s.attempt().Connected = at(1100), at(1105) }, []Check{Times}},
		"told too early":             {func(s *scene) { s.attempt().Alerted = at(20) }, []Check{Times}},
		"told too late in an outage": {func(s *scene) { s.attempt().Answered, s.attempt().Connected = at(1900), at(1905); s.outage(900, 1895) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			c.spoil(s)
			v := s.judge()
			found := map[Check]bool{}
			for _, f := range v.Findings {
				found[f.Check] = true
			}
			for _, want := range c.found {
				if !found[want] {
					t.Errorf("not found: %s", want)
				}
				delete(found, want)
			}
			if len(found) > 0 {
				t.Errorf("found as well: %+v", v.Findings)
			}
		})
	}
}

// judge is Judge without phones to look at.
func (s *scene) judge() *Verdict {
	s.w.events = new(phone.UA).Watch()
	return s.w.Judge(s.c)
}

// twice has the phone rung by another attempt from a time on.
func (s *scene) twice(ms int) {
	second, told, v := *s.ring(), *s.attempt(), *s.visit()
	second.from.Number, told.Number, v.Number = "66000002", "66000002", "66000002"
	told.Attempt.Call, v.Call = "c2", "c2"
	shift := at(ms).Sub(second.begun)
	for _, when := range []*time.Time{&second.begun, &second.rang, &second.up, &second.down, &told.Offered, &told.Published, &told.Rang, &told.Alerted,
		&told.Answered, &told.Connected, &told.Closed, &told.Ended, &v.Entered, &v.Ended} {
		*when = when.Add(shift)
	}
	caller := *s.caller()
	caller.begun, caller.down = caller.begun.Add(shift), caller.down.Add(shift)
	s.w.callers["66000002"] = &caller
	s.w.rings, s.c.Attempts, s.c.Visits = append(s.w.rings, &second), append(s.c.Attempts, told), append(s.c.Visits, v)
}

// sendOn has the agent send the caller on to 2000, who is rung for it, or has been asked.
func (s *scene) sendOn(attended bool) {
	a, r := s.attempt(), s.ring()
	second, there := *a, *r
	a.Closed, a.Ended, a.EndedBy = at(2000), at(2003), queueapp.ByTransfer
	r.down, r.out = at(2001), phone.Outcome{By: phone.Us}
	second.Attempt.N, second.From, second.Agent, second.Extension = 2, 1, "2000", "2000"
	second.Offered, second.Rang, second.Answered, second.Connected = at(2000), at(2000), at(3002), at(3002)
	there.phone, there.from.Name, there.begun, there.rang, there.up = "2000", "Eve", at(2010), at(2012), at(3000)
	number := who
	if attended {
		second.Answered, second.Connected = at(2000), at(2000)
		number, there.begun, there.rang, there.up = "1000", at(1200), at(1202), at(1300)
	}
	s.c.Attempts = append(s.c.Attempts, second)
	s.w.direct[number] = []*seen{&there}
}

// waits has nobody rung, and the caller hang up at a time.
func (s *scene) waits(ms int) {
	s.w.rings, s.c.Attempts = nil, nil
	s.caller().down, s.visit().Ended, s.visit().Outcome, s.visit().Agent = at(ms), at(ms+1), queueapp.OutcomeAbandoned, ""
}

// unseen has the tables know nothing of the caller, who hangs up at a time.
func (s *scene) unseen(ms int) {
	s.w.rings, s.c.Attempts, s.c.Visits = nil, nil, nil
	s.caller().down = at(ms)
}

func (s *scene) agentHangsUp() {
	s.ring().out.By, s.ring().down = phone.Us, at(4999)
	s.caller().out.By, s.caller().down = phone.Them, at(5003)
	s.attempt().EndedBy = queueapp.ByAgent
}

func TestFewTimesMayBeOff(t *testing.T) {
	t.Parallel()
	for off, found := range map[int]int{1: 0, 2: 2} {
		j := &judge{times: deviations{}, v: &Verdict{Cases: map[Check]int{}, Excused: map[Check]int{}}}
		for i := range 199 {
			by := time.Millisecond
			if i < off {
				by = 60 * time.Millisecond
			}
			j.compare("200 → answered", "attempt", "c1", at(0), at(0).Add(by))
		}
		j.judgeTimes()
		if len(j.v.Findings) != found || j.v.Cases[Times] != 199 {
			t.Errorf("%d off of 199: found %+v", off, j.v.Findings)
		}
	}
}

func TestOutagesTouch(t *testing.T) {
	t.Parallel()
	o := Outages{{From: at(100), To: at(200)}}
	for _, c := range []struct {
		moments []time.Time
		want    bool
	}{
		{nil, false},
		{[]time.Time{at(150)}, true},
		{[]time.Time{at(50), at(250)}, true},
		{[]time.Time{at(250), {}, at(50)}, true},
		{[]time.Time{at(50), at(99)}, false},
		{[]time.Time{at(201), at(300)}, false},
		{[]time.Time{{}, at(99)}, false},
	} {
		if got := o.touch(c.moments...); got != c.want {
			t.Errorf("%v: %v", c.moments, got)
		}
	}
}
