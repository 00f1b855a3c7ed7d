package stasis

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// Whatever Asterisk tells twice is told once, where it begins or ends something.
func TestDoubledEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.Trouble("", "", 0, aritest.Trouble{Copies: 1})
		c := f.talks(r)
		r.Play("1.1", "rs1.p", []string{"sound:a"})
		await[engine.PlayDone](t, r.ear, nil)
		r.Bridge("rs1.b", "1.1", aLeg.Channel)
		await(t, r.ear, func(e engine.Entered) bool { return e.Channel == aLeg.Channel })
		synctest.Wait()
		f.Phone(aLeg.Dial).HangUp()
		c.HangUp()
		await(t, r.ear, legGoneFrom(aLeg.Channel))
		await(t, r.ear, goneFrom("1.1"))
		synctest.Wait()
		for _, e := range r.all {
			switch e.(type) {
			case engine.Entered, engine.Left: // of which the engine knows what is new
			default:
				t.Errorf("told again: %T%+v", e, e)
			}
		}
		for _, kind := range []string{"StasisStart", "StasisEnd", "ChannelDestroyed", "PlaybackFinished", "Dial"} {
			if n := r.tally.of(r.tally.events, kind); n == 0 || n%2 != 0 {
				t.Errorf("%d %s came: nothing was doubled", n, kind)
			}
		}
	})
}

// A StasisStart that never came: who entered while it was lost is found when the connection is made again.
func TestLostStasisStart(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.Trouble("StasisStart", "", 0, aritest.Trouble{Lost: true})
		f.Phone(aLeg.Dial).Behave(aritest.Behaviour{})
		r.Originate(aLeg)
		await[engine.LegRinging](t, r.ear, nil)
		c := f.Call(aritest.Call{ID: "1.1", Args: []string{"queue", "support"}})
		c.Press("1")
		f.Cut()
		up := await[engine.SwitchUp](t, r.ear, nil)
		if ch, there := held(up, "1.1"); !there || ch.Ours || len(ch.Args) != 2 {
			t.Errorf("the caller is listed as %+v", ch)
		}
		if ch, there := held(up, aLeg.Channel); !there || !ch.Up {
			t.Errorf("the leg is listed as %+v", ch)
		}
		f.Trouble("StasisStart", "", 0, aritest.Trouble{})
		c.HangUp()
		await(t, r.ear, goneFrom("1.1"))
		f.Phone(aLeg.Dial).HangUp()
		r.ends(t, engine.LegGone{Q850: normalClearing})
	})
}

// Who ends while nobody hears of it, and leaves no trace in the listing, ends all the same.
func TestLostEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		c := f.talks(r)
		r.Play("1.1", "rs1.p", []string{"sound:a", "sound:b", "sound:c"})
		synctest.Wait()
		f.Trouble("", "", 0, aritest.Trouble{Lost: true})
		f.Phone(aLeg.Dial).HangUp()
		c.HangUp()
		f.Cut()
		await[engine.SwitchUp](t, r.ear, nil)
		await(t, r.ear, func(e engine.PlayDone) bool { return e.Failed })
		await(t, r.ear, goneFrom("1.1"))
		r.ends(t, engine.LegGone{Absent: true})
	})
}

// A playback that ended while nobody heard of it is asked for: its caller would hear silence for ever.
func TestLostPlaybackFinished(t *testing.T) {
	t.Run("with the connection", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.calls(r, "1.1")
			f.Trouble("PlaybackFinished", "rs1.p", 1, aritest.Trouble{Lost: true})
			r.Play("1.1", "rs1.p", []string{"sound:a"})
			pass(2 * time.Second)
			f.Cut()
			await(t, r.ear, func(e engine.PlayDone) bool { return e.Playback == "rs1.p" })
		})
	})
	t.Run("and it plays on", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.calls(r, "1.1")
			r.Play("1.1", "rs1.p", slices.Repeat([]string{"sound:a"}, 15))
			synctest.Wait()
			f.On("GET /playbacks/rs1.p", 1, aritest.NoAnswer())
			f.Cut()
			if got := await[engine.PlayDone](t, r.ear, nil); got.Failed {
				t.Errorf("%+v", got)
			}
		})
	})
	t.Run("with its caller", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			c := f.calls(r, "1.1")
			f.Trouble("PlaybackFinished", "", 0, aritest.Trouble{Lost: true})
			r.Play("1.1", "rs1.p", []string{"sound:a"})
			synctest.Wait()
			c.HangUp()
			await(t, r.ear, func(e engine.PlayDone) bool { return e.Failed })
			await(t, r.ear, goneFrom("1.1"))
		})
	})
}

// Events that come slowly come whole and in order, and the connection stands.
func TestSlowWebsocket(t *testing.T) {
	const calls = 40
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.Slow(300 * time.Millisecond) // 12 s in all: pings are answered meanwhile
		began := time.Now()
		for i := range calls {
			f.Call(aritest.Call{ID: fmt.Sprint(i)})
		}
		for i := range calls {
			got := await[engine.Arrived](t, r.ear, nil)
			if string(got.ID) != fmt.Sprint(i) {
				t.Fatalf("caller %d is %s", i, got.ID)
			}
		}
		if took := time.Since(began); took < 10*time.Second || len(r.all) != 0 {
			t.Errorf("they took %v; told:\n%s", took, r.ear)
		}
	})
}

