package hour

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// at is a moment of a made-up hour.
func at(seconds float64) time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// bothSides is a call with everything in it as the queue_log and as the phones tell it, the same.
func bothSides() (*told, *seen) {
	t := &told{id: "17.1", caller: "77000001", name: "Caller 1", entered: at(10), place: 1,
		vain: []toldRing{
			{"3001", "RINGNOANSWER", at(12), 2 * time.Second},
			{"3002", "RINGNOANSWER", at(12), 300 * time.Millisecond},
			{"3003", "RINGCANCELED", at(13), 900 * time.Millisecond},
		},
		agent: "3004", talkFrom: at(14), waited: 4 * time.Second, rang: time.Second,
		holds: []toldHold{{at(15), at(16), time.Second}, {at(18), at(20), 2 * time.Second}},
		end:   "BLINDTRANSFER", ended: at(20), talked: 6 * time.Second, to: "2000"}
	s := &seen{who: phone.Party{Name: "Caller 1", Number: "77000001"}, entered: at(10.1), left: at(25), byUs: true,
		rings: []*seenRing{
			{agent: "3001", invited: at(10.2), over: at(12.2)},
			{agent: "3002", invited: at(12.3), over: at(12.6), byUs: true, refused: 486},
			{agent: "3003", invited: at(12.7), over: at(13.6)},
			{agent: "3004", invited: at(13.7), up: at(14.8), over: at(20.5), sent: at(20.4), done: at(20.5), to: "2000",
				holds: []seenHold{{at(15.3), at(16.4)}, {at(18.2), at(20.5)}}},
		}}
	return t, s
}

func TestWhatIsTheSameIsFoundToBe(t *testing.T) {
	log, phones := bothSides()
	if c := compare([]*told{log}, []*seen{phones}); len(c.differences) > 0 || c.widest > most || c.crossed > 0 {
		t.Errorf("%+v", c)
	}
}

// Each thing of which the two can differ, told otherwise by one of them, is found, and nothing else.
func TestDifferencesAreFound(t *testing.T) {
	for why, change := range map[string]func(*told, *seen){
		"the queue_log has no such call":           func(l *told, s *seen) { l.caller, s.entered = "", at(10) },
		"is called":                                func(l *told, _ *seen) { l.name = "Caller 2" },
		"came in:":                                 func(l *told, _ *seen) { l.entered = at(12) },
		"rang in vain at":                          func(l *told, _ *seen) { l.vain = l.vain[1:] },
		"rang in vain at 3001":                     func(_ *told, s *seen) { s.rings = s.rings[1:] },
		"ring 1 in vain was at":                    func(l *told, _ *seen) { l.vain[0].agent = "3009" },
		"ring 2 in vain, at 3002, is RINGCANCELED": func(l *told, _ *seen) { l.vain[1].event = "RINGCANCELED" },
		"ring 3 in vain, at 3003, is RINGNOANSWER": func(l *told, _ *seen) { l.vain[2].event = "RINGNOANSWER" },
		"ring 1 in vain: 5s":                       func(l *told, _ *seen) { l.vain[0].rang = 5 * time.Second },
		"ring 3 in vain: ":                         func(l *told, _ *seen) { l.vain[2].at = at(17) },
		"talked to":                                func(l *told, _ *seen) { l.agent = "3005" },
		`talked to ""`:                             func(l *told, _ *seen) { l.agent = "" },
		`ended by "COMPLETEAGENT" by the queue_log, by "BLINDTRANSFER"`: func(l *told, _ *seen) { l.end = "COMPLETEAGENT" },
		`by "ATTENDEDTRANSFER" by the phones`:                           func(_ *told, s *seen) { s.rings[3].asked = true },
		`ended by ""`:                                                   func(l *told, _ *seen) { l.end = "" },
		"BLINDTRANSFER: ":                                               func(l *told, _ *seen) { l.ended = at(23) },
		"talked from":                                                   func(l *told, _ *seen) { l.talkFrom = at(12) },
		"waited for 3004: 7s":                                           func(l *told, _ *seen) { l.waited = 7 * time.Second },
		"rang at 3004: 4s":                                              func(l *told, _ *seen) { l.rang = 4 * time.Second },
		"talked to 3004: 9s":                                            func(l *told, _ *seen) { l.talked = 9 * time.Second },
		"went to 3000 by the queue_log":                                 func(l *told, _ *seen) { l.to = "3000" },
		"on hold 1 times by the queue_log":                              func(l *told, _ *seen) { l.holds = l.holds[:1] },
		"was on hold: 9s":                                               func(l *told, _ *seen) { l.holds[1].lasted = 9 * time.Second },
		"on hold: ":                                                     func(l *told, _ *seen) { l.holds[0].from = at(12) },
		"off hold: ":                                                    func(l *told, _ *seen) { l.holds[0].to = at(19) },
	} {
		log, phones := bothSides()
		change(log, phones)
		c := compare([]*told{log}, []*seen{phones})
		if len(c.differences) == 0 || !strings.Contains(c.differences[0], why) {
			t.Errorf("found %q, want one about %q", c.differences, why)
		}
	}
}

