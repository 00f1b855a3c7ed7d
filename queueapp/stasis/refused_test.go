package stasis

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// Refusals are of one kind each, and each is told in its own words.
func TestOriginateRefused(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault aritest.Fault
		q850  int
	}{
		{"400", aritest.Refused(http.StatusBadRequest, "Provided originator channel was not found"), noRoute},
		{"404", aritest.Refused(http.StatusNotFound, "Resource not found"), noRoute},
		{"412", aritest.Refused(http.StatusPreconditionFailed, "Channel in invalid state"), noRoute},
		{"422", aritest.Refused(http.StatusUnprocessableEntity, "Endpoint does not exist"), noRoute},
		{"500", aritest.Refused(http.StatusInternalServerError, "Allocation failed"), subscriberAbsent},
		{"503", aritest.Refused(http.StatusServiceUnavailable, "Asterisk not booted"), subscriberAbsent},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(postLeg, 0, test.fault)
				r.Originate(aLeg)
				r.ends(t, engine.LegGone{Q850: test.q850, Absent: true})
				if n := f.Count(postLeg); n != 1 {
					t.Errorf("asked %d times", n)
				}
			})
		})
	}
	t.Run("409", func(t *testing.T) { // it stands: asked for twice
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			r.Originate(aLeg)
			r.Originate(aLeg)
			await[engine.LegRinging](t, r.ear, nil)
			synctest.Wait()
			f.Phone(aLeg.Dial).Answer()
			await[engine.LegUp](t, r.ear, nil)
			synctest.Wait()
			if n := f.Count(postLeg); n != 2 || len(r.all) != 0 {
				t.Errorf("asked %d times; told:\n%s", n, r.ear)
			}
		})
	})
	t.Run("409 and nobody says whether it stands", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			r.Originate(aLeg)
			await[engine.LegRinging](t, r.ear, nil)
			f.On(getLeg, 1, aritest.NoAnswer())
			r.Originate(aLeg)
			pass(15 * time.Second)
			if f.Count(getLeg) != 2 || len(r.all) != 0 {
				t.Errorf("looked %d times; told:\n%s", f.Count(getLeg), r.ear)
			}
		})
	})
	t.Run("409 and it does not stand", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.Phone("PJSIP/2000").Register(false)
			r.Originate(aLeg)
			r.Originate(aLeg) // from now on this connection knows no other reason
			synctest.Wait()   // so that it is taken again
			r.Originate(engine.Leg{Channel: "rs1.other", Dial: "PJSIP/2000", Ring: 20 * time.Second})
			got := await(t, r.ear, legGoneFrom("rs1.other"))
			if got != (engine.LegGone{Channel: "rs1.other", Q850: subscriberAbsent, Absent: true}) {
				t.Errorf("%+v", got)
			}
		})
	})
	t.Run("the phone is not registered", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.Phone(aLeg.Dial).Register(false)
			r.Originate(aLeg)
			r.ends(t, engine.LegGone{Q850: subscriberAbsent, Absent: true})
		})
	})
}

// Nobody waits for the end of a playback that is refused.
func TestPlayRefused(t *testing.T) {
	for _, status := range []int{404, 409, 412, 422, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.calls(r, "1.1")
				f.On("POST /channels/1.1/play/rs1.p", 0, aritest.Refused(status, "no"))
				r.Play("1.1", "rs1.p", []string{"sound:a"})
				if got := await[engine.PlayDone](t, r.ear, nil); !got.Failed {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

func TestBridgeIsMadeWhereItIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		c := f.talks(r)
		r.Bridge("rs1.b", "1.1", aLeg.Channel)
		await(t, r.ear, func(e engine.Entered) bool { return e.Channel == aLeg.Channel })
		if f.Count("POST /bridges/rs1.b") != 1 || f.Count("POST /bridges/rs1.b/addChannel") != 2 || f.Count("DELETE /channels/1.1/moh") != 1 {
			t.Errorf("asked %v", f.Asked())
		}
		if body := f.Body("POST /bridges/rs1.b/addChannel"); body != `{"channel":["1.1","rs1.leg"]}` || c.Hears() != "agent" {
			t.Errorf("added with %s; the caller hears %q", body, c.Hears())
		}
		r.PrepareBridge("rs1.b", "1.1") // 409: it stands
		r.DestroyBridge("rs1.b", "1.1")
		r.DestroyBridge("rs1.b", "1.1") // 404: it is gone
		synctest.Wait()
		if n := count[engine.Failed](r.ear, nil); n != 0 || len(f.Bridges()) != 0 {
			t.Errorf("bridges %v; told:\n%s", f.Bridges(), r.ear)
		}
	})
}

// Whoever cannot be bridged is told, whatever the reason: the caller must not be left with silence.
func TestBridgeRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(f *fake, c *aritest.Caller)
		status int
		says   string
	}{
		{"the leg is gone", func(f *fake, _ *aritest.Caller) { f.Phone(aLeg.Dial).HangUp() }, 400, "Channel not found"},
		{"the caller is gone", func(_ *fake, c *aritest.Caller) { c.HangUp() }, 404, "Channel not found"},
		{"409", func(f *fake, _ *aritest.Caller) {
			f.On("POST /bridges/rs1.b/addChannel", 0, aritest.Refused(409, "Bridge not in Stasis application"))
		}, 409, "Bridge not in"},
		{"422", func(f *fake, _ *aritest.Caller) {
			f.On("POST /bridges/rs1.b/addChannel", 0, aritest.Refused(422, "Channel not in Stasis application"))
		}, 422, "Channel not in"},
		{"500", func(f *fake, _ *aritest.Caller) {
			f.On("POST /bridges/rs1.b/addChannel", 0, aritest.Refused(500, "Internal error"))
		}, 500, "Internal error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				c := f.talks(r)
				r.PrepareBridge("rs1.b", "1.1")
				synctest.Wait()
				test.before(f, c)
				r.Bridge("rs1.b", "1.1", aLeg.Channel)
				if got := await[engine.Failed](t, r.ear, nil); got.Command != "bridge" || got.Channel != "1.1" || got.Leg != aLeg.Channel || got.Status != test.status ||
					!strings.Contains(got.Err.Error(), test.says) {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}
