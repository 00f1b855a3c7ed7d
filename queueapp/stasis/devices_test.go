package stasis

import (
	"slices"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/phone"
)

// testDevices follows phones through registration and calls.
func testDevices(t *testing.T, x *exchange) {
	r := x.connect(t)
	becomes := func(device string, states ...queueapp.DeviceState) {
		t.Helper()
		got := await(t, r.ear, func(e engine.DeviceChanged) bool { return e.Device == device })
		if !slices.Contains(states, got.State) {
			t.Errorf("%s is %s, want one of %s", device, got.State, states)
		}
	}
	r.Follow([]string{"PJSIP/1000", "PJSIP/2000", "PJSIP/nobody"})
	becomes("PJSIP/1000", queueapp.DeviceUnavailable)
	becomes("PJSIP/2000", queueapp.DeviceUnavailable)
	becomes("PJSIP/nobody", queueapp.DeviceInvalid)

	x.phone(t, "1000", phone.AnswerAfter(0))
	becomes("PJSIP/1000", queueapp.DeviceNotInUse)
	leg := x.leg("PJSIP/1000", "")
	r.Originate(leg)
	becomes("PJSIP/1000", queueapp.DeviceRinging, queueapp.DeviceBusy, queueapp.DeviceInUse)
	await[engine.LegUp](t, r.ear, nil)
	r.HangUp(leg.Channel, "normal")
	await(t, r.ear, func(e engine.DeviceChanged) bool { return e.State == queueapp.DeviceNotInUse })

	r.Follow([]string{"PJSIP/2000", "PJSIP/3000"})
	becomes("PJSIP/3000", queueapp.DeviceUnavailable)
	p := x.phone(t, "2000", phone.AnswerAfter(0))
	becomes("PJSIP/2000", queueapp.DeviceNotInUse)
	if err := p.Unregister(soon(t)); err != nil {
		t.Fatal(err)
	}
	becomes("PJSIP/2000", queueapp.DeviceUnavailable)
	x.phone(t, "3000", phone.AnswerAfter(0))
	becomes("PJSIP/3000", queueapp.DeviceNotInUse)
	if n := count(r.ear, func(e engine.DeviceChanged) bool { return e.Device == "PJSIP/1000" }); n > 1 {
		t.Errorf("a device that is not followed was told of:\n%s", r.ear)
	}
}
