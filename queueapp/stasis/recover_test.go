package stasis

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// held says whether a listing shows a channel, and how.
func held(up engine.SwitchUp, id queueapp.ChannelID) (engine.Channel, bool) {
	i := slices.IndexFunc(up.Channels, func(c engine.Channel) bool { return c.ID == id })
	if i < 0 {
		return engine.Channel{}, false
	}
	return up.Channels[i], true
}

// floorful is one caller waiting, one with a leg that rings, and one talking.
type floorful struct {
	calls                      [3]*phone.Call
	waiting, rung, talking     queueapp.ChannelID
	ringing, up                engine.Leg
	ringingPhone, talkingPhone *phone.Phone
}

const floorBridge = "rs1.talk"

func (x *exchange) fill(t *testing.T, r *running) *floorful {
	t.Helper()
	f := &floorful{
		ringingPhone: x.phone(t, "1000", phone.NeverAnswer()), talkingPhone: x.phone(t, "2000", phone.AnswerAfter(0)),
	}
	var arrived [3]engine.Channel
	for i := range f.calls {
		f.calls[i], arrived[i] = x.dial(t, r, x.Info().Dial.Queue)
		r.Answer(arrived[i].ID)
		r.StartMusic(arrived[i].ID, "")
	}
	f.waiting, f.rung, f.talking = arrived[0].ID, arrived[1].ID, arrived[2].ID
	f.ringing, f.up = x.leg("PJSIP/1000", f.rung), x.leg("PJSIP/2000", f.talking)
	f.ringing.Ring = time.Minute
	r.Originate(f.ringing)
	r.Originate(f.up)
	await(t, r.ear, func(e engine.LegRinging) bool { return e.Channel == f.ringing.Channel })
	await(t, r.ear, func(e engine.LegUp) bool { return e.Channel == f.up.Channel })
	r.Bridge(floorBridge, f.talking, f.up.Channel)
	await(t, r.ear, func(e engine.Entered) bool { return e.Channel == f.talking })
	await(t, r.ear, func(e engine.Entered) bool { return e.Channel == f.up.Channel })
	return f
}

// check compares what a connect listed with what is there.
func (f *floorful) check(t *testing.T, up engine.SwitchUp) {
	t.Helper()
	for _, id := range []queueapp.ChannelID{f.waiting, f.rung, f.talking} {
		ch, ok := held(up, id)
		if !ok || ch.Ours || !ch.Up || strings.Join(ch.Args, " ") != "queue support code=1111" || ch.Caller.Number != "5550100" ||
			ch.Endpoint != "PJSIP/trunk" || ch.Created.IsZero() {
			t.Errorf("caller %s is listed as %+v", id, ch)
		}
	}
	if ch, ok := held(up, f.ringing.Channel); !ok || !ch.Ours || ch.Up {
		t.Errorf("the ringing leg is listed as %+v", ch)
	}
	if ch, ok := held(up, f.up.Channel); !ok || !ch.Ours || !ch.Up || ch.Endpoint != "PJSIP/2000" {
		t.Errorf("the talking leg is listed as %+v", ch)
	}
	i := slices.IndexFunc(up.Bridges, func(b engine.Bridge) bool { return b.ID == floorBridge })
	if i < 0 || !slices.Contains(up.Bridges[i].Channels, f.talking) || !slices.Contains(up.Bridges[i].Channels, f.up.Channel) {
		t.Errorf("bridges are listed as %+v", up.Bridges)
	}
}

// clear ends everything, which must be told once each.
func (f *floorful) clear(t *testing.T, r *running) {
	t.Helper()
	for _, ch := range []queueapp.ChannelID{f.ringing.Channel, f.up.Channel} {
		r.HangUp(ch, "normal")
		await(t, r.ear, legGoneFrom(ch))
	}
	for _, ch := range []queueapp.ChannelID{f.waiting, f.rung, f.talking} {
		r.HangUp(ch, "normal")
		await(t, r.ear, goneFrom(ch))
	}
	r.DestroyBridge(floorBridge, "")
	r.empty(t)
	if n := count[engine.Gone](r.ear, nil) + count[engine.LegGone](r.ear, nil); n != 0 {
		t.Errorf("ends were told twice:\n%s", r.ear)
	}
}

