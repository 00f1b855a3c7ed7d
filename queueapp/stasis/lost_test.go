package stasis

import (
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

const (
	postLeg   = "POST /channels/rs1.leg"
	getLeg    = "GET /channels/rs1.leg"
	deleteLeg = "DELETE /channels/rs1.leg"
)

var aLeg = engine.Leg{Channel: "rs1.leg", Dial: "PJSIP/1000", Ring: 20 * time.Second}

// ends fails the test unless the leg is told gone so, and once.
func (r *running) ends(t *testing.T, want engine.LegGone) {
	t.Helper()
	want.Channel = aLeg.Channel
	if got := r.endsOnce(t); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
}

// endsOnce fails the test unless the leg is told gone once. How, an event and the 404 to a DELETE may both say first.
func (r *running) endsOnce(t *testing.T) engine.LegGone {
	t.Helper()
	got := await(t, r.ear, legGoneFrom(aLeg.Channel))
	pass(time.Minute)
	if n := count(r.ear, legGoneFrom(aLeg.Channel)); n != 0 {
		t.Errorf("told again:\n%s", r.ear)
	}
	return got
}

func TestOriginateWithoutReply(t *testing.T) {
	t.Run("it stands", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(postLeg, 1, aritest.LostReply())
			r.Originate(aLeg)
			await[engine.LegRinging](t, r.ear, nil)
			pass(15 * time.Second)
			if f.Count(postLeg) != 1 || f.Count(getLeg) != 1 {
				t.Errorf("%d POSTs and %d GETs, want one each", f.Count(postLeg), f.Count(getLeg))
			}
			if n := len(r.all); n != 0 {
				t.Errorf("told:\n%s", r.ear)
			}
			r.ends(t, engine.LegGone{Q850: 19})
		})
	})
	t.Run("it never came", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(postLeg, 1, aritest.LostRequest())
			began := time.Now()
			r.Originate(aLeg)
			r.ends(t, engine.LegGone{Q850: networkDown, Absent: true})
			if took := time.Since(began) - time.Minute; took < 10*time.Second || took > 12*time.Second {
				t.Errorf("given up after %v", took)
			}
			f.empty()
		})
	})
	t.Run("it came when it was given up", func(t *testing.T) { // Asterisk had the request in its buffer
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(postLeg, 1, aritest.Overtaken(30*time.Second))
			f.Phone(aLeg.Dial).Behave(aritest.Behaviour{})
			r.Originate(aLeg)
			r.ends(t, engine.LegGone{Q850: networkDown, Absent: true})
			if n := f.Count(deleteLeg); n != 1 {
				t.Errorf("it was hung up %d times, want once", n)
			}
			if n := len(r.all); n != 0 {
				t.Errorf("told:\n%s", r.ear)
			}
			f.empty()
		})
	})
	t.Run("nobody says whether it stands, and it does", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(postLeg, 1, aritest.LostReply())
			f.On(getLeg, 0, aritest.NoAnswer())
			f.Phone(aLeg.Dial).Behave(aritest.Behaviour{})
			r.Originate(aLeg)
			await[engine.LegUp](t, r.ear, nil)
			r.ends(t, engine.LegGone{Q850: normalClearing})
			f.empty()
		})
	})
	t.Run("the reply is torn", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.On(postLeg, 1, aritest.Fault{Torn: true})
			r.Originate(aLeg)
			await[engine.LegRinging](t, r.ear, nil)
			f.Phone(aLeg.Dial).Answer()
			await[engine.LegUp](t, r.ear, nil)
			pass(time.Minute)
			if n := len(r.all); n != 0 || f.Count(postLeg) != 1 || f.Count(getLeg) != 1 {
				t.Errorf("%d POSTs and %d GETs, want one each; told:\n%s", f.Count(postLeg), f.Count(getLeg), r.ear)
			}
		})
	})
}

// A leg is taken for what it is although its owner does not know yet that it stands.
func TestEventBeforeReply(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On(postLeg, 1, aritest.LateReply(3*time.Second))
		f.Phone(aLeg.Dial).Behave(aritest.Behaviour{Talk: time.Second})
		r.Originate(aLeg)
		began := time.Now()
		await[engine.LegRinging](t, r.ear, nil)
		await[engine.LegUp](t, r.ear, nil)
		if took := time.Since(began); took >= 3*time.Second {
			t.Errorf("the reply was waited for: %v", took)
		}
		r.ends(t, engine.LegGone{Q850: normalClearing})
		if n := f.Count(deleteLeg); n != 0 {
			t.Errorf("it was hung up %d times", n)
		}
	})
}

// A DELETE that comes before the POST that it is about is repeated until it has something to end. Until then the leg may
// still come, and nobody may think its phone free.
func TestDeleteOvertakesPost(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On(postLeg, 1, aritest.Overtaken(time.Second))
		r.Originate(aLeg)
		r.HangUp(aLeg.Channel, "answered_elsewhere")
		pass(900 * time.Millisecond)
		if n := count(r.ear, legGoneFrom(aLeg.Channel)); n != 0 {
			t.Error("it was told gone before it came")
		}
		r.endsOnce(t)
		if n := f.Count(deleteLeg); n < 2 {
			t.Errorf("it was deleted %d times: nothing overtook", n)
		}
		f.empty()
	})
}

