package xmpp_test

import (
	"fmt"
	"strings"
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

const forgedEvent = `<message from='%s' to='user1@localhost' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><item id='c9'>%s</item></items></event></message>`

func goodCall(t testing.TB) string {
	b, err := call("c9", 1, record.Offered, record.Ringing).XML()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What anybody on the network may send to our JID, and a server may pass on, changes nothing and ends nothing.
func TestHostileStanzas(t *testing.T) {
	t.Parallel()
	good := goodCall(t)
	for name, text := range map[string]string{
		"an empty request":            "<iq type='get' id='h' from='m@localhost/x'/>",
		"an empty change":             "<iq type='set' id='h' from='m@localhost/x'></iq>",
		"a request from nowhere":      "<iq type='get' id='h' from='@@@///'><x/></iq>",
		"a request without an id":     "<iq type='get'><x/></iq>",
		"a request of no type":        "<iq/>",
		"a reply that nobody wants":   "<iq type='result' id='h'/><iq type='error' id='h'/>",
		"a roster push":               "<iq type='set' id='h' from='m@localhost/x'><query xmlns='jabber:iq:roster'><item jid='m@localhost' subscription='both'/></query></iq>",
		"a forged event":              fmt.Sprintf(forgedEvent, "m@localhost/x", good),
		"an event of no node":         "<message from='pubsub.localhost'><event xmlns='http://jabber.org/protocol/pubsub#event'><items><item/></items></event></message>",
		"an empty event":              "<message from='pubsub.localhost'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>",
		"a presence of no JID":        "<presence from='////'/><presence/>",
		"a priority beyond all":       "<presence from='user1@localhost/y'><priority>99999</priority></presence>",
		"a stranger's presence":       "<presence from='m@localhost/x'/>",
		"a stranger who wants in":     "<presence type='subscribe' from='m@localhost'/>",
		"an unknown stanza":           "<blink xmlns='x'><a><b/></a></blink>",
		"a stanza in a request":       "<iq type='get' id='h' from='m@localhost/x'><x xmlns='y'/>" + fmt.Sprintf(forgedEvent, "pubsub.localhost", good) + "</iq>",
		"a stanza in something else":  "<blink xmlns='x'>" + strings.Replace(fmt.Sprintf(forgedEvent, "pubsub.localhost", good), "<message", "<message xmlns='jabber:client'", 1) + "</blink>",
		"a bounced chat":              "<message type='error' from='user1@localhost/x'><body>x</body><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		"names that shadow prefixes":  "<message from='m@localhost/x' xmlns:a='jabber:client' xmlns:b='http://jabber.org/protocol/pubsub#event'><b:event><b:items node='n'><b:item id='c9'>" + good + "</b:item></b:items></b:event></message>",
		"a deep one":                  "<message from='m@localhost/x'>" + strings.Repeat("<x>", 5000) + strings.Repeat("</x>", 5000) + "</message>",
		"a long one":                  "<message from='m@localhost/x' type='groupchat'><body>" + strings.Repeat("x", 10<<20) + "</body></message>",
		"many attributes":             "<message from='m@localhost/x'><x " + attributes(10000) + "/></message>",
		"a carbon of somebody else's": "<message from='m@localhost/x'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" + fmt.Sprintf(forgedEvent, "pubsub.localhost", good) + "</forwarded></received></message>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.iq = rosterOf("user1@localhost")
			p := up(t, f.start().config())
			l := f.take()
			if err := l.send(text); err != nil {
				t.Fatal(err)
			}
			// It still answers, and still receives what is true.
			_ = l.send("<iq type='get' id='alive' from='user1@localhost/y'><ping xmlns='urn:xmpp:ping'/></iq>")
			_ = l.send(fmt.Sprintf(forgedEvent, "pubsub.localhost", strings.Replace(good, `"c9"`, `"true"`, 1)))
			for s := range l.got {
				if s.attr("id") == "alive" {
					if s.attr("type") != "result" || s.attr("to") != "user1@localhost/y" {
						t.Errorf("the ping was answered %+v", s)
					}
					break
				}
				if s.XMLName.Local == "presence" && s.attr("type") == "subscribed" {
					t.Error("a stranger was let in")
				}
				if s.attr("id") == "h" && s.attr("type") != "error" {
					t.Errorf("answered %+v", s)
				}
			}
			item := await(p, func(i xmpp.Item) bool { return i.Err == nil })
			if item.Call.ID != "true" {
				t.Errorf("a forged record came: %+v", item)
			}
			if got := p.Available("m@localhost"); len(got) > 0 {
				t.Errorf("a stranger is listed: %+v", got)
			}
			if strings.Contains(p.told(), "Up:false") {
				t.Error(p.told())
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d='v' ", i)
	}
	return b.String()
}

// rosterOf answers the roster request with the contacts.
func rosterOf(contacts ...string) func(*link, stanza) bool {
	return func(l *link, q stanza) bool {
		if !strings.Contains(q.Inner, "jabber:iq:roster") {
			return false
		}
		items := ""
		for _, c := range contacts {
			items += "<item jid='" + c + "' subscription='both'/>"
		}
		l.result(q, "<query xmlns='jabber:iq:roster'>"+items+"</query>")
		return true
	}
}

// A reply counts only if it comes from where the request went.
func TestForgedRepliesDoNotCount(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.iq = func(l *link, q stanza) bool {
		if strings.Contains(q.Inner, "<publish") {
			for _, from := range []string{" from='m@localhost/x'", "", " from='localhost'", " from='@'"} {
				_ = l.send(fmt.Sprintf("<iq type='error' id='%s'%s><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", q.attr("id"), from))
			}
			l.result(q, "")
			return true
		}
		return goodNode(l, q)
	}
	p, _ := ready(t, f, f.start().config())
	if r, err := p.Publish(within(t, patience), "n", call("c1", 1, record.Offered, record.Ringing)); r != xmpp.Accepted {
		t.Error(r, err)
	}
}

// A stanza without end is given up before it has taken all memory.
func TestAnEndlessStanzaEndsTheSession(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p := up(t, f.start().config())
	l := f.take()
	_ = l.send("<message><body>")
	chunk := strings.Repeat("x", 1<<20)
	for range 40 {
		if l.send(chunk) != nil {
			break
		}
	}
	if s := await(p, func(s xmpp.Status) bool { return !s.Up }); s.Reason != xmpp.Broken || !strings.Contains(s.Err.Error(), "larger than") {
		t.Errorf("%+v", s)
	}
}

// Who floods us with requests is answered some of the time, and delays nobody's record.
func TestAFloodOfRequests(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p, l := ready(t, f, f.start().config())
	go func() {
		for range l.got { // what it answers
		}
	}()
	flood := strings.Repeat("<iq type='get' id='flood' from='m@localhost/x'><query xmlns='jabber:iq:version'/></iq>", 500)
	for i := range 20 {
		if err := l.send(flood); err != nil {
			t.Fatal(err)
		}
		if r, err := p.Publish(within(t, patience), "n", call("c1", int64(i+1), record.Offered, record.Ringing)); r != xmpp.Accepted {
			t.Fatal(r, err)
		}
	}
	if n := p.Stats().Answered; n == 0 || n > 9000 {
		t.Errorf("%d of 10000 requests were answered", n)
	}
}

func TestUnreadableRecordsDoNotHideTheOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p := up(t, f.start().config())
	l := f.take()
	good := goodCall(t)
	for _, bad := range []string{"", "<other xmlns='x'/>", "<call xmlns='ringside:call:2'/>", "<call xmlns='ringside:call:1' id='x'><customer><a/></customer></call>",
		strings.Replace(good, `seq="1"`, `seq="many"`, 1), "<call xmlns='ringside:call:1'>" + strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100) + "</call>"} {
		items := fmt.Sprintf("<item id='bad'>%s</item><retract id='gone'/><item id='c9'>%s</item>", bad, good)
		_ = l.send("<message from='pubsub.localhost' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'>" + items + "</items></event><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:41:07Z'/></message>")
		if gone := await(p, any_[xmpp.Item]); !gone.Retract || gone.ID != "gone" || gone.Node != "n" {
			t.Errorf("%+v", gone)
		}
		if i := await(p, any_[xmpp.Item]); i.ID != "bad" || i.Err == nil || i.Call.ID != "" {
			t.Errorf("%.60s: %+v", bad, i)
		}
		if i := await(p, any_[xmpp.Item]); i.ID != "c9" || i.Err != nil || i.Call.ID != "c9" || !i.Delayed {
			t.Errorf("%.60s: %+v", bad, i)
		}
	}
	if n := p.Stats().Unreadable; n != 6 {
		t.Errorf("%d were counted", n)
	}
}

// On the real server: a user of it who knows our full JID.
func TestMallory(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	crm := up(t, config(s, "user1", t.Name()))
	mallory := up(t, config(s, stack.Stranger, t.Name()))
	good := goodCall(t)
	for _, to := range []string{pub.Full(), crm.Full(), "queueapp@localhost", "user1@localhost"} {
		for _, text := range []string{
			"<iq type='get' id='h1' to='%s'/>", "<iq type='set' id='h2' to='%s'/>", "<iq type='get' id='h3' to='%s'><x xmlns='y'/></iq>",
			"<iq type='set' id='h4' to='%s'><query xmlns='jabber:iq:roster'><item jid='mallory@localhost' subscription='both'/></query></iq>",
			"<message to='%s' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><item id='c9'>" + good + "</item></items></event></message>",
			"<presence to='%s'/>", "<presence type='subscribe' to='%s'/>", "<message type='error' to='%s'/>",
		} {
			if err := mallory.SendRaw(t.Context(), fmt.Sprintf(text, to)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Stanzas from one to another keep their order: when the last has come, all have.
	for _, p := range []*probe{pub, crm} {
		if err := mallory.SendRaw(t.Context(), fmt.Sprintf("<message type='chat' to='%s'><body>done</body></message>", p.Full())); err != nil {
			t.Fatal(err)
		}
		await(p, func(c xmpp.Chat) bool {
			return c.Body == "done" && strings.HasPrefix(c.From, stack.Stranger+"@localhost/")
		})
		if told := p.told(); strings.Contains(told, "c9") || strings.Contains(told, "Up:false") || strings.Contains(told, "Contact:mallory") {
			t.Error(told)
		}
		if len(p.Available(stack.Stranger+"@localhost")) > 0 {
			t.Error("mallory is listed")
		}
		if p.Stats().Forged == 0 {
			t.Error("no forgery was counted: the test proves nothing")
		}
	}
	if got := mallory.Available("queueapp@localhost"); len(got) > 0 {
		t.Errorf("mallory sees %+v", got)
	}
}
