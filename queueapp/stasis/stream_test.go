package stasis

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

func TestUnknownAndMalformedEventsAreCounted(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.Send(
			ev("ChannelTransfer", "refer_to", "{}"), ev("RESTResponse"), ev("ChannelTransfer"),
			`{"type":"StasisStart","channel":7}`, `{"type":"ChannelDestroyed","timestamp":"yesterday"}`, `{"type":3}`, `not json`, `[]`, ``,
			ev("ChannelVarset", "variable", `"X"`),
			ev("StasisStart", "channel", channel("1.1"), "args", `["queue","support"]`),
		)
		await[engine.Arrived](t, r.ear, nil)
		for kind, want := range map[string]int{"ChannelTransfer": 2, "RESTResponse": 1} {
			if n := r.tally.of(r.tally.unknown, kind); n != want {
				t.Errorf("%d unknown %s, want %d", n, kind, want)
			}
		}
		for kind, want := range map[string]int{"StasisStart": 1, "ChannelDestroyed": 1, "": 4} {
			if n := r.tally.of(r.tally.malformed, kind); n != want {
				t.Errorf("%d malformed %q, want %d", n, kind, want)
			}
		}
		if n := count[engine.SwitchDown](r.ear, nil); n != 0 {
			t.Errorf("the stream was lost:\n%s", r.ear)
		}
	})
}

// A burst must not make Asterisk wait, even while nobody takes the events, and must come whole and in order.
func TestBurst(t *testing.T) {
	const burst = 5000
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(o *aritest.Options) { o.WriteTimeout = 100 * time.Millisecond })
		s := &slowSink{blocked: make(chan struct{})}
		c := f.connectTo(s.hear)
		synctest.Wait()
		for i := range burst {
			f.Call(aritest.Call{ID: fmt.Sprint(i)})
		}
		pass(time.Second) // all are written, none is taken
		if n := len(s.took()); n != 0 || f.Listening() != 1 {
			t.Fatalf("%d events were taken by a sink that blocks; %d websockets are open", n, f.Listening())
		}
		close(s.blocked)
		synctest.Wait()
		took := s.took()
		if len(took) != burst {
			t.Fatalf("%d of %d events came", len(took), burst)
		}
		for i, id := range took {
			if string(id) != fmt.Sprint(i) {
				t.Fatalf("event %d is of channel %s", i, id)
			}
		}
		c.stop()
	})
}

func TestTooManyEventsCostTheConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		s := &slowSink{blocked: make(chan struct{})}
		c := f.connectTo(s.hear, func(s *Switch) { s.inbox.limit = 100 })
		synctest.Wait()
		for i := range 101 {
			f.Call(aritest.Call{ID: fmt.Sprint(i)})
		}
		synctest.Wait()
		close(s.blocked)
		pass(time.Minute) // virtual: it connects again
		synctest.Wait()
		if !errors.Is(s.down(), errBehind) {
			t.Errorf("told %v, want %v", s.down(), errBehind)
		}
		if n := f.Count("GET /events"); n != 2 {
			t.Errorf("%d websockets were opened, want 2", n)
		}
		if c.inbox.frames != 0 {
			t.Errorf("%d events are still counted as waiting", c.inbox.frames)
		}
		c.stop()
	})
}

func TestTornWebsocket(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		c := f.calls(r, "1.1")
		f.On("GET /events", 0, aritest.Refused(http.StatusServiceUnavailable, ""))
		f.Cut()
		await[engine.SwitchDown](t, r.ear, nil)
		c.HangUp()
		pass(10 * time.Second)
		if n := count[engine.SwitchDown](r.ear, nil); n != 1 { // why it cannot be opened again, once
			t.Errorf("SwitchDown was told %d more times in 10 s of outage:\n%s", n, r.ear)
		}
		if n := f.Count("GET /events"); n < 8 || n > 30 {
			t.Errorf("%d attempts in 10 s", n)
		}
		f.Off("GET /events")
		up := await[engine.SwitchUp](t, r.ear, nil)
		if len(up.Channels) != 0 || up.Version != "22.10.1" || up.Started.IsZero() {
			t.Errorf("%+v", up)
		}
		await(t, r.ear, goneFrom("1.1")) // it is not listed any more
		if n := f.Count("PUT /applications/queueapp/eventFilter"); n != 2 {
			t.Errorf("the filter was set %d times, want once for each connection", n)
		}
		f.Cut()
		began := time.Now()
		await[engine.SwitchUp](t, r.ear, nil)
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("after a short outage it took %v, as after the long one before", took)
		}
	})
}

