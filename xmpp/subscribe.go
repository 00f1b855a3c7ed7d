package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"ringside/queueapp/record"
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

// Item is what came from a node.
type Item struct {
	Node    string
	ID      string
	Call    record.Call // the record, if neither Err nor Retract
	Err     error       // the payload is not a record
	Retract bool        // the item was taken back
	Fetched bool        // it was kept on the node; it did not happen just now
	Delayed bool        // the server held it up; it may be old
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

// eventIn is what a pubsub service tells subscribers (XEP-0060 §7.1.2, §8.4).
type eventIn struct {
	Items  *itemsIn `xml:"items"`
	Delete *struct {
		Node string `xml:"node,attr"`
	} `xml:"delete"`
	Subscription *struct {
		Node         string `xml:"node,attr"`
		Subscription string `xml:"subscription,attr"`
	} `xml:"subscription"`
}

type itemsIn struct {
	Node  string `xml:"node,attr"`
	Items []struct {
		ID   string  `xml:"id,attr"`
		Call *callIn `xml:"ringside:call:1 call"`
	} `xml:"item"`
	Retracts []struct {
		ID string `xml:"id,attr"`
	} `xml:"retract"`
}

// callIn is a record, or why it is none: one that cannot be read must not hide those beside it.
type callIn struct {
	call record.Call
	err  error
}

// UnmarshalXML implements xml.Unmarshaler. It relies on record.Call consuming its element whatever is in it.
func (c *callIn) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	c.err = c.call.UnmarshalXML(d, start)
	return nil
}

var errNoRecord = errors.New("the item holds no record of namespace " + record.Namespace)

func (in *itemsIn) all(delayed bool) []Item {
	node := record.CleanText(in.Node, record.MaxWord)
	var out []Item
	for _, r := range in.Retracts {
		out = append(out, Item{Node: node, ID: record.CleanText(r.ID, record.MaxWord), Retract: true, Delayed: delayed})
	}
	for _, i := range in.Items {
		item := Item{Node: node, ID: record.CleanText(i.ID, record.MaxWord), Err: errNoRecord, Delayed: delayed}
		if i.Call != nil {
			item.Call, item.Err = i.Call.call, i.Call.err
		}
		out = append(out, item)
	}
	return out
}

// event takes in what the pubsub service tells.
func (c *Client) event(s *session, in eventIn, delayed bool) {
	if in.Items != nil {
		for _, item := range in.Items.all(delayed) {
			c.deliver(item)
		}
	}
	ended := ""
	switch {
	case in.Delete != nil:
		ended = in.Delete.Node
	case in.Subscription != nil && in.Subscription.Subscription == "none":
		ended = in.Subscription.Node
	}
	c.mu.Lock()
	sub := c.subs[ended]
	c.mu.Unlock()
	if sub != nil {
		sub.report(s, fmt.Errorf("subscription to %s: ended by the server", ended))
		select {
		case sub.again <- struct{}{}:
		default:
		}
	}
}

func (c *Client) deliver(item Item) {
	if item.Err != nil {
		c.stats.unreadable.Add(1)
	}
	if f := c.handler.Item; f != nil {
		c.inbox.put(!always, func() { f(item) })
	}
}
