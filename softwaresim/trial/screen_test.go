package trial

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/xmpp"
)

// screen is what an agent's CRM was shown.
type screen struct {
	site *site
	mu   sync.Mutex
	got  []shown
	chat []xmpp.Chat
	subs []xmpp.Subscription
	more chan struct{}
}

type shown struct {
	at   time.Time
	node string
	record.Call
}

// screen logs in as an extension's CRM and subscribes to its node.
func (s *site) screen(number string) *screen {
	s.t.Helper()
	x := s.extension(number)
	return s.login(x.JID, x.JIDPassword, "extension"+number)
}

func (s *site) login(jid, password, node string) *screen {
	s.t.Helper()
	info := s.stack.Info()
	sc := &screen{site: s, more: make(chan struct{}, 1)}
	client, err := xmpp.New(xmpp.Config{
		JID: jid, Password: password, Resource: "crm", Servers: []string{info.XMPP}, CAFile: info.CA, PubSub: info.PubSub,
	}, xmpp.Handler{
		Item: func(i xmpp.Item) {
			if i.Err == nil && !i.Retract {
				sc.note(func() { sc.take(shown{time.Now(), i.Node, i.Call}) })
			}
		},
		Chat:         func(c xmpp.Chat) { sc.note(func() { sc.chat = append(sc.chat, c) }) },
		Subscription: func(sub xmpp.Subscription) { sc.note(func() { sc.subs = append(sc.subs, sub) }) },
	})
	s.must(err)
	client.Subscribe(node, xmpp.SubscribeOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- client.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
	return sc
}

// take keeps a record, but for the end of a call that this screen never showed: who logs in is told what was missed.
func (sc *screen) take(r shown) {
	known := slices.ContainsFunc(sc.got, func(o shown) bool { return o.ID == r.ID })
	if known || r.State != record.Closed {
		sc.got = append(sc.got, r)
	}
}

func (sc *screen) note(f func()) {
	sc.mu.Lock()
	f()
	sc.mu.Unlock()
	select {
	case sc.more <- struct{}{}:
	default:
	}
}

// until waits until ok holds of what was shown.
func (sc *screen) until(what string, ok func(*screen) bool) {
	sc.site.t.Helper()
	for {
		sc.mu.Lock()
		done := ok(sc)
		sc.mu.Unlock()
		if done {
			return
		}
		select {
		case <-sc.more:
		case <-sc.site.ctx.Done():
			sc.site.t.Fatalf("the CRM was never shown: %s; it has %+v, subscriptions %+v\nqueueapp's log:\n%s", what, sc.got, sc.subs, sc.site.log(60))
		}
	}
}

// subscribed waits until the node is subscribed to.
func (sc *screen) subscribed() *screen {
	sc.site.t.Helper()
	sc.until("a subscription", func(sc *screen) bool {
		n := len(sc.subs)
		return n > 0 && sc.subs[n-1].Active
	})
	return sc
}

// saw waits for a record of this event and returns the last one.
func (sc *screen) saw(event record.Event) (last shown) {
	sc.site.t.Helper()
	sc.until(string(event), func(sc *screen) bool {
		for _, r := range sc.got {
			if r.Event == event {
				last = r
			}
		}
		return last.Event == event
	})
	return last
}

// crms counts the CRMs: of two with one resource the server ends one.
var crms atomic.Int64

// crm opens an account's CRM on the nodes of extensions and waits until it is logged in.
func (s *site) crm(jid, password string, extensions ...string) *crm.CRM {
	s.t.Helper()
	info := s.stack.Info()
	config := crm.Config{JID: jid, Password: password, Server: info.XMPP, CA: info.CA, PubSub: info.PubSub}
	for _, x := range extensions {
		config.Nodes = append(config.Nodes, "extension"+x)
	}
	return s.openCRM(config)
}

func (s *site) openCRM(config crm.Config) *crm.CRM {
	s.t.Helper()
	config.Resource = fmt.Sprintf("crm%d", crms.Add(1))
	c, err := crm.Open(config)
	s.must(err)
	s.t.Cleanup(func() { s.must(c.Close()) })
	w := c.Watch()
	defer w.Close()
	_, err = w.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Up })
	s.must(err)
	return c
}
