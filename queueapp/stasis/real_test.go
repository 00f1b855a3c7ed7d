package stasis

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// exchange is a real Asterisk with phones and callers around it.
type exchange struct {
	*stack.Stack
	phones, callers *phone.UA
	calls           *atomic.Int64
}

// startExchange starts an Asterisk for a test.
func startExchange(t *testing.T) *exchange {
	t.Helper()
	st, err := stack.Start(t.Context(), stack.Options{Only: []string{stack.Asterisk}, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	x := &exchange{Stack: st, calls: new(atomic.Int64)}
	x.phones = x.listen(t, voice.Media{Tone: 700})
	x.callers = x.listen(t, voice.Media{Tone: 1100})
	return x
}

func (x *exchange) listen(t *testing.T, media voice.Media) *phone.UA {
	t.Helper()
	ua, err := phone.Listen(phone.Config{Server: x.Info().SIP, Media: media})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ua.Close() })
	return ua
}

func (x *exchange) config(t *testing.T) Config {
	ari := x.Info().ARI
	return Config{Name: "pbx", URL: ari.URL, User: ari.User, Password: ari.Password, App: ari.App, Log: logTo(t)}
}

// connect runs a Switch on the Asterisk and waits until it is up.
func (x *exchange) connect(t *testing.T, change ...func(*Config)) *running {
	t.Helper()
	c := x.config(t)
	counts := newTally()
	c.Observer = counts
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, s, counts)
	await[engine.SwitchUp](t, r.ear, nil)
	return r
}

// phone registers the phone of an extension, for the test.
func (x *exchange) phone(t *testing.T, number string, b phone.Behaviour) *phone.Phone {
	t.Helper()
	for _, e := range x.Info().Extensions {
		if e.Number != number {
			continue
		}
		p := x.phones.NewPhone(phone.Account{Number: number, Password: e.Password}, b)
		if err := p.Register(soon(t)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.Unregister(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return p
	}
	t.Fatalf("the stack has no extension %s", number)
	return nil
}

// dial has a caller dial a number, and takes its arrival.
func (x *exchange) dial(t *testing.T, r *running, number string) (*phone.Call, engine.Channel) {
	t.Helper()
	x.calls.Add(1)
	call, err := x.callers.Caller(phone.Party{Name: "Ana", Number: "5550100"}).Dial(soon(t), number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(t, call) })
	return call, await[engine.Arrived](t, r.ear, nil).Channel
}

// leg is a new leg to a phone for a caller.
func (x *exchange) leg(dial string, caller queueapp.ChannelID) engine.Leg {
	return engine.Leg{
		Channel: queueapp.ChannelID(fmt.Sprintf("rs1.call%d.1.1", x.calls.Add(1))), Dial: dial, Originator: caller,
		CallerNumber: "5550100", CallerName: "support: Company 1", Ring: 10 * time.Second,
	}
}

// hangUp ends a call, where it has not ended.
func hangUp(t *testing.T, call *phone.Call) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := call.Hangup(ctx); err != nil {
		t.Error(err)
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// from matches the events of one channel.
func goneFrom(ch queueapp.ChannelID) func(engine.Gone) bool {
	return func(e engine.Gone) bool { return e.Channel == ch }
}

func legGoneFrom(ch queueapp.ChannelID) func(engine.LegGone) bool {
	return func(e engine.LegGone) bool { return e.Channel == ch }
}

// empty fails the test if Asterisk still has channels or bridges.
func (r *running) empty(t *testing.T) {
	t.Helper()
	late := time.After(patience)
	for {
		var channels []listed
		var bridges []struct{ ID string }
		if err := r.rest.do(soon(t), "list", "GET", "/channels", nil, &channels); err != nil {
			t.Fatal(err)
		}
		if err := r.rest.do(soon(t), "list", "GET", "/bridges", nil, &bridges); err != nil {
			t.Fatal(err)
		}
		if len(channels)+len(bridges) == 0 {
			return
		}
		select {
		case <-late:
			t.Fatalf("left in Asterisk: channels %v, bridges %v", channels, bridges)
		case <-time.After(20 * time.Millisecond): // Asterisk tells of no bridge that is gone
		}
	}
}

func TestAsterisk(t *testing.T) {
	x := startExchange(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *exchange)
	}{
		{"call", testCall},
		{"causes", testCauses},
		{"undialled", testUndialled},
		{"prompts", testPrompts},
		{"continue", testContinue},
		{"deadline", testDeadline},
		{"unanswered", testUnanswered},
		{"hang-ups", testHangUps},
		{"local", testLocal},
		{"devices", testDevices},
		{"websocket cut", testCut},
		{"next owner", testNextOwner},
		{"application taken", testTaken},
		{"check", testCheck},
		{"many at once", testMany},
		{"latency", testLatency},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, x) })
	}
}

