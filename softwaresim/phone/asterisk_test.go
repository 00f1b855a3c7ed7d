package phone_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// TestOnAsterisk tries phones and callers on a real Asterisk, alone in a stack.
func TestOnAsterisk(t *testing.T) {
	s, err := stack.Start(t.Context(), stack.Options{Only: []string{stack.Asterisk}, Unlisted: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for name, try := range map[string]func(*testing.T, stack.Info){
		"registration":        tryRegistration,
		"wrong password":      tryWrongPassword,
		"extension to phone":  tryExtensionToPhone,
		"forwarding":          tryForwarding,
		"queue, music, agent": tryQueue,
		"answered elsewhere":  tryAnsweredElsewhere,
		"spoofed extension":   trySpoof,
		"hostile names":       tryHostileNames,
		"two hundred phones":  tryManyPhones,
		"blind transfer":      tryBlindTransfer,
		"refused transfer":    tryRefusedTransfer,
		"attended transfer":   tryAttendedTransfer,
		"caller's transfer":   tryCallersTransfer,
	} {
		t.Run(name, func(t *testing.T) { try(t, s.Info()) })
	}
}

// newPhone registers a phone on a user agent of its own.
func newPhone(t *testing.T, info stack.Info, number string, b phone.Behaviour, m voice.Media) *phone.Phone {
	t.Helper()
	p := listen(t, phone.Config{Server: info.SIP, Media: m}).NewPhone(account(t, info, number), b)
	if err := p.Register(soon(t)); err != nil {
		t.Fatal(err)
	}
	return p
}

func account(t *testing.T, info stack.Info, number string) phone.Account {
	t.Helper()
	for _, x := range info.Extensions {
		if x.Number == number {
			return phone.Account{Number: number, Password: x.Password}
		}
	}
	t.Fatalf("the stack has no extension %s", number)
	return phone.Account{}
}

func newCaller(t *testing.T, info stack.Info, m voice.Media) *phone.Caller {
	return listen(t, phone.Config{Server: info.SIP, Media: m}).Caller(phone.Party{Name: "Ana", Number: "5550100"})
}

func tryRegistration(t *testing.T, info stack.Info) {
	p := newPhone(t, info, "1000", phone.AnswerAfter(0), voice.Media{})
	w := p.Watch()
	if err := p.Register(soon(t)); err != nil {
		t.Errorf("registering again: %v", err)
	}
	next(t, w, phone.Registered)
	if err := p.Unregister(soon(t)); err != nil {
		t.Fatal(err)
	}
	next(t, w, phone.Unregistered)
	call, err := newCaller(t, info, voice.Media{}).Dial(t.Context(), info.Dial.Twin)
	if err != nil {
		t.Fatal(err)
	}
	next(t, call.Watch(), phone.Trying)
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	for _, e := range call.Events() {
		if e.Kind == phone.Answered || e.Kind == phone.Ringing {
			t.Error("a phone that is not registered was called")
		}
	}
}

func tryWrongPassword(t *testing.T, info stack.Info) {
	p := listen(t, phone.Config{Server: info.SIP}).NewPhone(phone.Account{Number: "1000", Password: "wrong"}, phone.AnswerAfter(0))
	err := p.Register(soon(t))
	if err == nil || !strings.Contains(err.Error(), "password") {
		t.Errorf("registering with a wrong password: %v", err)
	}
	call, err := p.Dial(t.Context(), info.Dial.Logon)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.Answered || o.Code != 401 {
		t.Errorf("a call with a wrong password ended as %+v, %v", o, err)
	}
}

// Dial() follows a phone that forwards, to where the phone says.
func tryForwarding(t *testing.T, info stack.Info) {
	from := newPhone(t, info, "2000", phone.NeverAnswer(), voice.Media{})
	away := newPhone(t, info, "3000", phone.ForwardTo("1000"), voice.Media{})
	there := newPhone(t, info, "1000", phone.AnswerAfter(0), voice.Media{})
	atAway, atThere := away.Watch(), there.Watch()
	call, err := from.Dial(t.Context(), "3000")
	if err != nil {
		t.Fatal(err)
	}
	if e := next(t, atAway, phone.Refused); e.Code != 302 {
		t.Errorf("refused with %d", e.Code)
	}
	next(t, atThere, phone.InviteReceived)
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func tryExtensionToPhone(t *testing.T, info stack.Info) {
	from := newPhone(t, info, "2000", phone.NeverAnswer(), voice.Media{Tone: 1100})
	to := newPhone(t, info, "3000", phone.AnswerAfter(50*time.Millisecond), voice.Media{Tone: 700, ALaw: true})
	atPhone := to.Watch()
	call, err := from.Dial(t.Context(), "3000")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.AwaitAnswer(soon(t)); err != nil {
		t.Fatal(err)
	}
	invited := next(t, atPhone, phone.InviteReceived)
	if invited.From.Number != "2000" {
		t.Errorf("the phone saw a call from %+v", invited.From)
	}
	if err := call.AwaitTone(soon(t), 700, 5); err != nil {
		t.Error(err)
	}
	if err := invited.Call.AwaitTone(soon(t), 1100, 5); err != nil {
		t.Error(err)
	}
	if err := invited.Call.Press(soon(t), "#9", phone.KeyTiming{}); err != nil {
		t.Error(err)
	}
	w := call.Watch()
	for _, want := range []string{"#", "9"} {
		if e := next(t, w, phone.KeyReceived); e.Key != want {
			t.Errorf("key %s came, want %s", e.Key, want)
		}
	}
	if err := invited.Call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.By != phone.Them || !o.Answered {
		t.Errorf("outcome %+v, %v", o, err)
	}
}

// A caller in Asterisk's own queue hears music while the agent talks to another, and
// then the agent.
func tryQueue(t *testing.T, info stack.Info) {
	agent := newPhone(t, info, "1000", phone.AnswerAfter(0), voice.Media{Tone: 700})
	atPhone := agent.Watch()
	caller := newCaller(t, info, voice.Media{Tone: 1100})
	first, err := caller.Dial(t.Context(), info.Dial.Twin)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.AwaitTone(soon(t), 700, 5); err != nil {
		t.Fatal(err)
	}
	invited := next(t, atPhone, phone.InviteReceived)
	if invited.From.Name != "Ana" || invited.From.Number != "5550100" {
		t.Errorf("the agent saw a call from %+v", invited.From)
	}
	if err := invited.Call.AwaitTone(soon(t), 1100, 5); err != nil {
		t.Error(err)
	}
	if err := first.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	bye := next(t, atPhone, phone.ByeReceived)
	if o := next(t, atPhone, phone.Ended).Outcome; o.By != phone.Them {
		t.Errorf("at the agent it ended as %+v", o)
	}

	agent.Behave(phone.NeverAnswer())
	second, err := caller.Dial(t.Context(), info.Dial.Twin)
	if err != nil {
		t.Fatal(err)
	}
	again := next(t, atPhone, phone.InviteReceived)
	if !again.At.After(bye.At) {
		t.Errorf("the second INVITE came at %v, the first call ended at %v", again.At, bye.At)
	}
	next(t, atPhone, phone.Ringing)
	if err := second.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	if o := second.Outcome(); o.Answered || o.By != phone.Us {
		t.Errorf("the caller who gave up: %+v", o)
	}
	next(t, atPhone, phone.CancelReceived)
}

// When another took the call, the CANCEL says so.
func tryAnsweredElsewhere(t *testing.T, info stack.Info) {
	agent := newPhone(t, info, "1000", phone.NeverAnswer(), voice.Media{})
	atPhone := agent.Watch()
	ask(t, info, http.MethodPost, "channels?"+url.Values{"endpoint": {"PJSIP/1000"}, "channelId": {"elsewhere"},
		"context": {"ringside-trunk"}, "extension": {info.Dial.Twin}, "priority": {"1"}, "callerId": {"Bob <5550111>"}}.Encode())
	next(t, atPhone, phone.Ringing)
	awaitRinging(t, info, "elsewhere")
	ask(t, info, http.MethodDelete, "channels/elsewhere?reason=answered_elsewhere")
	if e := next(t, atPhone, phone.CancelReceived); !e.AnsweredElsewhere() {
		t.Errorf("the CANCEL's reason is %q", e.Reason)
	}
	if o := next(t, atPhone, phone.Ended).Outcome; o.By != phone.Them || o.Code != 487 {
		t.Errorf("outcome %+v", o)
	}
}

// awaitRinging waits until Asterisk, too, knows that a channel rings: the phone is ahead of it,
// and the 180 that comes in after a DELETE takes the place of the DELETE's cause.
func awaitRinging(t *testing.T, info stack.Info, channel string) {
	t.Helper()
	for ctx := soon(t); ; {
		var is struct{ State string }
		if err := json.Unmarshal(ask(t, info, http.MethodGet, "channels/"+channel), &is); err != nil {
			t.Fatal(err)
		}
		if is.State == "Ringing" {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the channel is %s", is.State)
		}
	}
}

// ask is an ARI request, and its answer's body.
func ask(t *testing.T, info stack.Info, method, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(soon(t), method, info.ARI.URL+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(info.ARI.User, info.ARI.Password)
	req.Close = true // no connection outlives the test
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, res.Status)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func trySpoof(t *testing.T, info stack.Info) {
	ua := listen(t, phone.Config{Server: info.SIP})
	call, err := ua.Caller(phone.Party{Name: "I am 1000", Number: "1000"}).Dial(t.Context(), info.Dial.Logon)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := call.AwaitEnd(soon(t)); err != nil || o.Answered || o.Code != 401 {
		t.Errorf("outcome %+v, %v; want 401", o, err)
	}
}

// Whatever a caller is called, Asterisk takes the call and the agent's phone rings.
func tryHostileNames(t *testing.T, info stack.Info) {
	agent := newPhone(t, info, "1000", phone.AnswerThenHangup(0, 0), voice.Media{})
	atPhone := agent.Watch()
	ua := listen(t, phone.Config{Server: info.SIP})
	for name, from := range map[string]phone.Party{
		"markup":        {Name: `<b>&amp;</b> 'x'`, Number: "5550101"},
		"quotes":        {Name: `Ana "the \ boss"`, Number: "5550102"},
		"emoji":         {Name: "Zoë 🎉", Number: "5550103"},
		"invalid UTF-8": {Name: "\xff\xfe", Number: "5550104"},
		"control":       {Name: "a\x01b\x7f", Number: "5550105"},
		"long":          {Name: strings.Repeat("long ", 50), Number: "5550106"},
		"odd number":    {Name: "x", Number: "sip:x@y;z"},
		"nothing":       {},
	} {
		call, err := ua.Caller(from).Dial(t.Context(), info.Dial.Twin)
		if err != nil {
			t.Fatal(err)
		}
		if err := call.AwaitAnswer(soon(t)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %+q came as %+q", name, from, *next(t, atPhone, phone.InviteReceived).From)
		if err := call.Hangup(soon(t)); err != nil {
			t.Fatal(err)
		}
		next(t, atPhone, phone.Ended)
	}
}

// Two hundred contacts register over one port; Asterisk keeps the latest few.
func tryManyPhones(t *testing.T, info stack.Info) {
	ua := listen(t, phone.Config{Server: info.SIP})
	failed := make(chan error)
	const n = 200
	for i := range n {
		p := ua.NewPhone(account(t, info, fmt.Sprint(1000*(1+i%3))), phone.AnswerAfter(0))
		go func() { failed <- p.Register(soon(t)) }()
	}
	for range n {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
