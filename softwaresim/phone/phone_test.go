package phone_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is a phone and a caller who dials it directly, without a switch.
type pair struct {
	phones, callers *phone.UA
	phone           *phone.Phone
	caller          *phone.Caller
}

func newPair(t *testing.T, b phone.Behaviour) pair {
	t.Helper()
	phones := listen(t, phone.Config{Server: "127.0.0.1:9", Media: voice.Media{Tone: 700}})
	callers := listen(t, phone.Config{Server: phones.Addr(), Media: voice.Media{Tone: 1100, ALaw: true}})
	return pair{phones: phones, callers: callers,
		phone:  phones.NewPhone(phone.Account{Number: "1000"}, b),
		caller: callers.Caller(phone.Party{Name: "Ana", Number: "5550100"})}
}

func listen(t *testing.T, c phone.Config) *phone.UA {
	t.Helper()
	ua, err := phone.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ua.Close() })
	return ua
}

func (p pair) dial(t *testing.T) *phone.Call {
	t.Helper()
	call, err := p.caller.Dial(t.Context(), "1000")
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// next is the next event of one of the kinds; the test fails if none comes.
func next(t *testing.T, w *phone.Watch, kinds ...phone.Kind) phone.Event {
	t.Helper()
	e, err := w.Next(soon(t), kinds...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// kinds are the kinds of a call's events in order, without those of the media and of what is going on meanwhile.
func kinds(c *phone.Call) string {
	var all []string
	for _, e := range c.Events() {
		switch e.Kind {
		case phone.MediaReceived, phone.Trying, phone.TransferProgress:
		default:
			all = append(all, string(e.Kind))
		}
	}
	return strings.Join(all, " ")
}

func TestAnsweredCallWithSoundBothWays(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(30*time.Millisecond))
	atPhone := p.phone.Watch()
	call := p.dial(t)

	invited := next(t, atPhone, phone.InviteReceived)
	if invited.From.Name != "Ana" || invited.From.Number != "5550100" || invited.To != "1000" {
		t.Errorf("the phone saw a call from %+v to %q", invited.From, invited.To)
	}
	rang := next(t, atPhone, phone.Ringing)
	answered := next(t, atPhone, phone.Answered)
	next(t, atPhone, phone.AckReceived)
	if d := answered.At.Sub(rang.At); d < 30*time.Millisecond {
		t.Errorf("answered %v after the ring began, want 30ms or more", d)
	}
	if err := call.AwaitTone(soon(t), 700, 3); err != nil {
		t.Error("the caller does not hear the agent:", err)
	}
	if err := invited.Call.AwaitTone(soon(t), 1100, 3); err != nil {
		t.Error("the agent does not hear the caller:", err)
	}
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	ended := next(t, atPhone, phone.Ended)
	if o := ended.Outcome; !o.Answered || o.By != phone.Them || o.Code != 200 {
		t.Errorf("at the phone it ended as %+v", o)
	}
	if ended.Heard.Loud == 0 || ended.Heard.First.Before(answered.At) || ended.Heard.Strays != 0 {
		t.Errorf("the phone heard %+v", ended.Heard)
	}
	if want := "invite-sent ringing answered ack-sent bye-sent ended"; kinds(call) != want {
		t.Errorf("the caller's events: %s\nwant: %s", kinds(call), want)
	}
	if want := "invite-received ringing answered ack-received bye-received ended"; kinds(invited.Call) != want {
		t.Errorf("the phone's events: %s\nwant: %s", kinds(invited.Call), want)
	}
}

func TestPhoneHangsUp(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerThenHangup(0, 20*time.Millisecond))
	call := p.dial(t)
	o, err := call.AwaitEnd(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if !o.Answered || o.By != phone.Them || o.Talked < 20*time.Millisecond {
		t.Errorf("outcome %+v", o)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, code := range []int{480, 486, 603} {
		p := newPair(t, phone.RefuseWith(code))
		call := p.dial(t)
		if err := call.AwaitAnswer(soon(t)); !errors.Is(err, phone.ErrOver) {
			t.Errorf("%d: AwaitAnswer: %v", code, err)
		}
		if o := call.Outcome(); o.Answered || o.Code != code || o.By != phone.Them {
			t.Errorf("%d: outcome %+v", code, o)
		}
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	atPhone := p.phone.Watch()
	call := p.dial(t)
	next(t, call.Watch(), phone.Ringing)
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	if o := call.Outcome(); o.Answered || o.By != phone.Us || o.Code != 487 {
		t.Errorf("the caller's outcome %+v", o)
	}
	cancelled := next(t, atPhone, phone.CancelReceived)
	if cancelled.Reason != "" {
		t.Errorf("a Reason came from nowhere: %q", cancelled.Reason)
	}
	if o := next(t, atPhone, phone.Ended).Outcome; o.Answered || o.By != phone.Them || o.Code != 487 {
		t.Errorf("the phone's outcome %+v", o)
	}
}

func TestHangupBeforeAnythingCameBack(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	call := p.dial(t)
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	if o := call.Outcome(); o.Answered || o.By != phone.Us {
		t.Errorf("outcome %+v", o)
	}
}

func TestHangupWhileRingingDeclines(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	atPhone := p.phone.Watch()
	call := p.dial(t)
	ringing := next(t, atPhone, phone.Ringing)
	if err := ringing.Call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.Code != 603 {
		t.Errorf("outcome %+v, %v", o, err)
	}
}

func TestToldToAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	atPhone := p.phone.Watch()
	call := p.dial(t)
	next(t, atPhone, phone.Ringing).Call.Answer()
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Error(err)
	}
}

// A 200 and a CANCEL that cross are settled either way, but never left half open.
func TestAnswerAndGiveUpCross(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.Behaviour{})
	p.phone.SetLines(100)
	for i := range 50 {
		p.phone.Behave(phone.AnswerAfter(time.Duration(i%10) * 100 * time.Microsecond))
		atPhone := p.phone.Watch()
		call := p.dial(t)
		if err := call.Hangup(soon(t)); err != nil {
			t.Fatal(err)
		}
		there := next(t, atPhone, phone.Ended).Outcome
		if here := call.Outcome(); here.Answered != there.Answered || here.Answered && here.By != phone.Us {
			t.Fatalf("call %d: the caller's outcome %+v, the phone's %+v", i, here, *there)
		}
		atPhone.Close()
	}
}

func TestSecondCallFindsThePhoneBusy(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	first := p.dial(t)
	if err := first.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	atPhone := p.phone.Watch()
	second := p.dial(t)
	if o, err := second.AwaitEnd(soon(t)); err != nil || o.Code != 486 {
		t.Errorf("outcome %+v, %v; want 486", o, err)
	}
	if e := next(t, atPhone, phone.InviteReceived); e.CallID != second.ID() {
		t.Errorf("the phone noted an INVITE of %s, want %s", e.CallID, second.ID())
	}
	if err := first.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	next(t, atPhone, phone.ByeReceived)
}

func TestKeysArrive(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	atPhone := p.phone.Watch()
	call := p.dial(t)
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	steps, err := phone.ParseKeys("1, wait 30ms, 23*#D")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Play(soon(t), steps, phone.KeyTiming{Down: 60 * time.Millisecond, Gap: 40 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	for _, want := range "123*#D" {
		if e := next(t, atPhone, phone.KeyReceived); e.Key != string(want) {
			t.Fatalf("key %s came, want %c", e.Key, want)
		}
	}
	var last time.Time
	for _, e := range call.Events() {
		if e.Kind != phone.KeySent {
			continue
		}
		if gap := e.At.Sub(last); gap < 40*time.Millisecond {
			t.Errorf("key %s was let go %v after the one before, which leaves no gap", e.Key, gap)
		}
		last = e.At
	}
}

func TestKeysNeedAnAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	call := p.dial(t)
	next(t, call.Watch(), phone.Ringing)
	if err := call.Press(soon(t), "1", phone.KeyTiming{}); err == nil {
		t.Error("a key was pressed into a call that is not answered")
	}
}

func TestSilenceAndMusicAreToldApart(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	p.phone.SetMedia(voice.Media{}) // silence
	call := p.dial(t)
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := call.AwaitSilence(soon(t), 5); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := call.AwaitLoud(ctx, 1); err == nil {
		t.Error("silence was taken for music")
	}
	if h := call.Heard(); h.Packets == 0 || h.Loud != 0 {
		t.Errorf("heard %+v", h)
	}
}

func TestHostileCallers(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.RefuseWith(486))
	for name, from := range map[string]phone.Party{
		"quotes":        {Name: `Ana "the \ boss" <sip:x@y>;tag=1`, Number: `1000@evil>;x="`},
		"markup":        {Name: `<b>&amp;</b>`, Number: "+49 (30) 1"},
		"emoji":         {Name: "Zoë 🎉", Number: "☎"},
		"control":       {Name: "a\x01b\x7fc\td", Number: "\x01\x02"},
		"invalid UTF-8": {Name: "\xff\xfe", Number: "\xc3("},
		"percent":       {Name: "100%", Number: "50%41"},
		"long":          {Name: strings.Repeat("long ", 80), Number: strings.Repeat("1", 300)},
		"nothing":       {},
	} {
		atPhone := p.phone.Watch()
		call, err := p.callers.Caller(from).Dial(t.Context(), "1000")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := *next(t, atPhone, phone.InviteReceived).From; got != from {
			t.Errorf("%s: %+q came as %+q", name, from, got)
		}
		if _, err := call.AwaitEnd(soon(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		atPhone.Close()
	}
}

func TestLineBreaksCannotInjectHeaders(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.RefuseWith(486))
	atPhone := p.phone.Watch()
	if _, err := p.callers.Caller(phone.Party{Name: "a\r\nX-Evil: 1", Number: "1\r\n2"}).Dial(t.Context(), "1000"); err != nil {
		t.Fatal(err)
	}
	if got := next(t, atPhone, phone.InviteReceived).From; got.Name != "a  X-Evil: 1" || got.Number != "1\r\n2" {
		t.Errorf("came as %+q", got)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	call, err := p.caller.Dial(t.Context(), "4711")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.Code != 404 {
		t.Errorf("outcome %+v, %v; want 404", o, err)
	}
}

func TestCloseHangsUp(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	atPhone := p.phone.Watch()
	call := p.dial(t)
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := p.callers.Close(); err != nil {
		t.Fatal(err)
	}
	if o := next(t, atPhone, phone.Ended).Outcome; o.By != phone.Them || o.Code != 200 {
		t.Errorf("outcome at the phone %+v", o)
	}
	if _, err := p.caller.Dial(t.Context(), "1000"); err == nil {
		t.Error("a closed user agent made a call")
	}
}

func TestWatchSaysWhatItSawInstead(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.RefuseWith(486))
	call := p.dial(t)
	w := call.Watch()
	_, err := w.Next(soon(t), phone.Answered)
	if !errors.Is(err, phone.ErrOver) || !strings.Contains(fmt.Sprint(err), "refused") {
		t.Errorf("error %v", err)
	}
}

// everyFirst loses the first copy of every datagram.
func everyFirst() func([]byte) bool {
	seen := map[string]bool{}
	return func(datagram []byte) bool {
		lost := !seen[string(datagram)]
		seen[string(datagram)] = true
		return lost
	}
}

// What is lost on the way is sent again, and what came twice counts once.
func TestLostMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave phone.Behaviour
		hangup phone.Kind // the event at the phone on which the caller hangs up
		caller string
		phone  string
	}{
		"answered": {phone.AnswerAfter(0), phone.AckReceived,
			"invite-sent answered ack-sent bye-sent ended", "invite-received ringing answered ack-received bye-received ended"},
		"refused": {phone.RefuseWith(486), "",
			"invite-sent refused ended", "invite-received refused ended"},
		"given up": {phone.NeverAnswer(), phone.Ringing,
			"invite-sent ringing cancel-sent refused ended", "invite-received ringing cancel-received ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			phones := listen(t, phone.Config{Server: "127.0.0.1:9", Loss: everyFirst()})
			atPhone := phones.NewPhone(phone.Account{Number: "1000"}, c.behave).Watch()
			callers := listen(t, phone.Config{Server: phones.Addr(), Loss: everyFirst()})
			call, err := callers.Caller(phone.Party{Number: "1"}).Dial(t.Context(), "1000")
			if err != nil {
				t.Fatal(err)
			}
			if c.hangup != "" {
				next(t, atPhone, c.hangup)
				if err := call.Hangup(soon(t)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := call.AwaitEnd(soon(t)); err != nil {
				t.Fatal(err)
			}
			there := next(t, atPhone, phone.Ended).Call
			if got := kinds(call); got != c.caller {
				t.Errorf("the caller's events: %s\nwant: %s", got, c.caller)
			}
			if got := kinds(there); got != c.phone {
				t.Errorf("the phone's events: %s\nwant: %s", got, c.phone)
			}
		})
	}
}

// Many calls at once through two ports: none is lost or mixed up.
func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerThenHangup(0, 10*time.Millisecond))
	p.phone.SetLines(1000)
	const n = 100
	calls := make([]*phone.Call, n)
	for i := range calls {
		call, err := p.callers.Caller(phone.Party{Number: fmt.Sprint(i)}).Dial(t.Context(), "1000")
		if err != nil {
			t.Fatal(err)
		}
		calls[i] = call
	}
	for i, call := range calls {
		if o, err := call.AwaitEnd(soon(t)); err != nil || !o.Answered {
			t.Errorf("call %d: %+v, %v", i, o, err)
		}
	}
	if left := len(p.callers.Calls()); left != 0 {
		t.Errorf("%d calls are left", left)
	}
}