// A connection that stands and is dead is found out: one that was dead from the start, and one that died.
func TestHungWebsocket(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Mute(true)
		r := f.connect()
		for range 2 {
			await[engine.SwitchUp](t, r.ear, nil)
			f.Mute(true)
			began := time.Now()
			down := await[engine.SwitchDown](t, r.ear, nil)
			if took := time.Since(began); !errors.Is(down.Err, errSilent) || took > 10*time.Second {
				t.Errorf("a dead connection was found out after %v: %v", took, down.Err)
			}
			f.Mute(false)
		}
		await[engine.SwitchUp](t, r.ear, nil)
	})
}

func TestRefusedLogin(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.connect(func(c *Config) { c.Password = "wrong but secret" })
		down := await[engine.SwitchDown](t, r.ear, nil)
		if text := down.Err.Error(); !strings.Contains(text, "ari.conf") || strings.Contains(text, "secret") {
			t.Errorf("told %q", text)
		}
		pass(time.Minute)
		if n := f.Count("GET /events"); n > 6 {
			t.Errorf("%d log-ins in a minute with a password that is refused", n)
		}
	})
}

// What was held back while the listing was made is told after it, and nothing is told twice.
func TestHeldEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		first := f.up()
		other := f.up(func(c *Config) { c.App = "another" })
		listed := f.calls(first, "1.listed")
		first.Answer("1.listed")
		f.Call(aritest.Call{ID: "1.other", App: "another", Args: []string{"queue", "support"}})
		f.Call(aritest.Call{ID: "rs1.leg;2", Args: []string{"queue"}})
		f.Call(aritest.Call{ID: "1.forwarded", Args: []string{"leg", "rs1.x"}})
		first.Originate(aLeg)
		await[engine.LegRinging](t, first.ear, nil)
		f.ask("POST", "/bridges/conference", nil)
		first.PrepareBridge("rs1.b", "1.listed")
		synctest.Wait()
		f.ask("POST", "/bridges/rs1.b/addChannel", map[string]string{"channel": "1.listed"})
		first.stop()
		other.stop()

		f.On("GET /bridges", 1, aritest.LateReply(time.Second))
		r := f.connect()
		synctest.Wait()
		f.Send(ev("StasisStart", "channel", channel("1.listed"), "args", "[]")) // listed already
		listed.Press("7")                                                       // since
		f.Send(ev("StasisEnd", "channel", channel("1.gone")))                   // never heard of
		f.Call(aritest.Call{ID: "1.new"})                                       // since
		listed.HangUp()                                                         // since
		synctest.Wait()
		if n := len(r.all); n != 0 {
			t.Errorf("told before the listing:\n%s", r.ear)
		}
		up := await[engine.SwitchUp](t, r.ear, nil)
		if len(up.Channels) != 2 || up.Channels[0].ID != "1.listed" || up.Channels[1].ID != "rs1.leg" ||
			len(up.Bridges) != 1 || up.Bridges[0].ID != "rs1.b" || len(up.Bridges[0].Channels) != 1 {
			t.Errorf("%+v", up)
		}
		synctest.Wait()
		if n := r.inbox.frames; n != 0 {
			t.Errorf("%d events are still counted as waiting", n)
		}
		want := []engine.SwitchEvent{
			engine.LegRinging{Channel: "rs1.leg"},
			engine.Digit{Channel: "1.listed", Key: '7'},
			nil,
			engine.Left{Bridge: "rs1.b", Channel: "1.listed"},
			engine.Gone{Channel: "1.listed", HungUp: true, Q850: 16},
		}
		if len(r.all) != len(want) {
			t.Fatalf("told:\n%s", r.ear)
		}
		for i, e := range r.all {
			if a, ok := e.(engine.Arrived); ok && i == 2 && a.ID == "1.new" {
				continue
			}
			if e != want[i] {
				t.Errorf("told %T%+v, want %T%+v", e, e, want[i], want[i])
			}
		}
	})
}

// A leg that is still being asked for is listed as held: it has not ended.
func TestLegUnderWayIsListed(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On(postLeg, 1, aritest.Fault{Act: 2 * time.Second})
		r.Originate(aLeg)
		synctest.Wait()
		f.Cut()
		up := await[engine.SwitchUp](t, r.ear, nil)
		if ch, ok := held(up, "rs1.leg"); !ok || !ch.Ours || ch.Up {
			t.Errorf("%+v", up)
		}
		await[engine.LegRinging](t, r.ear, nil)
	})
}
