package stasis

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/phone"
)

// testLatency measures what a Switch adds to an originate: from the call of Originate to the INVITE at the phone, against a
// bare POST on a connection kept alive, one after the other on the same Asterisk.
func testLatency(t *testing.T, x *exchange) {
	const rounds = 60
	r := x.connect(t)
	p := x.phone(t, "1000", phone.RefuseWith(486))
	p.SetLines(3)
	watch := p.Watch()
	defer watch.Close()
	measure := func(ask func(engine.Leg)) time.Duration {
		leg := x.leg("PJSIP/1000", "")
		began := time.Now()
		ask(leg)
		e, err := watch.Next(soon(t), phone.InviteReceived)
		if err != nil {
			t.Fatal(err)
		}
		return e.At.Sub(began)
	}
	bare := func(leg engine.Leg) {
		body, _ := json.Marshal(map[string]any{"endpoint": leg.Dial, "app": r.app, "timeout": 10, "callerId": callerID(leg.CallerName, leg.CallerNumber)})
		req, _ := http.NewRequest(http.MethodPost, r.rest.base+path("channels", "bare-"+string(leg.Channel)), bytes.NewReader(body))
		req.SetBasicAuth(r.rest.user, r.rest.password)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	var ours, plain []time.Duration
	for i := range rounds + 5 {
		a := measure(func(leg engine.Leg) {
			r.Originate(leg)
		})
		await[engine.LegGone](t, r.ear, nil)
		b := measure(bare)
		if i >= 5 { // the first ones open connections
			ours, plain = append(ours, a), append(plain, b)
		}
	}
	slices.Sort(ours)
	slices.Sort(plain)
	at := func(d []time.Duration, p int) time.Duration { return d[len(d)*p/100].Round(10 * time.Microsecond) }
	t.Logf("Originate to INVITE: p50 %v, p90 %v; a bare POST: p50 %v, p90 %v", at(ours, 50), at(ours, 90), at(plain, 50), at(plain, 90))
	if at(ours, 50) > 2*at(plain, 50)+time.Millisecond {
		t.Errorf("a Switch takes %v where a bare request takes %v", at(ours, 50), at(plain, 50))
	}
}

// testMany asks for more legs at once than there are connections. Each must end, once.
func testMany(t *testing.T, x *exchange) {
	const many = 4 * maxRequests
	r := x.connect(t, func(c *Config) { c.Timing.Stale = time.Minute }) // however slow this machine is today
	p := x.phone(t, "1000", phone.RefuseWith(486))
	p.SetLines(many)
	want := map[queueapp.ChannelID]int{}
	began := time.Now()
	for i := range many {
		leg := x.leg("PJSIP/1000", "")
		want[leg.Channel] = 17
		if i%4 == 0 {
			leg.Dial, want[leg.Channel] = "PJSIP/2000", subscriberAbsent
		}
		r.Originate(leg)
	}
	for range many {
		got := await[engine.LegGone](t, r.ear, nil)
		if cause, open := want[got.Channel]; !open || got.Q850 != cause {
			t.Errorf("%+v, want cause %d", got, cause)
		}
		delete(want, got.Channel)
	}
	t.Logf("%d legs were refused in %v", many, time.Since(began).Round(time.Millisecond))
	r.empty(t)
	if n := count[engine.LegGone](r.ear, nil) + count[engine.Failed](r.ear, nil); n != 0 {
		t.Errorf("more came:\n%s", r.ear)
	}
}
