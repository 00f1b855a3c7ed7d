package trial

import (
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// quick is as quick as Asterisk can follow: it leaves 45 ms between two keys, and lengthens to 80 ms what was shorter. Keys
// that come faster it delays, and tells some twice; from then on all, as it never catches up (measured with 50 and 50 ms).
var quick = phone.KeyTiming{Down: 80 * time.Millisecond, Gap: 80 * time.Millisecond}

func TestKeysOnTheWayToTheQueue(t *testing.T) {
	for name, keys := range map[string]string{
		"typed ahead of every prompt":        "11111#",
		"star starts the code again":         "199*22*1111#",
		"# ends an empty code, which counts": "1#1111#",
		"letters are no digits":              "1A11BC11D#",
		"a code without its #":               "11111",
		"a code longer than any":             "1" + strings.Repeat("7", 40) + "#1111#",
		"two wrong codes":                    "11#2#1111#",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			rings := s.agent("1000", briefly).Watch()
			defer rings.Close()
			x := s.extension("1000")
			shown := s.crm(x.JID, x.JIDPassword, "1000").Watch()
			defer shown.Close()
			call := s.callAs(newCaller(), "0000")
			s.must(call.AwaitAnswer(s.ctx))
			s.must(call.Press(s.ctx, keys, quick))
			if invite := s.invited(rings); invite.From.Name != "support: Company 1" {
				t.Errorf("the phone displays %q", invite.From.Name)
			}
			e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
			s.must(err)
			if c := e.Call.Customers; len(c) != 1 || c[0].Code != "1111" || c[0].Match != record.ByCode {
				t.Errorf("customers %+v", c)
			}
			_, err = call.AwaitEnd(s.ctx)
			s.must(err)
		})
	}
}

// More keys than anybody presses: the caller is said goodbye to, and nothing breaks.
func TestKeysWithoutEnd(t *testing.T) {
	s := newSite(t)
	call := s.callAs(newCaller(), "0000")
	s.must(call.AwaitAnswer(s.ctx))
	err := call.Press(s.ctx, strings.Repeat("9*#A0", 30), quick)
	if _, ended := call.AwaitEnd(s.ctx); ended != nil {
		t.Errorf("pressing: %v; %v", err, ended)
	}
}

// Keys that are pressed in line and in conversation are not ours; the agent hears the latter.
func TestKeysInConversation(t *testing.T) {
	s := newSite(t)
	call := s.callAs(newCaller(), "7000")
	s.until("a caller waits", func() bool { return len(s.calls()) == 1 })
	s.must(call.AwaitAnswer(s.ctx))
	s.must(call.Press(s.ctx, "1#*", quick))
	rings := s.register("1000", phone.AnswerAfter(50*time.Millisecond)).Watch()
	defer rings.Close()
	s.post("/v1/agents/1000/logon", nil)
	t.Cleanup(func() { s.logOff("1000") })
	invite := s.invited(rings)
	s.event(invite.Call, phone.AckReceived)
	s.until("a conversation", func() bool { return s.calls()[0].State == string(queueapp.StatusTalking) })
	heard := invite.Call.Watch()
	defer heard.Close()
	s.must(call.Press(s.ctx, "58", phone.KeyTiming{}))
	for _, want := range []string{"5", "8"} {
		if e := s.next(heard, phone.KeyReceived); e.Key != want {
			t.Errorf("the agent's phone received %s, want %s", e.Key, want)
		}
	}
	s.must(call.Hangup(s.ctx))
}

// Who may log on is whose phone it is: a caller id is only what somebody says.
func TestWhoMayLogOn(t *testing.T) {
	s := newSiteWithDialplan(t)
	loggedOff := func(number string) {
		t.Helper()
		if v := s.agentView(number); v.Status != queueapp.StatusLoggedOff {
			t.Errorf("agent %s is %s", number, v.Status)
		}
	}
	one := s.register("1000", phone.NeverAnswer())
	s.register("3000", phone.NeverAnswer())
	t.Cleanup(func() { s.logOff("1000"); s.logOff("3000") })

	// A caller from outside who says to be 1000 is asked for that phone's password.
	for _, dialled := range []string{"*56466*", "0000", "7108"} {
		out, err := s.callAs(phone.Party{Name: "1000", Number: "1000"}, dialled).AwaitEnd(s.ctx)
		if s.must(err); out.Code != 401 {
			t.Errorf("1000 from outside dials %s: %+v", dialled, out)
		}
	}
	// From outside there are no codes.
	for _, dialled := range []string{"*56466*", "*564633*", "*72873*1", "*73239*", "*7000"} {
		out, err := s.callAs(newCaller(), dialled).AwaitEnd(s.ctx)
		if s.must(err); out.Code != 404 {
			t.Errorf("from outside %s is %+v", dialled, out)
		}
	}
	// And a dialplan that lets one through with the caller id of 1000 does not make a phone of 1000 of it.
	call := s.callAs(newCaller(), "7108")
	s.must(call.AwaitAnswer(s.ctx))
	s.must(call.AwaitLoud(s.ctx, 5)) // "that is not possible from this phone"
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	for _, x := range []string{"1000", "2000", "3000"} {
		loggedOff(x)
	}

	// A phone whose caller id says that it is 3000 logs on whose phone it is.
	call, err = one.Dial(s.ctx, "*7000")
	s.must(err)
	_, err = call.AwaitEnd(s.ctx)
	s.must(err)
	s.until("agent 1000 logged on", func() bool { return s.agentView("1000").Status == queueapp.StatusFree })
	if v := s.agentView("1000"); v.Extension != "1000" {
		t.Errorf("agent 1000 is at %s", v.Extension)
	}
	loggedOff("3000")
}
