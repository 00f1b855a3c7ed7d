package stasis

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

const (
	prepareLeg = "POST /channels/create"
	dialLeg    = "POST /channels/rs1.leg/dial"
)

// dials has a leg prepared that then calls.
func (r *running) dials() {
	r.Prepare(aLeg)
	leg := aLeg
	leg.Prepared = true
	r.Originate(leg)
}

// A leg that was prepared and of whose call nobody knows is given up: to ask again might call twice.
func TestDialWithoutReply(t *testing.T) {
	for name, fault := range map[string]aritest.Fault{
		"it calls": aritest.LostReply(), "it does not": aritest.LostRequest(), "it hangs": aritest.NoAnswer(),
		"it is refused": aritest.Refused(http.StatusInternalServerError, "Failed to dial"),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(dialLeg, 1, fault)
				r.dials()
				r.endsOnce(t)
				if n := f.Count(dialLeg); n != 1 {
					t.Errorf("it was to call %d times", n)
				}
				f.empty()
			})
		})
	}
}

// Asterisk refuses to have a channel call that it is still putting into the application: it is asked until that is done, or
// until nobody wants the call any more.
func TestDialTooEarly(t *testing.T) {
	early := aritest.Refused(http.StatusConflict, "Channel not in Stasis application")
	t.Run("it calls", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(dialLeg, 3, early)
			r.dials()
			await[engine.LegRinging](t, r.ear, nil)
			if n := f.Count(dialLeg); n != 4 || len(r.all) != 0 {
				t.Errorf("asked %d times; told:\n%s", n, r.ear)
			}
		})
	})
	t.Run("it is hung up", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(dialLeg, 0, early)
			r.dials()
			pass(10 * time.Millisecond)
			r.HangUp(aLeg.Channel, "normal")
			synctest.Wait()
			if n := count(r.ear, legGoneFrom(aLeg.Channel)); n != 1 {
				t.Errorf("told:\n%s", r.ear)
			}
			f.empty()
		})
	})
}

func TestPrepareWithoutReply(t *testing.T) {
	for name, fault := range map[string]aritest.Fault{"it stands": aritest.LostReply(), "the reply is torn": {Torn: true}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(prepareLeg, 1, fault)
				r.dials()
				await[engine.LegRinging](t, r.ear, nil)
				if len(r.all) != 0 || f.Count(prepareLeg) != 1 {
					t.Errorf("asked for %d times; told:\n%s", f.Count(prepareLeg), r.ear)
				}
			})
		})
	}
	t.Run("it came when it was given up", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(prepareLeg, 1, aritest.Overtaken(30*time.Second))
			r.Prepare(aLeg)
			r.ends(t, engine.LegGone{Q850: networkDown, Absent: true})
			if len(r.all) != 0 || f.Count(deleteLeg) != 1 {
				t.Errorf("hung up %d times; told:\n%s", f.Count(deleteLeg), r.ear)
			}
			f.empty()
		})
	})
}

// A leg that could not be prepared is told gone once, although its call finds it missing, too.
func TestCallOfWhatWasNotPrepared(t *testing.T) {
	for name, test := range map[string]struct {
		fault aritest.Fault
		q850  int
	}{
		"it never came": {aritest.LostRequest(), networkDown},
		"it is refused": {aritest.Refused(http.StatusInternalServerError, "Allocation failed"), subscriberAbsent},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(prepareLeg, 1, test.fault)
				r.dials()
				r.ends(t, engine.LegGone{Q850: test.q850, Absent: true})
				f.empty()
			})
		})
	}
}
