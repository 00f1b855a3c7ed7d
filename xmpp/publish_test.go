package xmpp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/record"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

func TestARecordReachesItsMemberAndNobodyElse(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	crm := up(t, config(s, "user1", t.Name()))
	mallory := up(t, config(s, stack.Stranger, t.Name()))
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: []string{"user1@localhost"}}); err != nil {
		t.Fatal(err)
	}
	crm.Subscribe(node, xmpp.SubscribeOptions{})
	mallory.Subscribe(node, xmpp.SubscribeOptions{})
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	refused := await(mallory, any_[xmpp.Subscription])
	var why *xmpp.RefusedError
	if refused.Active || !errors.As(refused.Err, &why) || !why.Forbidden() {
		t.Fatalf("mallory's subscription: %+v", refused)
	}
	if _, err := mallory.Fetch(t.Context(), node); !errors.As(err, &why) {
		t.Errorf("mallory fetched: %v", err)
	}
	want := call("c1", 1, record.Offered, record.Ringing)
	want.Caller.Name = `"Ann" <b>&amp; 'Bob' 🦊 ]]>`
	want.Customers[0].Data = record.Data{{Key: "note", Value: `a < b && c > "d"`}}
	if r, err := pub.Publish(within(t, 5*time.Second), node, want); r != xmpp.Accepted || err != nil {
		t.Fatalf("%v, %v", r, err)
	}
	got := await(crm, on(node))
	if diff := cmp.Diff(xmpp.Item{Node: node, ID: "c1", Call: want}, got); diff != "" {
		t.Error(diff)
	}
	if r, err := mallory.Publish(t.Context(), node, want); r != xmpp.NotSent || !errors.Is(err, xmpp.ErrUnknownNode) {
		t.Errorf("mallory: %v, %v", r, err)
	}
}

// received publishes the record and returns it as p got it.
func received(t *testing.T, pub, p *probe, node string, c record.Call) xmpp.Item {
	t.Helper()
	if r, err := pub.Publish(within(t, patience), node, c); r != xmpp.Accepted {
		t.Fatal(r, err)
	}
	return await(p, func(i xmpp.Item) bool { return i.Node == node && i.Call.ID == c.ID && i.Call.Seq == c.Seq })
}

// on says whether an item is of the node.
func on(node string) func(xmpp.Item) bool {
	return func(i xmpp.Item) bool { return i.Node == node }
}

// flush makes sure that whatever was sent to p before is in its log: stanzas from one to another keep their order, and
// so do those that a server makes of them.
func flush(t *testing.T, pub, p *probe) {
	t.Helper()
	if err := pub.SendRaw(t.Context(), "<message type='chat' to='"+p.Full()+"'><body>flush</body></message>"); err != nil {
		t.Fatal(err)
	}
	await(p, func(c xmpp.Chat) bool { return c.Body == "flush" })
}

func TestWhoLeavesReceivesNothingMore(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	bare := up(t, config(s, "user1", t.Name()))
	fullConfig := config(s, "user1", t.Name()+"-full")
	fullConfig.NoPresence = true
	full := up(t, fullConfig)
	stays := up(t, config(s, "user2", t.Name()))
	both := []string{"user2@localhost", "user1@localhost", "user1@localhost/x"}
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: both}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*probe{bare, full, stays} {
		p.Subscribe(node, xmpp.SubscribeOptions{FullJID: p == full})
		await(p, func(s xmpp.Subscription) bool { return s.Active })
	}
	first := received(t, pub, stays, node, call("c1", 1, record.Offered, record.Ringing))
	for _, p := range []*probe{bare, full} {
		if diff := cmp.Diff(first, await(p, on(node))); diff != "" {
			t.Error(diff)
		}
	}
	if err := pub.SetMembers(t.Context(), node, both[:1]); err != nil {
		t.Fatal(err)
	}
	received(t, pub, stays, node, call("c1", 2, record.Answered, record.Talking))
	for _, p := range []*probe{bare, full} {
		flush(t, pub, p)
		if got := p.items(node); got != nil {
			t.Errorf("who left got %+v", got)
		}
		if _, err := p.Fetch(t.Context(), node); err == nil {
			t.Error("who left can fetch")
		}
	}
	// Whoever comes back, and is put on the list by the owner, receives without having to know.
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: both, Enrol: true}); err != nil {
		t.Fatal(err)
	}
	received(t, pub, bare, node, call("c1", 3, record.Ended, record.Closed))
}

