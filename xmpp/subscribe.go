package xmpp

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	resubscribe   = time.Minute     // how often a subscription is asked for again: a server tells nobody that it took one away
	refusedRetry  = 5 * time.Second // how often one is asked for that was refused
	fetchAtMost   = 10              // items that are fetched of a node
	subscribeTime = 10 * time.Second
)

// SubscribeOptions say what is received of a node.
type SubscribeOptions struct {
	// FullJID subscribes this session alone instead of the account: it receives without being available, and no other
	// session of the account does.
	FullJID bool
	// Fetch has the kept items fetched after each subscription: for nodes of mode current.
	Fetch bool
}

// Subscription says how a subscription stands.
type Subscription struct {
	Node   string
	Active bool
	Err    error // why not; a *RefusedError where the server refused it. It is tried again.
}

// subscription is one that is kept.
type subscription struct {
	c    *Client
	Node string
	SubscribeOptions

	gone  chan struct{} // closed by Unsubscribe
	again chan struct{} // asks keep to look again

	mu   sync.Mutex
	kept *session // in which keep runs
	told string   // what the handler heard last
}

// Subscribe keeps node subscribed from now on, over all sessions; records come to Handler.Item, what happens to the
// subscription to Handler.Subscription. A second call with the same node changes nothing.
func (c *Client) Subscribe(node string, o SubscribeOptions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subs[node] == nil {
		c.subs[node] = &subscription{c: c, Node: node, SubscribeOptions: o, gone: make(chan struct{}), again: make(chan struct{}, 1)}
	}
	if c.ses != nil {
		c.ses.nudge()
	}
}

// Unsubscribe keeps node subscribed no longer and takes the subscription back, if there is a session.
func (c *Client) Unsubscribe(ctx context.Context, node string) error {
	c.mu.Lock()
	sub := c.subs[node]
	delete(c.subs, node)
	c.mu.Unlock()
	if sub == nil {
		return nil
	}
	close(sub.gone)
	s, err := c.session()
	if err != nil {
		return nil
	}
	_, err = request[nothing](ctx, s, "set", c.cfg.PubSub, pubsubOut{Unsubscribe: &subscriberOut{node, sub.jid(s)}})
	if err != nil && !isCondition(err, "unexpected-request") && !isCondition(err, "item-not-found") { // not subscribed
		return fmt.Errorf("unsubscribe from %s: %w", node, err)
	}
	return nil
}

func (c *Client) subscriptions() []*subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.subs))
}

func (sub *subscription) jid(s *session) string {
	if sub.FullJID {
		return s.full
	}
	return s.c.me.String()
}

// begin says whether keep is to be started in s.
func (sub *subscription) begin(s *session) bool {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	begin := sub.kept != s
	sub.kept = s
	return begin
}

// keep subscribes, again and again, until the session ends or Unsubscribe.
func (sub *subscription) keep(s *session) {
	first := true
	sub.tell("")
	for {
		err := sub.once(s, first)
		wait := resubscribe
		if err != nil {
			wait = refusedRetry
		}
		first = err != nil
		sub.report(s, err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-sub.again:
			first = true
		case <-s.life.Done():
		case <-sub.gone:
		}
		timer.Stop()
		if s.life.Err() != nil || isClosed(sub.gone) {
			return
		}
	}
}

// once subscribes, which changes nothing if we are subscribed, and fetches what is kept if that was asked for.
func (sub *subscription) once(s *session, fetch bool) error {
	ctx, cancel := context.WithTimeout(s.life, subscribeTime)
	defer cancel()
	_, err := request[nothing](ctx, s, "set", s.c.cfg.PubSub, pubsubOut{Subscribe: &subscriberOut{sub.Node, sub.jid(s)}})
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", sub.Node, err)
	}
	if !fetch || !sub.Fetch {
		return nil
	}
	items, err := s.fetch(ctx, sub.Node)
	for _, item := range items {
		s.c.deliver(item)
	}
	return err
}

// report tells the handler how the subscription stands, if that is news.
func (sub *subscription) report(s *session, err error) {
	news := "active"
	if err != nil {
		news = err.Error()
	}
	if s.life.Err() != nil || !sub.tell(news) {
		return
	}
	if f := sub.c.handler.Subscription; f != nil {
		sub.c.inbox.put(always, func() { f(Subscription{sub.Node, err == nil, err}) })
	}
}

// tell notes what the handler was told and says whether that is news.
func (sub *subscription) tell(what string) bool {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	news := sub.told != what
	sub.told = what
	return news
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Fetch returns what is kept on node: at most ten items, the newest record of each.
func (c *Client) Fetch(ctx context.Context, node string) ([]Item, error) {
	s, err := c.session()
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: %w", node, err)
	}
	return s.fetch(ctx, node)
}

func (s *session) fetch(ctx context.Context, node string) ([]Item, error) {
	in, err := request[struct {
		PubSub struct {
			Items itemsIn `xml:"http://jabber.org/protocol/pubsub items"`
		} `xml:"http://jabber.org/protocol/pubsub pubsub"`
	}](ctx, s, "get", s.c.cfg.PubSub, pubsubOut{Items: &nodeOut{node}})
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: %w", node, err)
	}
	in.PubSub.Items.Node = node
	items := in.PubSub.Items.all(false)
	items = items[:min(len(items), fetchAtMost)]
	for i := range items {
		items[i].Fetched = true
	}
	return items, nil
}
