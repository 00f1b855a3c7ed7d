package xmpp_test

import (
	"errors"
	"strings"
	"testing"

	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

func TestChatGoesToWhoIsThere(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	to := "user2@localhost/" + t.Name()
	if err := pub.Chat(t.Context(), to, "too early", ""); !errors.Is(err, xmpp.ErrNotAvailable) {
		t.Errorf("chat to who is not there: %v", err)
	}
	cfg := config(s, "user2", t.Name())
	cfg.Priority = 7
	agent := up(t, cfg)
	came := await(pub, func(p xmpp.Presence) bool { return p.JID == to })
	if !came.Came || !came.Available || came.Priority != 7 || came.Contact != "user2@localhost" {
		t.Errorf("%+v", came)
	}
	text := "Support: Customer \"Company 1\" <&>\x00 \U0001F98A\nCaller 2000\u202e"
	if err := pub.Chat(t.Context(), to, text, "c1"); err != nil {
		t.Fatal(err)
	}
	got := await(agent, any_[xmpp.Chat])
	if want := (xmpp.Chat{From: "queueapp@localhost/" + t.Name(), Body: "Support: Customer \"Company 1\" <&> \U0001F98A\nCaller 2000", Thread: "c1"}); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if list := pub.Available("user2@localhost"); len(list) == 0 || list[0].JID != to {
		t.Errorf("%+v", list)
	}
	if err := agent.SendRaw(t.Context(), "<presence><show>dnd</show><priority>-1</priority></presence>"); err != nil {
		t.Fatal(err)
	}
	if p := await(pub, func(p xmpp.Presence) bool { return p.JID == to }); p.Show != "dnd" || p.Priority != -1 || p.Came {
		t.Errorf("%+v", p)
	}
	for _, p := range pub.Available("user2@localhost") {
		if p.JID == to {
			t.Error("a negative priority can be reached")
		}
	}
	if err := agent.SendRaw(t.Context(), "<presence/>"); err != nil {
		t.Fatal(err)
	}
	if p := await(pub, func(p xmpp.Presence) bool { return p.JID == to }); !p.Came {
		t.Errorf("back again: %+v", p)
	}
	if err := agent.stop(); err != nil {
		t.Fatal(err)
	}
	if p := await(pub, func(p xmpp.Presence) bool { return p.JID == to }); p.Available || p.Came {
		t.Errorf("%+v", p)
	}
	for _, to := range []string{to, "user2@localhost", stack.Stranger + "@localhost/x", "@", ""} {
		if err := pub.Chat(t.Context(), to, "too late", ""); !errors.Is(err, xmpp.ErrNotAvailable) {
			t.Errorf("chat to %q: %v", to, err)
		}
	}
	// What could not be sent is not kept for later.
	again := up(t, cfg)
	flush(t, pub, again)
	if told := again.told(); strings.Contains(told, "too ") {
		t.Error(told)
	}
}

func TestChatTextIsBounded(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	agent := up(t, config(s, "user3", t.Name()))
	to := agent.Full()
	await(pub, func(p xmpp.Presence) bool { return p.JID == to })
	for _, text := range []string{strings.Repeat("é", 9000), strings.Repeat("line\n", 3000), strings.Repeat("\n", 9000) + "x"} {
		if err := pub.Chat(t.Context(), to, text, strings.Repeat("t", 5000)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if c := await(agent, any_[xmpp.Chat]); len(c.Body) > 4096 || len(c.Body) < 3000 || len(c.Thread) > 256 {
			t.Errorf("%d bytes, thread %d", len(c.Body), len(c.Thread))
		}
	}
}

func TestRosterPushes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.iq = rosterOf("user1@localhost")
	p := up(t, f.start().config())
	l := f.take()
	push := func(item string) {
		_ = l.send("<iq type='set' id='push'><query xmlns='jabber:iq:roster'>" + item + "</query></iq>")
		for s := range l.got {
			if s.attr("id") == "push" {
				return
			}
		}
	}
	_ = l.send("<presence from='user2@localhost/x'/><presence from='user1@localhost/x'/>")
	if got := await(p, any_[xmpp.Presence]); got.Contact != "user1@localhost" {
		t.Errorf("%+v", got)
	}
	push("<item jid='user2@localhost' subscription='to'/><item jid='@@' subscription='both'/>")
	_ = l.send("<presence from='user2@localhost/x'><priority> 5 </priority></presence>")
	if got := await(p, any_[xmpp.Presence]); got.Contact != "user2@localhost" || got.Priority != 5 || !got.Came {
		t.Errorf("%+v", got)
	}
	_ = l.send("<presence type='subscribe' from='user2@localhost'/>")
	for s := range l.got {
		if s.XMLName.Local == "presence" && s.attr("to") == "user2@localhost" {
			if s.attr("type") != "subscribed" {
				t.Errorf("%+v", s)
			}
			break
		}
	}
	push("<item jid='user1@localhost' subscription='remove'/>")
	if got := p.Available("user1@localhost"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	// All resources at once, and more of them than anybody has.
	for range 100 {
		_ = l.send("<presence from='user2@localhost/" + strings.Repeat("y", len(p.told())%50+1) + "'/>")
	}
	_ = l.send("<presence type='unavailable' from='user2@localhost'/>")
	if got := await(p, func(p xmpp.Presence) bool { return !p.Available }); got.JID != "user2@localhost" {
		t.Errorf("%+v", got)
	}
	if got := p.Available("user2@localhost"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}