func TestWhatACurrentNodeKeeps(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	early := up(t, config(s, "user1", t.Name()))
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Mode: record.Current, Members: []string{"user1@localhost"}, Enrol: true}); err != nil {
		t.Fatal(err)
	}
	first := call("c1", 1, record.Offered, record.Ringing)
	if i := received(t, pub, early, node, first); i.ID != record.CurrentItem {
		t.Errorf("item id %s", i.ID)
	}
	late := up(t, config(s, "user1", t.Name()+"-late"))
	late.Subscribe(node, xmpp.SubscribeOptions{Fetch: true})
	if diff := cmp.Diff(xmpp.Item{Node: node, ID: record.CurrentItem, Call: first, Fetched: true}, await(late, on(node))); diff != "" {
		t.Error(diff)
	}
	closed := call("c1", 2, record.Ended, record.Closed)
	received(t, pub, early, node, closed)
	items, err := late.Fetch(t.Context(), node)
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	if diff := cmp.Diff(closed.Anonymous(), items[0].Call); diff != "" {
		t.Errorf("(-what may be kept +what is kept)\n%s", diff)
	}
	// Made transient, it keeps nothing.
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: []string{"user1@localhost"}}); err != nil {
		t.Fatal(err)
	}
	if items, _ := late.Fetch(t.Context(), node); len(items) > 0 {
		t.Errorf("still kept: %+v", items)
	}
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	s, node := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	crm := up(t, config(s, "user1", t.Name()))
	if err := pub.SetNode(t.Context(), xmpp.Node{Name: node, Members: []string{"user1@localhost"}}); err != nil {
		t.Fatal(err)
	}
	crm.Subscribe(node, xmpp.SubscribeOptions{})
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	if err := crm.Unsubscribe(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	if r, err := pub.Publish(within(t, patience), node, call("c1", 1, record.Offered, record.Ringing)); r != xmpp.Accepted {
		t.Fatal(r, err)
	}
	flush(t, pub, crm)
	if got := crm.items(node); got != nil {
		t.Errorf("it got %+v", got)
	}
	if err := crm.Unsubscribe(t.Context(), node); err != nil {
		t.Error(err)
	}
}

// Many records on many nodes at once: all arrive, and those of a node in the order in which they were published.
func TestManyRecordsAtOnce(t *testing.T) {
	t.Parallel()
	s, prefix := prosody(t), nodeName(t)
	pub := up(t, config(s, "queueapp", t.Name()))
	crm := up(t, config(s, "user1", t.Name()))
	const nodes, records = 10, 30
	done := make(chan error, nodes)
	for n := range nodes {
		name := prefix + string(rune('a'+n))
		go func() {
			err := pub.SetNode(t.Context(), xmpp.Node{Name: name, Members: []string{"user1@localhost"}, Enrol: true})
			for i := range records {
				if err == nil {
					_, err = pub.Publish(t.Context(), name, call(name, int64(i+1), record.Updated, record.Talking))
				}
			}
			done <- err
		}()
	}
	for range nodes {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	last := map[string]int64{}
	for range nodes * records {
		i := await(crm, func(i xmpp.Item) bool { return strings.HasPrefix(i.Node, prefix) })
		if i.Call.Seq != last[i.Node]+1 {
			t.Fatalf("%s: seq %d after %d", i.Node, i.Call.Seq, last[i.Node])
		}
		last[i.Node] = i.Call.Seq
	}
}
