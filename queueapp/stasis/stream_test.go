package stasis

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

func TestUnknownAndMalformedEventsAreCounted(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.send(
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
	inBubble(t, func(t *testing.T, f *fake) {
		s := &slowSink{blocked: make(chan struct{})}
		c := f.connectTo(s.hear)
		synctest.Wait()
		for i := range burst {
			f.send(ev("StasisStart", "channel", channel(queueapp.ChannelID(fmt.Sprint(i))), "args", "[]"))
		}
		synctest.Wait() // all are written, none is taken
		if n := len(s.took()); n != 0 {
			t.Fatalf("%d events were taken by a sink that blocks", n)
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
			f.send(ev("StasisStart", "channel", channel(queueapp.ChannelID(fmt.Sprint(i))), "args", "[]"))
		}
		synctest.Wait()
		close(s.blocked)
		pass(time.Minute) // virtual: it connects again
		synctest.Wait()
		if !errors.Is(s.down(), errBehind) {
			t.Errorf("told %v, want %v", s.down(), errBehind)
		}
		if n := f.count("GET /events"); n != 2 {
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
		f.send(ev("StasisStart", "channel", channel("1.1"), "args", "[]"))
		await[engine.Arrived](t, r.ear, nil)
		f.answer("GET /events", status(http.StatusServiceUnavailable))
		f.cut()
		await[engine.SwitchDown](t, r.ear, nil)
		pass(10 * time.Second)
		if n := count[engine.SwitchDown](r.ear, nil); n != 1 { // why it cannot be opened again, once
			t.Errorf("SwitchDown was told %d more times in 10 s of outage:\n%s", n, r.ear)
		}
		if n := f.count("GET /events"); n < 8 || n > 30 {
			t.Errorf("%d attempts in 10 s", n)
		}
		f.answer("GET /events", nil)
		up := await[engine.SwitchUp](t, r.ear, nil)
		if len(up.Channels) != 0 || up.Version != "22.10.1" || up.Started.IsZero() {
			t.Errorf("%+v", up)
		}
		await(t, r.ear, goneFrom("1.1")) // it is not listed any more
		if n := f.count("PUT /applications/queueapp/eventFilter"); n != 2 {
			t.Errorf("the filter was set %d times, want once for each connection", n)
		}
	})
}

func TestHungWebsocket(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.mute = true
		r := f.connect()
		await[engine.SwitchUp](t, r.ear, nil)
		began := time.Now()
		down := await[engine.SwitchDown](t, r.ear, nil)
		if took := time.Since(began); !errors.Is(down.Err, errSilent) || took > 10*time.Second {
			t.Errorf("a dead connection was found out after %v: %v", took, down.Err)
		}
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
		if n := f.count("GET /events"); n > 6 {
			t.Errorf("%d log-ins in a minute with a password that is refused", n)
		}
	})
}

// What was held back while the listing was made is told after it, and nothing is told twice.
func TestHeldEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.lists("1.listed", "Up", "queueapp,queue,support")
		f.lists("1.other", "Up", "another,queue,support")
		f.lists("rs1.leg", "Ringing", "")
		f.lists("rs1.leg;2", "Up", "queueapp,queue")
		f.lists("1.forwarded", "Up", "queueapp,leg,rs1.x")
		listing := make(chan struct{})
		f.answer("GET /bridges", func(w http.ResponseWriter, _ *http.Request) {
			<-listing
			fmt.Fprint(w, `[{"id":"rs1.b","channels":["1.listed"]},{"id":"conference"}]`)
		})
		r := f.connect()
		synctest.Wait()
		f.send(
			ev("StasisStart", "channel", channel("1.listed"), "args", "[]"),                                             // listed already
			ev("ChannelDtmfReceived", "channel", channel("1.listed"), "digit", `"7"`),                                   // since
			ev("StasisEnd", "channel", channel("1.gone")),                                                               // never heard of
			ev("StasisStart", "channel", channel("1.new"), "args", "[]"),                                                // since
			ev("ChannelHangupRequest", "channel", channel("1.listed")), ev("StasisEnd", "channel", channel("1.listed")), // since
		)
		synctest.Wait()
		if n := len(r.all); n != 0 {
			t.Errorf("told before the listing:\n%s", r.ear)
		}
		close(listing)
		up := await[engine.SwitchUp](t, r.ear, nil)
		if len(up.Channels) != 2 || up.Channels[0].ID != "1.listed" || up.Channels[1].ID != "rs1.leg" ||
			len(up.Bridges) != 1 || up.Bridges[0].ID != "rs1.b" {
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
		reply := make(chan struct{})
		f.answer("POST /channels/rs1.leg", func(http.ResponseWriter, *http.Request) { <-reply })
		r.Originate(engine.Leg{Channel: "rs1.leg", Dial: "PJSIP/1000"})
		synctest.Wait()
		f.cut()
		up := await[engine.SwitchUp](t, r.ear, nil)
		if ch, ok := held(up, "rs1.leg"); !ok || !ch.Ours || ch.Up {
			t.Errorf("%+v", up)
		}
		close(reply)
		f.send(ev("Dial", "dialstatus", `"RINGING"`, "peer", channel("rs1.leg")))
		await[engine.LegRinging](t, r.ear, nil)
	})
}