// testCut cuts the websocket under calls. Whatever happens meanwhile is told afterwards.
func testCut(t *testing.T, x *exchange) {
	w, at := newWire(t, x.Info().ARI.URL)
	r := x.connect(t, func(c *Config) { c.URL = at })
	f := x.fill(t, r)
	leaver, left := x.dial(t, r, x.Info().Dial.Queue)
	r.Answer(left.ID)
	r.Play(left.ID, "rs1.cut", []string{"sound:ringside/menu"})
	if err := leaver.AwaitLoud(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	refuser := x.phone(t, "3000", phone.NeverAnswer())
	calls := refuser.Watch()
	defer calls.Close()
	lost := x.leg("PJSIP/3000", "")
	r.Originate(lost)
	await(t, r.ear, func(e engine.LegRinging) bool { return e.Channel == lost.Channel })

	began := time.Now()
	w.cut(true)
	if down := await[engine.SwitchDown](t, r.ear, nil); down.Err == nil {
		t.Error("SwitchDown does not say why")
	}
	hangUp(t, leaver)
	e, err := calls.Next(soon(t), phone.InviteReceived)
	if err != nil {
		t.Fatal(err)
	}
	e.Call.Refuse(486)
	if _, err := e.Call.AwaitEnd(soon(t)); err != nil {
		t.Fatal(err)
	}
	mended := time.Now()
	w.cut(false)
	up := await[engine.SwitchUp](t, r.ear, nil)
	t.Logf("cut for %v; up again %v after it was mended", mended.Sub(began).Round(time.Millisecond), time.Since(mended).Round(time.Millisecond))
	f.check(t, up)
	if _, there := held(up, left.ID); there {
		t.Error("a caller who hung up is listed")
	}
	if _, there := held(up, lost.Channel); there {
		t.Error("a leg that ended is listed")
	}
	await(t, r.ear, func(e engine.PlayDone) bool { return e.Playback == "rs1.cut" })
	await(t, r.ear, goneFrom(left.ID))
	if got := await(t, r.ear, legGoneFrom(lost.Channel)); !got.Absent {
		t.Errorf("%+v", got)
	}
	key := f.calls[0]
	if err := key.Press(soon(t), "5", phone.KeyTiming{}); err != nil {
		t.Fatal(err)
	}
	await(t, r.ear, func(e engine.Digit) bool { return e.Channel == f.waiting && e.Key == '5' })
	f.clear(t, r)
}

// testNextOwner ends one process under calls and lets another take over, which hears of all that follows.
func testNextOwner(t *testing.T, x *exchange) {
	first := x.connect(t)
	f := x.fill(t, first)
	first.stop()
	c := x.config(t)
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	next := run(t, s, nil)
	f.check(t, await[engine.SwitchUp](t, next.ear, nil))
	await(t, next.ear, func(e engine.LegRinging) bool { return e.Channel == f.ringing.Channel })
	atPhone := x.phones.Calls()
	for _, call := range atPhone {
		if call.To() == "1000" || strings.Contains(call.String(), "1000") {
			call.Answer()
		}
	}
	await(t, next.ear, func(e engine.LegUp) bool { return e.Channel == f.ringing.Channel })
	f.clear(t, next)
}

// testTaken opens a second websocket for the same application: the first owner is told, and takes it back only slowly.
func testTaken(t *testing.T, x *exchange) {
	first := x.connect(t, func(c *Config) { c.Timing.Refused = 300 * time.Millisecond })
	second := x.connect(t)
	if down := await[engine.SwitchDown](t, first.ear, nil); !errors.Is(down.Err, errReplaced) {
		t.Errorf("told %v", down.Err)
	}
	began := time.Now()
	await[engine.SwitchUp](t, first.ear, nil)
	if waited := time.Since(began); waited < 250*time.Millisecond {
		t.Errorf("took the application back after %v", waited)
	}
	await[engine.SwitchDown](t, second.ear, nil)
}

// TestAsteriskStops freezes, kills and restarts a real Asterisk under calls.
func TestAsteriskStops(t *testing.T) {
	x := startExchange(t)
	r := x.connect(t)
	_, ch := x.dial(t, r, x.Info().Dial.Queue)
	r.Answer(ch.ID)
	x.phone(t, "1000", phone.NeverAnswer())

	began := time.Now()
	if err := x.Signal(stack.Asterisk, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	late := x.leg("PJSIP/1000", ch.ID)
	r.Originate(late)
	r.HangUp(late.Channel, "normal") // both have no answer; Asterisk may act on either when it goes on
	await[engine.SwitchDown](t, r.ear, nil)
	took := time.Since(began)
	t.Logf("a frozen Asterisk was found out after %v", took.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("a frozen Asterisk was found out after %v, want 10s at most", took)
	}
	if err := x.Signal(stack.Asterisk, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	up := await[engine.SwitchUp](t, r.ear, nil)
	if _, there := held(up, ch.ID); !there {
		t.Errorf("the caller is not listed: %+v", up.Channels)
	}
	await(t, r.ear, legGoneFrom(late.Channel))

	if err := x.Kill(soon(t), stack.Asterisk); err != nil {
		t.Fatal(err)
	}
	await[engine.SwitchDown](t, r.ear, nil)
	r.Originate(x.leg("PJSIP/1000", ""))
	if got := await[engine.LegGone](t, r.ear, nil); !got.Absent || got.Q850 != networkDown {
		t.Errorf("with Asterisk dead: %+v", got)
	}
	began = time.Now()
	if err := x.Restart(soon(t), stack.Asterisk); err != nil {
		t.Fatal(err)
	}
	again := await[engine.SwitchUp](t, r.ear, nil)
	t.Logf("Asterisk was restarted, and heard again %v after the order", time.Since(began).Round(time.Millisecond))
	if len(again.Channels) != 0 || !again.Started.After(up.Started) {
		t.Errorf("after the restart: %+v, before it was started %v", again, up.Started)
	}
	await(t, r.ear, goneFrom(ch.ID))
	r.empty(t)
}
