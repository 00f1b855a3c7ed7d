package stasis

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/engine"
	"ringside/softwaresim/phone"
)

// testPrompts plays to a caller: several media in one playback, stopped by a key, refused, and cut off by a hang-up.
func testPrompts(t *testing.T, x *exchange) {
	r := x.connect(t)
	call, ch := x.dial(t, r, x.Info().Dial.IVR)
	r.Answer(ch.ID)
	done := func(id engine.PlaybackID, failed bool) {
		t.Helper()
		want := engine.PlayDone{Channel: ch.ID, Playback: id, Failed: failed}
		if got := await(t, r.ear, func(e engine.PlayDone) bool { return e.Playback == id }); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	began := time.Now()
	r.Play(ch.ID, "rs1.p1", []string{"digits:1", "digits:2"})
	done("rs1.p1", false)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("two digits were played in %v", took)
	}
	r.Play(ch.ID, "rs1.p2", []string{"sound:ringside/menu"})
	if err := call.AwaitLoud(soon(t), 3); err != nil {
		t.Error(err)
	}
	if err := call.Press(soon(t), "1#*0", phone.KeyTiming{}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []byte("1#*0") {
		if got := await[engine.Digit](t, r.ear, nil); got != (engine.Digit{Channel: ch.ID, Key: key}) {
			t.Errorf("got key %+v, want %c", got, key)
		}
	}
	began = time.Now()
	r.StopPlay(ch.ID, "rs1.p2")
	done("rs1.p2", false)
	t.Logf("a prompt stopped %v after StopPlay", time.Since(began).Round(100*time.Microsecond))
	r.StopPlay(ch.ID, "rs1.p2") // played out: not an error

	r.Play(ch.ID, "rs1.p3", []string{"sound:ringside/no-such-prompt"})
	done("rs1.p3", true)
	r.Play(ch.ID, "rs1.p4", []string{"video:cat"}) // of which Asterisk would never tell the end
	done("rs1.p4", true)
	r.Play("1700000000.1", "rs1.p5", []string{"sound:ringside/menu"})
	await(t, r.ear, func(e engine.PlayDone) bool { return e.Playback == "rs1.p5" && e.Failed })

	r.Play(ch.ID, "rs1.p6", []string{"sound:ringside/menu"})
	r.Play(ch.ID, "rs1.p7", []string{"sound:ringside/menu"})
	hangUp(t, call)
	done("rs1.p6", true)
	done("rs1.p7", true)
	await(t, r.ear, goneFrom(ch.ID))
	r.HangUp(ch.ID, "normal") // gone already: told again, as it was asked again
	await(t, r.ear, goneFrom(ch.ID))
	if n := count[engine.PlayDone](r.ear, nil) + count[engine.Failed](r.ear, nil); n != 0 {
		t.Errorf("more came:\n%s", r.ear)
	}
}

// testContinue gives callers back to the dialplan, which must see the variables and the place.
func testContinue(t *testing.T, x *exchange) {
	r := x.connect(t)
	t.Run("next priority", func(t *testing.T) {
		call, ch := x.dial(t, r, x.Info().Dial.Queue)
		r.Answer(ch.ID)
		r.StartMusic(ch.ID, "default")
		hostile := `a,b"c\${EXTEN} & <d>`
		r.Continue(ch.ID, nil, engine.Variable{Name: "QUEUESTATUS", Value: "TIMEOUT"}, engine.Variable{Name: "QUEUEAPP_CALL", Value: hostile})
		if got := await(t, r.ear, goneFrom(ch.ID)); got.HungUp || got.Q850 != 0 {
			t.Errorf("%+v", got)
		}
		var now listed
		for now.Dialplan.Exten != "sorry" { // the extension that QUEUESTATUS led to
			if err := r.rest.do(soon(t), "look", http.MethodGet, path("channels", string(ch.ID)), nil, &now); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]string{"QUEUESTATUS": "TIMEOUT", "QUEUEAPP_CALL": hostile} {
			var v struct{ Value string }
			if err := r.rest.do(soon(t), "look", http.MethodGet, path("channels", string(ch.ID), "variable")+"?variable="+name, nil, &v); err != nil {
				t.Fatal(err)
			}
			if v.Value != want {
				t.Errorf("%s is %q in the dialplan, want %q", name, v.Value, want)
			}
		}
		r.StartMusic(ch.ID, "") // not ours any more
		if f := await[engine.Failed](t, r.ear, nil); f.Command != "music" || f.Status != http.StatusConflict || f.Channel != ch.ID {
			t.Errorf("%+v", f)
		}
		r.HangUp(ch.ID, "normal") // told, although no event of Asterisk's comes
		await(t, r.ear, goneFrom(ch.ID))
		if _, err := call.AwaitEnd(soon(t)); err != nil {
			t.Error(err)
		}
	})
	t.Run("place", func(t *testing.T) {
		p := x.phone(t, "2000", phone.AnswerAfter(0))
		rings := p.Watch()
		defer rings.Close()
		_, ch := x.dial(t, r, x.Info().Dial.IVR)
		r.Answer(ch.ID)
		r.Continue(ch.ID, &engine.Place{Context: "ringside-extensions", Extension: "2000", Priority: 1})
		if got := await(t, r.ear, goneFrom(ch.ID)); got.HungUp {
			t.Errorf("%+v", got)
		}
		if _, err := rings.Next(soon(t), phone.InviteReceived); err != nil {
			t.Error("extension 2000 does not ring:", err)
		}
	})
	t.Run("one variable at a time", func(t *testing.T) { // Asterisk before 22.10
		r.oneByOne.Store(true)
		defer r.oneByOne.Store(false)
		call, ch := x.dial(t, r, x.Info().Dial.Queue)
		r.Continue(ch.ID, nil, engine.Variable{Name: "QUEUEAPP_CALL", Value: "x"}, engine.Variable{Name: "QUEUESTATUS", Value: "FULL"})
		await(t, r.ear, goneFrom(ch.ID))
		if err := call.AwaitLoud(soon(t), 5); err != nil {
			t.Error("the caller hears no excuse:", err)
		}
	})
}

// testDeadline lets Asterisk's own time-outs end things: the caller's goes on in the dialplan, the leg's ends it.
func testDeadline(t *testing.T, x *exchange) {
	r := x.connect(t)
	x.phone(t, "1000", phone.AnswerAfter(0))
	_, ch := x.dial(t, r, x.Info().Dial.Queue)
	r.Answer(ch.ID)
	leg := x.leg("PJSIP/1000", ch.ID)
	leg.Variables = []engine.Variable{{Name: "TIMEOUT(absolute)", Value: "1"}}
	began := time.Now()
	r.Originate(leg)
	await[engine.LegUp](t, r.ear, nil)
	r.Bridge("rs1.deadline", ch.ID, leg.Channel)
	await[engine.Entered](t, r.ear, func(e engine.Entered) bool { return e.Channel == leg.Channel })
	if got := await(t, r.ear, legGoneFrom(leg.Channel)); got.Absent || got.Q850 != 16 || time.Since(began) < time.Second {
		t.Errorf("%+v after %v", got, time.Since(began))
	}
	t.Logf("TIMEOUT(absolute)=1 from the originate ended the bridged leg after %v", time.Since(began).Round(time.Millisecond))
	r.SetVariables(ch.ID, engine.Variable{Name: "TIMEOUT(absolute)", Value: "1"}, engine.Variable{Name: "X", Value: "1"})
	if got := await(t, r.ear, goneFrom(ch.ID)); got.HungUp {
		t.Errorf("the caller's time-out leads to extension T, yet %+v", got)
	}
	r.DestroyBridge("rs1.deadline", "")
}

// testUnanswered ends callers before they were answered.
func testUnanswered(t *testing.T, x *exchange) {
	r := x.connect(t)
	call, ch := x.dial(t, r, x.Info().Dial.IVR)
	hangUp(t, call) // a CANCEL
	got := await(t, r.ear, goneFrom(ch.ID))
	t.Logf("a CANCEL: %+v", got)
	if !got.HungUp {
		t.Errorf("%+v", got)
	}
	call, ch = x.dial(t, r, x.Info().Dial.IVR)
	r.HangUp(ch.ID, "busy")
	if got := await(t, r.ear, goneFrom(ch.ID)); got != (engine.Gone{Channel: ch.ID, HungUp: true, Q850: 17}) {
		t.Errorf("%+v", got)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.Code != http.StatusBadRequest+86 {
		t.Errorf("the caller saw %+v, %v", o, err)
	}
}

// testHangUps ends what is not there, or not yet.
func testHangUps(t *testing.T, x *exchange) {
	r := x.connect(t)
	p := x.phone(t, "1000", phone.NeverAnswer())
	p.SetLines(3) // a CANCEL may still be under way when the next call comes
	r.HangUp("rs1.never.1.1", "normal")
	if got := await(t, r.ear, legGoneFrom("rs1.never.1.1")); !got.Absent {
		t.Errorf("%+v", got)
	}
	r.HangUp("1700000000.9999", "normal")
	await(t, r.ear, goneFrom("1700000000.9999"))

	watch := p.Watch()
	defer watch.Close()
	leg := x.leg("PJSIP/1000", "")
	r.Originate(leg)
	r.HangUp(leg.Channel, "answered_elsewhere") // at once: both wait in one lane
	if got := await(t, r.ear, legGoneFrom(leg.Channel)); got.Q850 != 26 || got.Absent {
		t.Errorf("%+v", got)
	}
	rung := x.leg("PJSIP/1000", "")
	r.Originate(rung)
	await(t, r.ear, func(e engine.LegRinging) bool { return e.Channel == rung.Channel })
	r.HangUp(rung.Channel, "answered_elsewhere")
	if got := await(t, r.ear, legGoneFrom(rung.Channel)); got.Q850 != 26 {
		t.Errorf("%+v", got)
	}
	for {
		e, err := watch.Next(soon(t), phone.CancelReceived)
		if err != nil {
			t.Fatal("no CANCEL says that the call was answered elsewhere, so the phone shows a missed call:", err)
		}
		if strings.Contains(e.Reason, "elsewhere") {
			break
		}
	}
	gone := x.leg("PJSIP/1000", "1700000000.9999")
	r.Originate(gone)
	if got := await(t, r.ear, legGoneFrom(gone.Channel)); got.Q850 != noRoute || !got.Absent {
		t.Errorf("without its originator: %+v", got)
	}
	r.Bridge("rs1.none", "1700000000.9999", "rs1.never.1.1")
	if f := await[engine.Failed](t, r.ear, nil); f.Command != "bridge" || f.Status != http.StatusNotFound {
		t.Errorf("%+v", f)
	}
	r.empty(t)
}

// testLocal reaches an agent through the dialplan: the leg has two halves, and neither is a caller.
func testLocal(t *testing.T, x *exchange) {
	r := x.connect(t)
	x.phone(t, "1000", phone.AnswerAfter(50*time.Millisecond))
	leg := x.leg("Local/1000@ringside-extensions/n", "")
	r.Originate(leg)
	await[engine.LegRinging](t, r.ear, nil)
	await[engine.LegUp](t, r.ear, nil)
	next := x.connect(t, func(c *Config) { c.App = "queueapp-other" }) // a second floor sees nothing of it as its own
	next.stop()
	r.HangUp(leg.Channel, "normal")
	if got := await(t, r.ear, legGoneFrom(leg.Channel)); got.Q850 != 16 {
		t.Errorf("%+v", got)
	}

	loop := x.leg("Local/"+x.Info().Dial.Queue+"@ringside-extensions/n", "")
	r.Originate(loop)
	got := await(t, r.ear, legGoneFrom(loop.Channel))
	t.Logf("a leg into our own queue: %+v", got)
	if n := count[engine.Arrived](r.ear, nil); n != 0 {
		t.Errorf("halves of legs were taken for callers:\n%s", r.ear)
	}
	r.empty(t)
}
