package xmpp_test

import (
	"errors"
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
	got := await(crm, any_[xmpp.Item])
	if diff := cmp.Diff(xmpp.Item{Node: node, ID: "c1", Call: want}, got); diff != "" {
		t.Error(diff)
	}
	if r, err := mallory.Publish(t.Context(), node, want); r != xmpp.NotSent || !errors.Is(err, xmpp.ErrUnknownNode) {
		t.Errorf("mallory: %v, %v", r, err)
	}
}