// testCall is the main path: a caller is answered, waits, is connected, and each side hangs up once.
func testCall(t *testing.T, x *exchange) {
	r := x.connect(t)
	p := x.phone(t, "1000", phone.AnswerAfter(100*time.Millisecond))
	for n, first := range []string{"agent", "caller", "agent", "caller"} {
		t.Run(first+" hangs up", func(t *testing.T) {
			atPhone := p.Watch()
			defer atPhone.Close()
			call, ch := x.dial(t, r, x.Info().Dial.Queue)
			if ch.Ours || ch.Up || ch.Endpoint != "PJSIP/trunk" || strings.Join(ch.Args, " ") != "queue support code=1111" ||
				ch.Caller != (queueapp.Caller{Number: "5550100", Name: "Ana", Dialled: x.Info().Dial.Queue}) ||
				time.Since(ch.Created).Abs() > time.Minute {
				t.Errorf("arrived %+v", ch)
			}
			r.Answer(ch.ID)
			r.StartMusic(ch.ID, "")
			r.PrepareBridge("rs1.bridge", ch.ID)
			if err := call.AwaitLoud(soon(t), 5); err != nil {
				t.Fatal("no music:", err)
			}
			leg := x.leg("PJSIP/1000", ch.ID)
			r.call(leg, n > 1)
			invite, err := atPhone.Next(soon(t), phone.InviteReceived)
			if err != nil {
				t.Fatal(err)
			}
			if *invite.From != (phone.Party{Name: leg.CallerName, Number: leg.CallerNumber}) {
				t.Errorf("the phone shows %+v", invite.From)
			}
			await[engine.LegRinging](t, r.ear, nil)
			await[engine.LegUp](t, r.ear, nil)
			r.Bridge("rs1.bridge", ch.ID, leg.Channel)
			await[engine.Entered](t, r.ear, func(e engine.Entered) bool { return e.Channel == ch.ID && e.Bridge == "rs1.bridge" })
			await[engine.Entered](t, r.ear, func(e engine.Entered) bool { return e.Channel == leg.Channel })
			if err := call.AwaitTone(soon(t), 700, 5); err != nil {
				t.Error("the caller does not hear the agent:", err)
			}
			if err := invite.Call.AwaitTone(soon(t), 1100, 5); err != nil {
				t.Error("the agent does not hear the caller:", err)
			}
			if first == "agent" {
				hangUp(t, invite.Call)
			} else {
				hangUp(t, call)
				if got := await[engine.Gone](t, r.ear, nil); got != (engine.Gone{Channel: ch.ID, HungUp: true, Q850: 16}) {
					t.Errorf("%+v", got)
				}
				r.HangUp(leg.Channel, "normal")
			}
			if got := await[engine.LegGone](t, r.ear, nil); got != (engine.LegGone{Channel: leg.Channel, Q850: 16}) {
				t.Errorf("%+v", got)
			}
			if first == "agent" {
				r.HangUp(ch.ID, "normal")
				if got := await[engine.Gone](t, r.ear, nil); got != (engine.Gone{Channel: ch.ID, HungUp: true, Q850: 16}) {
					t.Errorf("%+v", got)
				}
			}
			r.DestroyBridge("rs1.bridge", ch.ID)
			r.empty(t)
			if n := count[engine.Gone](r.ear, nil) + count[engine.LegGone](r.ear, nil) + count[engine.Failed](r.ear, nil); n != 0 {
				t.Errorf("more came:\n%s", r.ear)
			}
		})
	}
}

// call has a leg call its phone, by a channel that was prepared or by one of its own.
func (r *running) call(leg engine.Leg, prepared bool) {
	if prepared {
		r.Prepare(leg)
		leg.Prepared = true
	}
	r.Originate(leg)
}

