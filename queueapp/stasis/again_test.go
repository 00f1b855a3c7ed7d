package stasis

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// What may be asked for twice is asked for again where no answer came, and nobody is told that it failed: it did not.
func TestAskedAgainWithoutReply(t *testing.T) {
	for _, test := range []struct {
		request string
		ask     func(r *running)
		done    func(f *fake, c *aritest.Caller) bool
	}{
		{"POST /channels/1.1/answer", func(r *running) { r.Answer("1.1"); r.StartMusic("1.1", "") }, hearsMusic},
		{"POST /channels/1.1/moh", func(r *running) { r.Answer("1.1"); r.StartMusic("1.1", "") }, hearsMusic},
		{"POST /channels/1.1/variables", func(r *running) {
			r.SetVariables("1.1", engine.Variable{Name: "A", Value: "1"}, engine.Variable{Name: "B", Value: "2"})
		}, func(_ *fake, c *aritest.Caller) bool { return c.Variable("A") == "1" && c.Variable("B") == "2" }},
		{"POST /channels/1.1/variable", func(r *running) { r.SetVariables("1.1", engine.Variable{Name: "A", Value: "1"}) },
			func(_ *fake, c *aritest.Caller) bool { return c.Variable("A") == "1" }},
		{"POST /bridges/rs1.b", func(r *running) { r.PrepareBridge("rs1.b", "1.1") },
			func(f *fake, _ *aritest.Caller) bool { return slices.Equal(f.Bridges(), []string{"rs1.b"}) }},
		{"DELETE /bridges/rs1.b", func(r *running) { r.PrepareBridge("rs1.b", "1.1"); r.DestroyBridge("rs1.b", "1.1") },
			func(f *fake, _ *aritest.Caller) bool { return len(f.Bridges()) == 0 }},
		{"DELETE /channels/1.1/moh", func(r *running) { r.StartMusic("1.1", ""); r.Answer("1.1"); r.Bridge("rs1.b", "1.1", "1.1") },
			func(_ *fake, c *aritest.Caller) bool { return c.Hears() == "" }},
		{"DELETE /playbacks/rs1.p", playAndStop, func(_ *fake, c *aritest.Caller) bool { return c.Hears() == "" }},
	} {
		for name, fault := range map[string]aritest.Fault{"lost reply": aritest.LostReply(), "lost request": aritest.LostRequest()} {
			t.Run(test.request+" "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fake) {
					r := f.up()
					c := f.calls(r, "1.1")
					f.On(test.request, 1, fault)
					test.ask(r)
					pass(time.Minute)
					if n := f.Count(test.request); n != 2 || !test.done(f, c) || count[engine.Failed](r.ear, nil) != 0 {
						t.Errorf("asked %d times, want twice; the caller hears %q; told:\n%s", n, c.Hears(), r.ear)
					}
				})
			})
		}
	}
}

func playAndStop(r *running) {
	r.Answer("1.1")
	r.Play("1.1", "rs1.p", slices.Repeat([]string{"sound:a"}, 3600))
	r.StopPlay("1.1", "rs1.p")
}

func hearsMusic(_ *fake, c *aritest.Caller) bool { return c.Hears() == "music" }

// A variable that cannot be read is an error, one that is not set is none.
func TestVariableWithoutReply(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.Call(aritest.Call{ID: "1.1", Variables: map[string]string{"A": "1"}})
		f.On("GET /channels/1.1/variable", 1, aritest.NoAnswer())
		if got, err := r.Variable(t.Context(), "1.1", "A"); got != "1" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := r.Variable(t.Context(), "1.1", "B"); got != "" || err != nil {
			t.Errorf("one that is not set: %q, %v", got, err)
		}
		f.On("GET /channels/1.1/variable", 0, aritest.Refused(http.StatusInternalServerError, "Allocation failed"))
		if got, err := r.Variable(t.Context(), "1.1", "A"); statusOf(err) != http.StatusInternalServerError {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// Who cannot be rid of a bridge is told, so that it is tried again: nobody else would end it.
func TestDestroyRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		r.PrepareBridge("rs1.b", "")
		f.On("DELETE /bridges/rs1.b", 1, aritest.Refused(http.StatusInternalServerError, "Allocation failed"))
		r.DestroyBridge("rs1.b", "")
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "destroy" || got.Bridge != "rs1.b" || got.Status != http.StatusInternalServerError {
			t.Errorf("%+v", got)
		}
	})
}