// A command that had to wait too long is not sent: its owner may have lost the floor meanwhile.
func TestStaleCommandsAreNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On("POST /channels/*/answer", 0, aritest.NoAnswer())
		r.Answer("1.1")
		r.Play("1.1", "rs1.p", []string{"sound:ringside/menu"})
		r.Continue("1.1", nil, engine.Variable{Name: "QUEUESTATUS", Value: "TIMEOUT"})
		r.Answer(aLeg.Channel)
		r.Originate(aLeg)
		if got := await[engine.PlayDone](t, r.ear, nil); !got.Failed {
			t.Errorf("%+v", got)
		}
		await(t, r.ear, func(e engine.Failed) bool { return e.Command == "continue" })
		r.ends(t, engine.LegGone{Q850: networkDown, Absent: true})
		for _, request := range []string{"POST /channels/1.1/play/rs1.p", "POST /channels/1.1/continue", postLeg} {
			if n := f.Count(request); n != 0 {
				t.Errorf("%s was sent", request)
			}
		}
	})
}

func TestPlayWithoutReply(t *testing.T) {
	const post = "POST /channels/1.1/play/rs1.p"
	for name, fault := range map[string]aritest.Fault{
		"it plays": aritest.LostReply(), "it does not": aritest.LostRequest(), "it plays out first": aritest.LateReply(4 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.calls(r, "1.1")
				f.On(post, 1, fault)
				r.Play("1.1", "rs1.p", []string{"sound:a", "sound:b"}) // 2 s
				if got := await[engine.PlayDone](t, r.ear, nil); got.Failed != (name == "it does not") {
					t.Errorf("%+v", got)
				}
				pass(30 * time.Second)
				if n := count[engine.PlayDone](r.ear, nil); n != 0 || f.Count(post) != 1 {
					t.Errorf("%d POSTs; told again:\n%s", f.Count(post), r.ear)
				}
				if body := f.Body(post); body != `{"media":["sound:a","sound:b"]}` {
					t.Errorf("asked for %s", body)
				}
			})
		})
	}
}

// talks has a caller and a leg that are to be bridged.
func (f *fake) talks(r *running) *aritest.Caller {
	f.t.Helper()
	c := f.calls(r, "1.1")
	f.Phone(aLeg.Dial).Behave(aritest.Behaviour{})
	r.Answer("1.1")
	r.StartMusic("1.1", "")
	r.Originate(aLeg)
	await[engine.LegRinging](f.t, r.ear, nil)
	await[engine.LegUp](f.t, r.ear, nil)
	return c
}

// A channel that is added to its bridge again leaves it first: after a lost reply we look before we ask again.
func TestBridgeWithoutReply(t *testing.T) {
	const add = "POST /bridges/rs1.b/addChannel"
	for name, test := range map[string]struct {
		fault aritest.Fault
		want  int
	}{"they are in": {aritest.LostReply(), 1}, "they are not": {aritest.LostRequest(), 2}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				c := f.talks(r)
				r.PrepareBridge("rs1.b", "1.1")
				f.On(add, 1, test.fault)
				r.Bridge("rs1.b", "1.1", aLeg.Channel)
				for _, ch := range []queueapp.ChannelID{"1.1", aLeg.Channel} {
					await(t, r.ear, func(e engine.Entered) bool { return e.Channel == ch })
				}
				pass(time.Minute)
				if n := f.Count(add); n != test.want || len(r.all) != 0 || c.Hears() != "agent" {
					t.Errorf("asked %d times, want %d; the caller hears %q; told:\n%s", n, test.want, c.Hears(), r.ear)
				}
			})
		})
	}
}

func TestContinueWithoutReply(t *testing.T) {
	const post = "POST /channels/1.1/continue"
	for name, test := range map[string]struct {
		fault aritest.Fault
		want  int
	}{"it went": {aritest.LostReply(), 1}, "it did not": {aritest.LostRequest(), 2}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				c := f.calls(r, "1.1")
				f.On(post, 1, test.fault)
				r.Continue("1.1", nil, engine.Variable{Name: "QUEUESTATUS", Value: "FULL"})
				if got := await[engine.Gone](t, r.ear, nil); got.HungUp {
					t.Errorf("%+v", got)
				}
				pass(time.Minute)
				if n := f.Count(post); n != test.want || len(r.all) != 0 {
					t.Errorf("asked %d times, want %d; told:\n%s", n, test.want, r.ear)
				}
				if at := c.At(); at.Priority != 3 || c.Variable("QUEUESTATUS") != "FULL" {
					t.Errorf("the caller is at %+v", at)
				}
			})
		})
	}
}

// A hang-up is asked for again for as long as nobody says whether it came.
func TestHangUpWithoutReply(t *testing.T) {
	for _, fault := range []aritest.Fault{aritest.LostReply(), aritest.LostRequest()} {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			r.Originate(aLeg)
			await[engine.LegRinging](t, r.ear, nil)
			c := f.calls(r, "1.1")
			f.On("DELETE /channels/*", 2, fault)
			r.HangUp(aLeg.Channel, "busy")
			r.HangUp("1.1", "busy")
			got := await[engine.Gone](t, r.ear, nil)
			if got != (engine.Gone{Channel: "1.1", HungUp: true, Q850: 17}) || c.Where() != aritest.Ended {
				t.Errorf("%+v, the caller is %s", got, c.Where())
			}
			r.endsOnce(t)
			if len(r.all) != 0 {
				t.Errorf("told:\n%s", r.ear)
			}
			f.empty()
		})
	}
}
