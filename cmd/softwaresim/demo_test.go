package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/demo"
	"ringside/softwaresim/stack"
)

func someStack() stack.Info {
	return stack.Info{
		SIP: "127.0.0.1:10000", Config: "/x/queueapp.toml", XMPP: "127.0.0.1:10002",
		Dial: stack.Dial{IVR: "0000", Logon: "*56466*", Logoff: "*564633*"},
		Extensions: []stack.Extension{
			{Number: "1000", Password: "phone", JID: "user1@localhost", JIDPassword: "chat"},
			{Number: "2000", Password: "phone2", JID: "user2@localhost", JIDPassword: "chat2"},
		},
	}
}

func TestHandoverTellsHowToTry(t *testing.T) {
	r := &demo.Result{Calls: []demo.Shown{{ID: "first"}, {}, {ID: "last"}, {}}}
	text := handover(someStack(), "/bin/queueapp", r)
	for _, want := range []string{"QUEUEAPP_CONFIG=/x/queueapp.toml", "sip:0000@127.0.0.1:10000", "as 1000 with the password phone,",
		"*56466*", "*564633*", "/bin/queueapp route support", "/bin/queueapp journal last", "default-config", "--watch"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.ContainsAny(text, "{}") {
		t.Errorf("a place was not filled in:\n%s", text)
	}
}

func TestStoryForPeopleAndPrograms(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	story := []demo.Line{{At: at, Text: "Call 1", Tone: demo.Chapter}, {At: at, Who: "crm 1000", Text: "pop-up opens", Tone: demo.Screen}}
	var people, programs bytes.Buffer
	for _, line := range story {
		sayLine(newLines(&people, false), line)
		sayLine(newLines(&programs, true), line)
	}
	if want := "\nCall 1\n03:04:05.6000  crm 1000    pop-up opens\n"; people.String() != want {
		t.Errorf("people read %q, want %q", people.String(), want)
	}
	var got []demo.Line
	for text := range strings.Lines(programs.String()) {
		var line demo.Line
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(story, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhoseCRM(t *testing.T) {
	t.Setenv("SOFTWARESIM_PASSWORD", "")
	own, err := (&CRMCmd{Extensions: []string{"2000"}}).logins(someStack())
	if err != nil {
		t.Fatal(err)
	}
	if c := own[0].config; c.JID != "user2@localhost" || c.Password != "chat2" || c.Nodes[0] != "extension2000" {
		t.Errorf("2000's CRM logs in with %+v", c)
	}
	other, err := (&CRMCmd{JID: "user1@localhost", Extensions: []string{"1000", "2000"}}).logins(someStack())
	if err != nil {
		t.Fatal(err)
	}
	if c := other[0].config; len(other) != 1 || c.JID != "user1@localhost" || c.Password != "chat" || len(c.Nodes) != 2 {
		t.Errorf("user1 logs in with %+v", c)
	}
	if _, err := (&CRMCmd{Extensions: []string{"4711"}}).logins(someStack()); err == nil {
		t.Error("an extension that is not there has a CRM")
	}
}

func TestRefusalsOfAPhone(t *testing.T) {
	for code, ok := range map[int]bool{0: true, 486: true, 603: true, 200: false, 302: false, 700: false} {
		if err := (&PhoneCmd{Refuse: code}).Validate(); (err == nil) != ok {
			t.Errorf("--refuse %d: %v", code, err)
		}
	}
	soon := 0 * time.Second
	if b := (&PhoneCmd{AnswerAfter: &soon}).behaviour(); b.Ring != 0 || b.Never {
		t.Errorf("--answer-after 0s behaves as %+v", b)
	}
	if b := (&PhoneCmd{Refuse: 486}).behaviour(); b.Ring != 0 || b.Refuse != 486 {
		t.Errorf("--refuse 486 behaves as %+v", b)
	}
}
