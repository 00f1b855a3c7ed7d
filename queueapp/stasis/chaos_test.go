package stasis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// desk gives each caller a phone that rings, and ends what is left where one side is gone. It belongs to the sink's goroutine.
type desk struct {
	t     *testing.T
	r     *running
	told  map[string]int // how often what was told of which channel or playback
	asked map[queueapp.ChannelID]int
}

// hear acts on an event as an engine does, without any memory but of who is gone.
func (d *desk) hear(e engine.SwitchEvent) {
	switch e := e.(type) {
	case engine.SwitchUp:
		for _, b := range e.Bridges { // one that was asked for twice and destroyed can come again
			d.r.DestroyBridge(b.ID, "")
		}
		for _, ch := range e.Channels { // one that nobody waited for, and whose hang-up was refused
			d.r.HangUp(ch.ID, "normal")
		}
	case engine.Arrived:
		d.tell("arrived", string(e.ID))
		d.serve(e.ID)
	case engine.PlayDone:
		d.tell("play done", string(e.Playback))
	case engine.LegRinging:
		d.alive("ringing", e.Channel)
	case engine.LegUp:
		d.alive("up", e.Channel)
		d.r.Bridge(bridgeOf(e.Channel), callerOfLeg(e.Channel), e.Channel)
	case engine.LegGone:
		d.tell("gone", string(e.Channel))
		d.end(callerOfLeg(e.Channel), "busy")
	case engine.Gone:
		d.tell("gone", string(e.Channel))
		d.end(legOf(e.Channel), "answered_elsewhere")
		d.r.DestroyBridge(bridgeOf(legOf(e.Channel)), e.Channel)
	case engine.Failed:
		d.failed(e)
	}
}

// serve has an odd caller's leg originated, and an even one's prepared first.
func (d *desk) serve(ch queueapp.ChannelID) {
	d.r.Answer(ch)
	d.r.StartMusic(ch, "")
	d.r.Play(ch, engine.PlaybackID("rs1.p"+string(ch)), []string{"sound:a", "sound:b"})
	d.r.SetVariables(ch, engine.Variable{Name: "A", Value: "1"}, engine.Variable{Name: "B", Value: "2"})
	leg := engine.Leg{Channel: legOf(ch), Dial: "PJSIP/2000", Ring: 20 * time.Second}
	d.r.call(leg, ch[len(ch)-1]%2 == 0)
}

func (d *desk) failed(e engine.Failed) {
	switch e.Command {
	case "bridge":
		d.end(e.Leg, "normal")
	case "destroy":
		d.r.DestroyBridge(e.Bridge, e.Channel)
	case "hangup", "continue":
		d.end(e.Channel, "normal")
	}
}

// end hangs up who is not gone yet. Every third caller is sent on instead.
func (d *desk) end(ch queueapp.ChannelID, reason string) {
	switch {
	case d.told["gone "+string(ch)] > 0:
	case reason == "busy" && ch[len(ch)-1]%3 == 0:
		d.r.Continue(ch, nil, engine.Variable{Name: "QUEUESTATUS", Value: "TIMEOUT"})
	default:
		d.asked[ch]++
		d.r.HangUp(ch, reason)
	}
}

func (d *desk) tell(what, of string) { d.told[what+" "+of]++ }

func (d *desk) alive(what string, leg queueapp.ChannelID) {
	d.tell(what, string(leg))
	if d.told["gone "+string(leg)] > 0 || d.told[what+" "+string(leg)] > 1 {
		d.t.Errorf("%s is %s again, or although it is gone", leg, what)
	}
}

func legOf(caller queueapp.ChannelID) queueapp.ChannelID { return prefix + caller }

func callerOfLeg(leg queueapp.ChannelID) queueapp.ChannelID {
	return queueapp.ChannelID(strings.TrimPrefix(string(leg), prefix))
}

func bridgeOf(leg queueapp.ChannelID) engine.BridgeID { return engine.BridgeID(leg + ".b") }

// Whatever goes wrong, each leg, caller and playback is told gone, and nothing stays behind in Asterisk.
func TestChaos(t *testing.T) {
	chaos := aritest.Chaos{
		LostRequest: 0.06, LostReply: 0.06, LateReply: 0.06, Overtaken: 0.06, NoAnswer: 0.03, Refused: 0.06, Doubled: 0.3, Late: 15 * time.Second,
	}
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runChaos(t, newFake(t, func(o *aritest.Options) { o.Seed, o.Chaos = seed, chaos }))
			})
		})
	}
}

func runChaos(t *testing.T, f *fake) {
	const calls = 30
	f.Phone("PJSIP/2000").BehaveBy(func(r *rand.Rand) aritest.Behaviour {
		second := func(n int) time.Duration { return time.Duration(1+r.IntN(n)) * time.Second }
		return aritest.Behaviour{Ring: second(8), Talk: second(20), Never: r.IntN(5) == 0, Refuse: []int{0, 0, 0, 486, 603}[r.IntN(5)]}
	})
	d := &desk{t: t, r: f.make(), told: map[string]int{}, asked: map[queueapp.ChannelID]int{}}
	d.r.start(t, d.hear)
	synctest.Wait()
	var callers [calls]*aritest.Caller
	for i := range callers {
		callers[i] = f.Call(aritest.Call{ID: fmt.Sprint("1.", 100+i)})
		pass(time.Second)
		if i%4 == 0 {
			callers[i].HangUp()
		}
	}
	pass(10 * time.Minute)
	for _, c := range callers {
		if c.Where() == aritest.Inside {
			t.Errorf("caller %s was left alone", c.ID())
		}
		c.HangUp() // in the dialplan
		ch := queueapp.ChannelID(c.ID())
		d.once("arrived "+string(ch), 0)
		d.once("play done rs1.p"+string(ch), 0)
		d.once("gone "+string(ch), d.asked[ch])
		d.once("gone "+string(legOf(ch)), d.asked[legOf(ch)])
	}
	f.Cut()
	pass(time.Minute)
	if n := len(d.r.lanes.lanes); n != 0 || d.r.inbox.frames != 0 {
		t.Errorf("%d lanes and %d events wait", n, d.r.inbox.frames)
	}
	f.empty()
}

// once fails the test unless something was told once, or once more for each time that it was asked for as it was told.
func (d *desk) once(what string, more int) {
	d.t.Helper()
	if n := d.told[what]; n < 1 || n > 1+more {
		d.t.Errorf("%s: told %d times", what, n)
	}
}