// testUndialled takes back a leg that was prepared: nobody's phone hears of it.
func testUndialled(t *testing.T, x *exchange) {
	r := x.connect(t)
	p := x.phone(t, "1000", phone.AnswerAfter(0))
	atPhone := p.Watch()
	defer atPhone.Close()
	undialled, next := x.leg("PJSIP/1000", ""), x.leg("PJSIP/1000", "")
	r.Prepare(undialled)
	r.HangUp(undialled.Channel, "normal")
	await(t, r.ear, legGoneFrom(undialled.Channel))
	r.call(next, true)
	await[engine.LegUp](t, r.ear, nil)
	if invite, err := atPhone.Next(soon(t), phone.InviteReceived); err != nil || invite.From.Number != next.CallerNumber {
		t.Errorf("the phone was called: %+v, %v", invite, err)
	}
	if n := count[engine.LegRinging](r.ear, nil); n > 1 {
		t.Errorf("%d phones rang", n)
	}
	r.HangUp(next.Channel, "normal")
	await(t, r.ear, legGoneFrom(next.Channel))
	r.empty(t)
}

// testCauses tells how each way of not answering ends a leg, in the same words whether it was prepared or not.
func testCauses(t *testing.T, x *exchange) {
	for _, prepared := range []bool{false, true} {
		t.Run(map[bool]string{false: "originated", true: "prepared"}[prepared], func(t *testing.T) { causes(t, x, prepared) })
	}
}

func causes(t *testing.T, x *exchange, prepared bool) {
	r := x.connect(t)
	p := x.phone(t, "1000", phone.NeverAnswer())
	for _, test := range []struct {
		name  string
		phone phone.Behaviour
		dial  string
		want  engine.LegGone
	}{
		{name: "no answer", phone: phone.NeverAnswer(), want: engine.LegGone{Q850: 19}},
		{name: "busy 486", phone: phone.RefuseWith(486), want: engine.LegGone{Q850: 17}},
		{name: "busy everywhere 600", phone: phone.RefuseWith(600), want: engine.LegGone{Q850: 17}},
		{name: "declined 603", phone: phone.RefuseWith(603), want: engine.LegGone{Q850: 21}},
		{name: "forbidden 403", phone: phone.RefuseWith(403), want: engine.LegGone{Q850: 21}},
		{name: "unavailable 480", phone: phone.RefuseWith(480), want: engine.LegGone{Q850: 19}},
		{name: "no such user 404", phone: phone.RefuseWith(404), want: engine.LegGone{Q850: 1}},
		{name: "time-out 408", phone: phone.RefuseWith(408), want: engine.LegGone{Q850: 18}},
		{name: "not acceptable 488", phone: phone.RefuseWith(488), want: engine.LegGone{Q850: 58}},
		{name: "broken 500", phone: phone.RefuseWith(500), want: engine.LegGone{Q850: 38}},
		{name: "overloaded 503", phone: phone.RefuseWith(503), want: engine.LegGone{Q850: 34}},
		{name: "hangs up", phone: phone.AnswerThenHangup(0, 50*time.Millisecond), want: engine.LegGone{Q850: 16}},
		{name: "not registered", dial: "PJSIP/2000", want: engine.LegGone{Q850: 20, Absent: true}},
		{name: "no such endpoint", dial: "PJSIP/nobody", want: engine.LegGone{Q850: 20, Absent: true}},
		{name: "no such technology", dial: "FOO/1000", want: engine.LegGone{Q850: 20, Absent: true}},
		{name: "no dial string", dial: "1000", want: engine.LegGone{Q850: 3, Absent: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.Behave(test.phone)
			leg := x.leg("PJSIP/1000", "")
			leg.Ring = time.Second
			if test.dial != "" {
				leg.Dial = test.dial
			}
			began := time.Now()
			r.call(leg, prepared)
			got := await(t, r.ear, legGoneFrom(leg.Channel))
			t.Logf("%s: Q.850 %d, absent %v, after %v", test.name, got.Q850, got.Absent, time.Since(began).Round(time.Millisecond))
			test.want.Channel = leg.Channel
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	r.empty(t)
}