// An Asterisk that stands still is found out, and what was asked of it meanwhile leaves nothing behind.
func TestFrozen(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		c := f.talks(r)
		began := time.Now()
		f.Freeze(true)
		r.Play("1.1", "rs1.p", []string{"sound:a"})
		late := engine.Leg{Channel: "rs1.late", Dial: "PJSIP/1000", Ring: 20 * time.Second}
		r.Originate(late)
		r.HangUp(late.Channel, "normal")
		down := await[engine.SwitchDown](t, r.ear, nil)
		if took := time.Since(began); !errors.Is(down.Err, errSilent) || took > 10*time.Second {
			t.Errorf("found out after %v: %v", took, down.Err)
		}
		await(t, r.ear, func(e engine.LegGone) bool { return e.Channel == late.Channel && e.Absent })
		await(t, r.ear, func(e engine.PlayDone) bool { return e.Playback == "rs1.p" })
		pass(30 * time.Second)
		f.Freeze(false) // what waited in its buffers is acted on now
		pass(5 * time.Second)
		up := await[engine.SwitchUp](t, r.ear, nil)
		if _, there := held(up, "1.1"); !there {
			t.Errorf("the caller is not listed: %+v", up.Channels)
		}
		r.HangUp(late.Channel, "normal") // as of one that is listed and nobody owns
		c.HangUp()
		await(t, r.ear, goneFrom("1.1"))
		r.HangUp(aLeg.Channel, "normal")
		r.endsOnce(t)
		if n := count[engine.PlayDone](r.ear, nil) + count[engine.Gone](r.ear, nil); n != 0 {
			t.Errorf("told again:\n%s", r.ear)
		}
		f.empty()
	})
}

// A websocket that was given up for want of an answer may still be opened, and take the application from the next one. Its
// owner knows that nobody else need have done that.
func TestOwnSocketComesLate(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.On("GET /events", 1, aritest.Fault{Act: 8 * time.Second})
		r := f.connect()
		await[engine.SwitchUp](t, r.ear, nil)
		began := time.Now()
		down := await(t, r.ear, func(e engine.SwitchDown) bool { return errors.Is(e.Err, errReplaced) })
		f.Call(aritest.Call{ID: "1.1"})
		await[engine.SwitchUp](t, r.ear, nil)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("up again %v after %v", took, down.Err)
		}
	})
}

// An Asterisk that dies and comes back has no call any more: each is told gone once, and it says when it was started.
func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.connect()
		before := await[engine.SwitchUp](t, r.ear, nil)
		f.talks(r)
		r.Play("1.1", "rs1.p", []string{"sound:a"})
		pass(100 * time.Millisecond)
		f.Stop()
		await[engine.SwitchDown](t, r.ear, nil)
		began := time.Now()
		r.Originate(engine.Leg{Channel: "rs1.late", Dial: "PJSIP/1000"})
		got := await[engine.LegGone](t, r.ear, nil)
		if got != (engine.LegGone{Channel: "rs1.late", Q850: networkDown, Absent: true}) || time.Since(began) > time.Second {
			t.Errorf("with nobody there: %+v after %v", got, time.Since(began))
		}
		pass(10 * time.Second)
		if err := f.Again(); err != nil {
			t.Fatal(err)
		}
		after := await[engine.SwitchUp](t, r.ear, nil)
		if !after.Started.After(before.Started) || len(after.Channels) != 0 {
			t.Errorf("up again with %+v, before started %v", after, before.Started)
		}
		await(t, r.ear, func(e engine.PlayDone) bool { return e.Failed })
		await(t, r.ear, goneFrom("1.1"))
		r.ends(t, engine.LegGone{Absent: true})
		f.calls(r, "1.2")
	})
}

// The application belongs to whoever opened a websocket last. Who lost it says so, and comes back slowly.
func TestReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.On("GET /events", 1, aritest.Refused(503, "")) // after which no late websocket of its own can be what replaces it
		first := f.up()
		began := time.Now()
		second := f.up()
		await(t, first.ear, func(e engine.SwitchDown) bool { return errors.Is(e.Err, errReplaced) })
		f.calls(second, "1.1")
		if n := count[engine.Arrived](first.ear, nil); n != 0 {
			t.Errorf("both heard of the caller")
		}
		up := await[engine.SwitchUp](t, first.ear, nil)
		if _, there := held(up, "1.1"); !there || time.Since(began) < 14*time.Second {
			t.Errorf("took it back after %v with %+v", time.Since(began), up.Channels)
		}
		await[engine.SwitchDown](t, second.ear, nil)
		second.stop()
		first.HangUp("1.1", "normal")
		await(t, first.ear, goneFrom(queueapp.ChannelID("1.1")))
	})
}
