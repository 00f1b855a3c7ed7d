package xmpp_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

func TestANodeThatCannotBeMadePrivateGetsNothing(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"open to all": nodeForm("open", "publishers", "0"), "open to all publishers": nodeForm("whitelist", "open", "0"), "keeps what it should not": nodeForm("whitelist", "publishers", "true"),
		"does not say": `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure><x xmlns='jabber:x:data'/></configure></pubsub>`,
		"no form":      `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'/>`, "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			repaired := make(chan bool, 100)
			f.iq = func(l *link, q stanza) bool {
				if !strings.Contains(q.Inner, "<configure") {
					return goodNode(l, q)
				}
				if q.attr("type") == "set" {
					repaired <- true
					return false // granted, and nothing changes
				}
				l.result(q, form)
				return true
			}
			p := up(t, f.start().config())
			err := p.SetNode(within(t, patience), xmpp.Node{Name: "n"})
			if !errors.Is(err, xmpp.ErrNotPrivate) {
				t.Errorf("set node: %v", err)
			}
			if len(repaired) == 0 {
				t.Error("nobody tried to repair it")
			}
			r, err := p.Publish(within(t, patience), "n", call("c1", 1, record.Offered, record.Ringing))
			if r != xmpp.NotSent || !errors.Is(err, xmpp.ErrNotPrivate) {
				t.Errorf("%s, %v", r, err)
			}
			if rep := p.Nodes(); rep.Checked != 0 || !errors.Is(rep.Failed["n"], xmpp.ErrNotPrivate) {
				t.Errorf("%+v", rep)
			}
		})
	}
}

// Until whoever left is off the lists, nothing is published; and what waits for that waits no longer than it may.
func TestAPublishWaitsForTheMembers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	hold, release := make(chan stanza, 1), make(chan struct{})
	var order []string
	f.iq = func(l *link, q stanza) bool {
		if q.attr("type") == "set" {
			order = append(order, q.Inner)
		}
		if strings.Contains(q.Inner, "<affiliations") && q.attr("type") == "set" {
			hold <- q
			go func() { <-release; l.result(q, "") }()
			return true
		}
		return goodNode(l, q)
	}
	p, _ := ready(t, f, f.start().config())
	set := make(chan error, 1)
	go func() { set <- p.SetMembers(t.Context(), "n", []string{"user1@localhost"}) }()
	<-hold
	if r, err := p.Publish(within(t, 20*time.Millisecond), "n", call("c1", 1, record.Offered, record.Ringing)); r != xmpp.NotSent || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(r, err)
	}
	close(release)
	if r, err := p.Publish(within(t, patience), "n", call("c1", 2, record.Offered, record.Ringing)); r != xmpp.Accepted {
		t.Error(r, err)
	}
	if err := <-set; err != nil {
		t.Error(err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if last := order[len(order)-1]; strings.Contains(strings.Join(order, ""), `seq="1"`) || !strings.Contains(last, `seq="2"`) {
		t.Errorf("%q", order)
	}
}

// A node that somebody made otherwise is made as it should be, and its uninvited subscribers are taken off.
func TestAnOpenNodeIsRepaired(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	mallory := up(t, config(s, stack.Stranger, t.Name()))
	member := up(t, config(s, "user1", t.Name()))
	create := "<iq type='set' id='create' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='" + node + "'/><configure><x xmlns='jabber:x:data' type='submit'>" +
		"<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#access_model'><value>open</value></field><field var='pubsub#persist_items'><value>1</value></field></x></configure></pubsub></iq>" +
		"<iq type='set' id='affiliate' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='" + node + "'><affiliation jid='user3@localhost' affiliation='publisher'/></affiliations></pubsub></iq>"
	if err := pub.SendRaw(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	flush(t, pub, mallory) // the node is there
	mallory.Subscribe(node, xmpp.SubscribeOptions{})
	if s := await(mallory, any_[xmpp.Subscription]); !s.Active {
		t.Fatalf("the node is not open, so the test proves nothing: %+v", s)
	}
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: []string{"user1@localhost"}, Enrol: true}); err != nil {
		t.Fatal(err)
	}
	received(t, pub, member, node, call("c1", 1, record.Offered, record.Ringing))
	flush(t, pub, mallory)
	if got := mallory.items(node); got != nil {
		t.Errorf("mallory got %+v", got)
	}
	if kept, err := member.Fetch(t.Context(), node); len(kept) > 0 { // some servers refuse to look, some find nothing
		t.Error("the record was kept", err)
	}
	if err := pub.CheckNode(t.Context(), node); err != nil {
		t.Error(err)
	}
}

