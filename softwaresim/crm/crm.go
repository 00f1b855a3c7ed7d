// Package crm is an agent's CRM as Ringside sees one: it logs in to XMPP with the
// agent's account, subscribes to the nodes of extensions, and keeps a screen of pop-ups
// by the rules of package record. Every change of the screen is an event with the time
// at which it was seen.
package crm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/arrival"
	"ringside/softwaresim/watch"
	"ringside/xmpp"
)

// Config says who logs in where, and what it looks at.
type Config struct {
	// JID and Password are the agent's account, or an observer's.
	JID      string
	Password string
	// Server is the XMPP server, host:port; CA the file of the authority that signed
	// its certificate; PubSub the JID of its pubsub service.
	Server string
	CA     string
	PubSub string
	// Nodes are subscribed to: "extension1000" for the extension 1000.
	Nodes []string
	// Mode is what the nodes keep, record.Transient if empty.
	Mode record.Mode
	// Resource names this log-in among others of the account, "crm" if empty.
	Resource string
	// Log is told what the XMPP client finds odd. Nothing is logged if it is nil.
	Log *slog.Logger
}

// Kind says what happened.
type Kind string

// What can happen at a CRM.
const (
	// Up and Down: the log-in; Reason says why it is down.
	Up   Kind = "up"
	Down Kind = "down"
	// Subscribed and Refused: a subscription to a node; Reason says why not.
	Subscribed Kind = "subscribed"
	Refused    Kind = "refused"
	// Opened, Changed and Closed: a pop-up; Call is the record that did it. Dropped: a
	// record that changed nothing; Why says why.
	Opened  Kind = "opened"
	Changed Kind = "changed"
	Closed  Kind = "closed"
	Dropped Kind = "dropped"
	// Chatted: a chat message came; Text is it.
	Chatted Kind = "chat"
	// Unreadable: something came on a node that is no record; Reason says what is wrong.
	Unreadable Kind = "unreadable"
)