func TestCallsThatOnlyOneTellsOf(t *testing.T) {
	log, phones := bothSides()
	other, _ := bothSides()
	other.caller = "77000002"
	c := compare([]*told{log, other, log}, []*seen{phones})
	if len(c.differences) != 2 || !strings.Contains(c.differences[0], "twice") ||
		!strings.Contains(c.differences[1], "no phone called") {
		t.Errorf("found %q", c.differences)
	}
	phones.entered = time.Time{} // gave up before anybody answered: there need be nothing of it
	if c := compare(nil, []*seen{phones}); len(c.differences) != 0 {
		t.Errorf("found %q", c.differences)
	}
}

// Who hung up is told apart, with and without a conversation.
func TestHowCallsEnd(t *testing.T) {
	ringing := &seenRing{agent: "3001", invited: at(1), over: at(3)}
	talk := func(change func(*seenRing)) []*seenRing {
		r := &seenRing{agent: "3002", invited: at(3), up: at(4), over: at(8)}
		change(r)
		return []*seenRing{ringing, r}
	}
	for _, c := range []struct {
		s    seen
		want string
	}{
		{seen{byUs: true, rings: []*seenRing{ringing}}, "ABANDON"},
		{seen{byUs: false, rings: []*seenRing{ringing}}, "EXITWITHTIMEOUT"},
		{seen{byUs: true, rings: talk(func(*seenRing) {})}, "COMPLETECALLER"},
		{seen{rings: talk(func(r *seenRing) { r.byUs = true })}, "COMPLETEAGENT"},
		{seen{rings: talk(func(*seenRing) {})}, "an end that neither caller nor agent made"},
		{seen{byUs: true, rings: talk(func(r *seenRing) { r.sent = at(7) })}, "BLINDTRANSFER"},
		{seen{byUs: true, rings: talk(func(r *seenRing) { r.sent, r.asked = at(7), true })}, "ATTENDEDTRANSFER"},
		{seen{byUs: true, rings: talk(func(r *seenRing) { r.over = r.up.Add(notTalked / 2) })}, "ABANDON"},
	} {
		if got, _ := c.s.outcome(); got != c.want {
			t.Errorf("%+v ended by %s, not %s", c.s, got, c.want)
		}
	}
}

// What crosses is not held against the queue_log: an INVITE that never left, a phone that refused or rang out as the caller
// left.
func TestCrossings(t *testing.T) {
	log := &told{caller: "1", entered: at(10), end: "ABANDON", ended: at(15), waited: 5 * time.Second,
		vain: []toldRing{{"3001", "RINGCANCELED", at(15), 2 * time.Second}, {"3002", "RINGCANCELED", at(15), 0}}}
	phones := &seen{who: phone.Party{Number: "1"}, entered: at(10), left: at(15), byUs: true,
		rings: []*seenRing{{agent: "3001", invited: at(13), over: at(15.05)}}}
	c := compare([]*told{log}, []*seen{phones})
	if len(c.differences) != 0 || c.crossed != 2 {
		t.Errorf("%+v", c)
	}
	log.vain[1].rang = time.Second // that one the phone must have heard of
	if c := compare([]*told{log}, []*seen{phones}); len(c.differences) != 1 {
		t.Errorf("%+v", c)
	}
}

// A script is the same for a seed, and has everything in it.
func TestTheScript(t *testing.T) {
	ends, holds, onHold := map[how]int{}, 0, 0
	for n := range 300 {
		p, again := write(7, n), write(7, n)
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v and %+v", p, again)
		}
		if len(p.talks) != len(p.holds)+1 {
			t.Errorf("%+v", p)
		}
		ends[p.ends]++
		if holds += len(p.holds); p.onHold {
			onHold++
		}
	}
	for h := byAgent; h <= neverTaken; h++ {
		if ends[h] < 5 {
			t.Errorf("%d calls end by %d", ends[h], h)
		}
	}
	if holds < 100 || onHold < 10 {
		t.Errorf("%d holds, of which %d last to the end", holds, onHold)
	}
}