func TestADeletedNode(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	crm := up(t, config(s, "user1", t.Name()))
	n := xmpp.Node{Name: node, Members: []string{"user1@localhost"}}
	if err := pub.SetNode(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	crm.Subscribe(node, xmpp.SubscribeOptions{})
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	if err := pub.DeleteNode(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	await(crm, func(s xmpp.Subscription) bool { return !s.Active })
	if r, err := pub.Publish(t.Context(), node, call("c1", 1, record.Offered, record.Ringing)); r != xmpp.NotSent || !errors.Is(err, xmpp.ErrUnknownNode) {
		t.Error(r, err)
	}
	if err := pub.DeleteNode(t.Context(), node); err != nil {
		t.Errorf("a second time: %v", err)
	}
	// Somebody else deletes it: the next record is refused, and the one after finds it made again.
	if err := pub.SetNode(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	raw := "<iq type='set' id='delete' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete node='" + node + "'/></pubsub></iq>"
	if err := pub.SendRaw(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	r, err := pub.Publish(within(t, patience), node, call("c1", 2, record.Offered, record.Ringing))
	var why *xmpp.RefusedError
	if r != xmpp.Refused || !errors.As(err, &why) || why.Condition != "item-not-found" {
		t.Error(r, err)
	}
	if r, err := pub.Publish(within(t, patience), node, call("c1", 2, record.Offered, record.Ringing)); r != xmpp.Accepted {
		t.Error(r, err)
	}
}

func TestWhatIsNoNode(t *testing.T) {
	t.Parallel()
	c, err := xmpp.New(xmpp.Config{JID: "queueapp@localhost", Password: "x"}, xmpp.Handler{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []xmpp.Node{{}, {Name: "a\nb"}, {Name: "n", Mode: "open"}, {Name: "n", Members: []string{"localhost"}}, {Name: "n", Members: []string{"@@"}}} {
		if err := c.KeepNode(n); err == nil {
			t.Errorf("%+v was taken", n)
		}
	}
	if err := c.KeepNode(xmpp.Node{Name: "n", Members: []string{"USER1@LocalHost", "user1@localhost/x"}}); err != nil {
		t.Error(err)
	}
	if r := c.Nodes(); r.Checked != 0 || !errors.Is(r.Failed["n"], xmpp.ErrDown) {
		t.Errorf("%+v", r)
	}
	if err := c.SetMembers(t.Context(), "other", nil); !errors.Is(err, xmpp.ErrUnknownNode) {
		t.Error(err)
	}
	if err := c.CheckNode(t.Context(), "n"); !errors.Is(err, xmpp.ErrDown) {
		t.Error(err)
	}
}

// What was checked for members that are no longer wanted does not count.
func TestAChangeWhileANodeIsChecked(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	hold, release := make(chan bool, 10), make(chan struct{})
	var order []string
	f.iq = func(l *link, q stanza) bool {
		order = append(order, q.attr("type")+q.Inner)
		if strings.Contains(q.Inner, "<affiliations") && q.attr("type") == "set" {
			hold <- true
			go func() { <-release; l.result(q, "") }()
			return true
		}
		return goodNode(l, q)
	}
	p, _ := ready(t, f, f.start().config())
	set := make(chan error, 1)
	go func() { set <- p.SetMembers(t.Context(), "n", []string{"user1@localhost"}) }()
	<-hold
	if err := p.KeepNode(xmpp.Node{Name: "n"}); err != nil {
		t.Fatal(err)
	}
	close(release)
	if r, err := p.Publish(within(t, patience), "n", call("c1", 1, record.Offered, record.Ringing)); r != xmpp.Accepted {
		t.Error(r, err)
	}
	if err := <-set; err != nil {
		t.Error(err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, q := range order[slices.IndexFunc(order, func(q string) bool { return strings.Contains(q, "user1") }):] {
		if strings.Contains(q, "<publish") {
			break
		}
		if strings.HasPrefix(q, "get") && strings.Contains(q, "<affiliations") {
			looked++
		}
	}
	if looked == 0 {
		t.Errorf("published without another look: %q", order)
	}
}