// Event is one thing that happened at a CRM.
type Event struct {
	// At is when it came: for what the server sent, as the kernel had it. It carries
	// Go's monotonic clock.
	At   time.Time `json:"at"`
	Kind Kind      `json:"event"`
	JID  string    `json:"jid"`
	Node string    `json:"node,omitempty"`
	// Call is the record, for Opened, Changed, Closed and Dropped.
	Call *record.Call `json:"call,omitempty"`
	// Before is what was shown until now: a record that closes may lack the customers.
	Before *record.Call `json:"before,omitempty"`
	Why    record.Why   `json:"why,omitempty"`
	From   string       `json:"from,omitempty"`
	Text   string       `json:"text,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

// CRM is one log-in. All methods are safe for concurrent use.
type CRM struct {
	jid    string
	client *xmpp.Client
	feed   watch.Feed[Event]
	box    *watch.Mailbox[arrived]
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	screen *record.Screen
}

// arrived is something that the XMPP client said, and when.
type arrived struct {
	at   time.Time
	what any // xmpp.Status, Subscription, Item or Chat
}

// Open logs in and goes on until Close, over all failures: it returns at once, and the
// events tell how it fares. The error is one of the configuration.
func Open(config Config) (*CRM, error) {
	if config.Mode == "" {
		config.Mode = record.Transient
	}
	if config.Resource == "" {
		config.Resource = "crm"
	}
	c := &CRM{jid: config.JID, box: watch.NewMailbox[arrived](), screen: record.NewScreen(config.Mode)}
	c.feed.Keep = true
	line := new(line)
	put := func(what any) { c.box.Put(arrived{line.arrival(), what}) }
	client, err := xmpp.New(xmpp.Config{
		JID: config.JID, Password: config.Password, Resource: config.Resource, Servers: []string{config.Server},
		CAFile: config.CA, PubSub: config.PubSub, Log: config.Log, Dial: line.dial,
	}, xmpp.Handler{
		Status:       func(s xmpp.Status) { c.box.Put(arrived{time.Now(), s}) },
		Subscription: func(s xmpp.Subscription) { put(s) },
		Item:         func(i xmpp.Item) { put(i) },
		Chat:         func(m xmpp.Chat) { put(m) },
	})
	if err != nil {
		return nil, fmt.Errorf("log in to a CRM: %w", err)
	}
	for _, node := range config.Nodes {
		client.Subscribe(node, xmpp.SubscribeOptions{Fetch: config.Mode == record.Current})
	}
	c.client = client
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.wg.Go(func() { _ = client.Run(ctx) }) // nil, for it is called once
	c.wg.Go(func() { c.follow(ctx) })
	return c, nil
}

// line is the connection to the server, and knows when what was read last had come.
// The client's handlers run a little after what they tell was read, so that the time is
// never too early, and too late only where more came right behind.
type line struct {
	stream atomic.Pointer[arrival.Stream]
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s, err := arrival.Dial(ctx, network, address)
	if err != nil {
		return nil, err // it says where to
	}
	l.stream.Store(s)
	return s, nil
}

func (l *line) arrival() time.Time {
	if s := l.stream.Load(); s != nil {
		return s.Last()
	}
	return time.Now()
}

// Close logs out and waits until all that belongs to the CRM has ended.
func (c *CRM) Close() error {
	c.stop()
	c.wg.Wait()
	c.feed.Finish()
	return nil
}

// JID is the account.
func (c *CRM) JID() string { return c.jid }

// Shown returns the records whose pop-ups are open, the oldest first.
func (c *CRM) Shown() []record.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen.Open()
}

// Events returns what has happened so far.
func (c *CRM) Events() []Event { return c.feed.Events() }

// Watch delivers the CRM's events from its first on. Close it when done with it.
func (c *CRM) Watch() *watch.Watch[Event] { return c.feed.Watch() }

// AwaitSubscribed waits until the nodes, all of them configured, are subscribed to: what
// is published from then on is seen. A refusal does not end the wait: an agent's account
// may watch an extension once the agent is logged on there, and asks again until then.
func (c *CRM) AwaitSubscribed(ctx context.Context, nodes ...string) error {
	missing := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		missing[n] = true
	}
	refusal := "nothing heard of it"
	w := c.Watch()
	defer w.Close()
	for len(missing) > 0 {
		e, err := w.Next(ctx, func(e Event) bool { return missing[e.Node] && (e.Kind == Subscribed || e.Kind == Refused) })
		if err != nil {
			return fmt.Errorf("wait for %s to be subscribed: %w (%s)", c.jid, err, refusal)
		}
		if e.Kind == Refused {
			refusal = e.Reason
			continue
		}
		delete(missing, e.Node)
	}
	return nil
}

// follow applies what came, and closes what has outlived its life, until ctx is done.
func (c *CRM) follow(ctx context.Context) {
	expiry := time.NewTimer(0)
	defer expiry.Stop()
	for {
		for a, ok := c.box.Next(); ok; a, ok = c.box.Next() {
			c.apply(a)
		}
		c.mu.Lock()
		next := c.screen.Next()
		c.mu.Unlock()
		if next.IsZero() {
			expiry.Stop()
		} else {
			expiry.Reset(time.Until(next))
		}
		select {
		case <-c.box.Wake():
		case now := <-expiry.C:
			c.mu.Lock()
			changes := c.screen.Expire(now)
			c.mu.Unlock()
			c.publish(now, changes)
		case <-ctx.Done():
			return
		}
	}
}

func (c *CRM) apply(a arrived) {
	switch what := a.what.(type) {
	case xmpp.Status:
		c.feed.Publish(c.status(a.at, what))
	case xmpp.Subscription:
		e := Event{At: a.at, Kind: Subscribed, JID: c.jid, Node: what.Node}
		if !what.Active {
			e.Kind, e.Reason = Refused, fmt.Sprint(what.Err)
		}
		c.feed.Publish(e)
		var refused *xmpp.RefusedError
		if errors.As(what.Err, &refused) && refused.Forbidden() {
			c.lose(a.at, what.Node)
		}
	case xmpp.Chat:
		c.feed.Publish(Event{At: a.at, Kind: Chatted, JID: c.jid, From: what.From, Text: what.Body})
	case xmpp.Item:
		c.item(a.at, what)
	}
}

// lose closes what is shown of a node that is closed to us now: we may have lost it while we were away, and nobody tells
// us any more how those calls end.
func (c *CRM) lose(at time.Time, node string) {
	c.mu.Lock()
	changes := c.screen.Lose(at, node)
	c.mu.Unlock()
	c.publish(at, changes)
}

func (c *CRM) status(at time.Time, s xmpp.Status) Event {
	if s.Up {
		return Event{At: at, Kind: Up, JID: c.jid}
	}
	e := Event{At: at, Kind: Down, JID: c.jid, Reason: string(s.Reason)}
	if s.Err != nil {
		e.Reason = s.Err.Error()
	}
	return e
}

// item applies one item of a node to the screen.
func (c *CRM) item(at time.Time, i xmpp.Item) {
	if i.Err != nil {
		c.feed.Publish(Event{At: at, Kind: Unreadable, JID: c.jid, Node: i.Node, Reason: i.Err.Error()})
		return
	}
	c.mu.Lock()
	var changes []record.Change
	if i.Retract {
		changes = c.screen.Retract(at, i.Node, i.ID)
	} else {
		changes = c.screen.Apply(at, i.Node, i.Call)
	}
	c.mu.Unlock()
	c.publish(at, changes)
}

func (c *CRM) publish(at time.Time, changes []record.Change) {
	kinds := map[record.Verb]Kind{record.Opens: Opened, record.Changes: Changed, record.Closes: Closed, record.Drops: Dropped}
	for _, change := range changes {
		e := Event{At: at, Kind: kinds[change.Verb], JID: c.jid, Node: change.Node, Call: &change.Call, Why: change.Why}
		if change.Before.ID != "" {
			e.Before = &change.Before
		}
		c.feed.Publish(e)
	}
}