// A playback that has ended already is stopped: its end was told, and that it is not there is no failure.
func TestStopOfWhatPlayedOut(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.calls(r, "1.1")
		r.Play("1.1", "rs1.p", []string{"sound:a"})
		await[engine.PlayDone](t, r.ear, nil)
		r.StopPlay("1.1", "rs1.p")
		synctest.Wait()
		if f.Count("DELETE /playbacks/rs1.p") != 1 || len(r.all) != 0 {
			t.Errorf("told:\n%s", r.ear)
		}
	})
}

// Whoever is hung up is told gone, also where Asterisk has no event about it: it does not know the channel, or has it in the
// dialplan, where nobody of ours hears of it.
func TestHangUpOfWhoIsNotThere(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Call(aritest.Call{ID: "1.dialplan"}) // nobody listens: the caller goes on
		r := f.up()
		for _, ch := range []queueapp.ChannelID{"1.none", "1.dialplan"} {
			r.HangUp(ch, "busy")
			if got := await[engine.Gone](t, r.ear, nil); got != (engine.Gone{Channel: ch, HungUp: true, Q850: 17}) {
				t.Errorf("%+v", got)
			}
		}
		r.HangUp(aLeg.Channel, "normal")
		r.ends(t, engine.LegGone{Absent: true})
		if len(r.all) != 0 {
			t.Errorf("told:\n%s", r.ear)
		}
		f.empty()
	})
}

// Devices are followed in the end, whatever was lost or refused on the way there.
func TestFollowGoesWrong(t *testing.T) {
	const subscribe, state = "POST /applications/queueapp/subscription", "GET /deviceStates/PJSIP%2F1000"
	for _, test := range []struct {
		name, request string
		fault         aritest.Fault
		told          bool
	}{
		{"the subscription's answer is lost", subscribe, aritest.LostReply(), false},
		{"the subscription is lost", subscribe, aritest.LostRequest(), false},
		{"the subscription is refused", subscribe, aritest.Refused(http.StatusInternalServerError, "Allocation failed"), true},
		{"the state is not answered", state, aritest.NoAnswer(), false},
		{"the state is refused", state, aritest.Refused(http.StatusInternalServerError, "Allocation failed"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(test.request, 1, test.fault)
				r.Follow([]string{"PJSIP/1000"})
				await(t, r.ear, func(e engine.DeviceChanged) bool { return e.State == queueapp.DeviceNotInUse })
				f.Phone("PJSIP/1000").Register(false)
				await(t, r.ear, func(e engine.DeviceChanged) bool { return e.State == queueapp.DeviceUnavailable })
				if n := count(r.ear, func(e engine.Failed) bool { return e.Command == "follow" }); n > 1 || n == 1 != test.told {
					t.Errorf("told:\n%s", r.ear)
				}
			})
		})
	}
}

// Asterisk may have forgotten a device that is not wanted any more. The others are followed all the same.
func TestUnfollowRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		r.Follow([]string{"PJSIP/2000"})
		await[engine.DeviceChanged](t, r.ear, nil)
		f.On("DELETE /applications/queueapp/subscription", 0, aritest.Refused(http.StatusUnprocessableEntity, "Event source was not subscribed to"))
		r.Follow([]string{"PJSIP/1000"})
		pass(time.Second)
		want := []engine.SwitchEvent{engine.DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse}}
		if !slices.Equal(r.all, want) {
			t.Errorf("told:\n%s", r.ear)
		}
	})
}
