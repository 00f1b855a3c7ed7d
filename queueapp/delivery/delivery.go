// Package delivery sees to it that what must reach somebody does: records on the extensions' nodes, in order for each
// node, tried again as long as they matter; chats while they are fresh. It implements engine.CRM over a [Messenger].
//
// It never makes a call wait: the engine hands it records and goes on. It does not speak XMPP itself.
package delivery

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/record"
)

// ErrRefused says that the server understood and said no: trying again cannot help. A Messenger wraps it.
var ErrRefused = errors.New("refused by the server")

// Messenger carries records and chats to an XMPP server. Its methods may be called concurrently.
type Messenger interface {
	// Run keeps a session until ctx ends. up is called after each log-in; available when a resource of a JID comes.
	Run(ctx context.Context, up func(), available func(bareJID string)) error
	// Node makes sure that a node exists, is closed to all but its members, and has exactly these: whoever else had access
	// has lost it and his subscription when it returns.
	Node(ctx context.Context, node string, members []string) error
	// Publish puts a record on a node. An error that is not ErrRefused leaves open whether the server has it.
	Publish(ctx context.Context, node string, r record.Call) error
	// Chat tells the available resources of a JID.
	Chat(ctx context.Context, bareJID, body, thread string) error
	// Up reports whether there is a session, and why not.
	Up() (ok bool, why string)
}

// Options is what a Delivery is made of. All fields but Lease are needed.
type Options struct {
	Messenger Messenger
	Observers []string    // bare JIDs that may see every node
	Mode      record.Mode // of the nodes
	Published func(result queueapp.PublishResult, took time.Duration)
	Pending   func(records int)            // told how many records are still to be delivered
	GaveUp    func(channel, reason string) // told of what is not delivered any more: "pubsub" or "chat", and why
	Lease     *engine.Lease                // asked before anything leaves; nil lets all pass
	Log       *slog.Logger
	Now       func() time.Time
}

const (
	publishLimit = 5 * time.Second // after this an unanswered publish counts as unknown, and is tried again
	chatLife     = 5 * time.Second // an older chat is not sent: it would be about a call that is over
	chatBound    = 1024            // chats that may wait
	nodesAtOnce  = 16              // lanes that work at the same time after a log-in
	retryFirst   = 100 * time.Millisecond
	retryMost    = 2 * time.Second
)

// Delivery implements engine.CRM. Its methods may be called concurrently.
type Delivery struct {
	opt   Options
	chats chan chat
	slots chan struct{} // bounds how many lanes work at once

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before it
	lanes   map[queueapp.ExtensionID]*lane
	pending int
	workers sync.WaitGroup
	sent    func(engine.RecordKey)
}

type chat struct {
	to, body, thread string
	at               time.Time
}

var _ engine.CRM = (*Delivery)(nil)

// New returns a delivery that keeps what it is given until Run.
func New(o Options) *Delivery {
	return &Delivery{
		opt: o, chats: make(chan chat, chatBound), slots: make(chan struct{}, nodesAtOnce),
		lanes: map[queueapp.ExtensionID]*lane{},
	}
}

// Begin implements engine.CRM. Run must not do it: the owner's first records may be given before Run is scheduled.
func (d *Delivery) Begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = 0
	d.lanes = map[queueapp.ExtensionID]*lane{}
}

// Run delivers until ctx ends.
func (d *Delivery) Run(ctx context.Context, sent func(engine.RecordKey)) error {
	g, ctx := errgroup.WithContext(ctx)
	d.mu.Lock()
	d.ctx, d.sent = ctx, sent
	d.mu.Unlock()
	g.Go(func() error { return d.opt.Messenger.Run(ctx, d.up, d.available) })
	g.Go(func() error { return d.chatter(ctx) })
	err := g.Wait()
	d.mu.Lock()
	d.ctx = nil
	d.mu.Unlock()
	d.workers.Wait()
	return err
}

// up has every node checked again: what was true for the last session may have changed since.
func (d *Delivery) up() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.lanes {
		l.checked = false
		d.work(l)
	}
}

// available shows a member who just came what he may have missed on the nodes that he may see, unchanged: who has seen it
// drops it by its seq.
func (d *Delivery) available(jid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.lanes {
		if l.mayBeSeenBy(jid) {
			for _, out := range l.missed(d.opt.Now()) {
				l.queue = append(l.queue, &item{out: out, again: true, tried: true})
			}
			d.work(l)
		}
	}
}

// Offer implements engine.CRM.
func (d *Delivery) Offer(o engine.Outgoing, budget time.Duration, ring func(queueapp.PublishResult)) {
	it := &item{out: o, since: d.opt.Now()}
	it.ring = sync.OnceFunc(func() { ring(it.result) })
	it.late = time.AfterFunc(budget, func() { d.settle(it, queueapp.PublishLate) })
	d.add(it)
}

// settle lets the phone ring, the first time it is called.
func (d *Delivery) settle(it *item, r queueapp.PublishResult) {
	d.mu.Lock()
	if it.result == "" {
		it.result = r
	}
	ring := it.ring
	d.mu.Unlock()
	if ring != nil {
		it.late.Stop()
		ring()
	}
}

// Send implements engine.CRM.
func (d *Delivery) Send(o engine.Outgoing) {
	d.add(&item{out: o, since: d.opt.Now(), tried: o.Record.State != record.Closed})
}

// Shown implements engine.CRM.
func (d *Delivery) Shown(o engine.Outgoing) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lane(o.Extension).stands(o)
}

// Nodes implements engine.CRM.
func (d *Delivery) Nodes(nodes map[queueapp.ExtensionID]engine.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for x, n := range nodes {
		d.set(x, n.Name, append(slices.Clone(n.Members), d.opt.Observers...))
	}
	for x, l := range d.lanes {
		if _, named := nodes[x]; !named && len(l.members) > 0 {
			d.set(x, l.node, nil)
		}
	}
}

// Node implements engine.CRM.
func (d *Delivery) Node(x queueapp.ExtensionID, n engine.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.set(x, n.Name, append(slices.Clone(n.Members), d.opt.Observers...))
}

// set changes who may see a node, behind what is on its way there: a pop-up is closed before its viewer loses the node.
func (d *Delivery) set(x queueapp.ExtensionID, node string, members []string) {
	l := d.lane(x)
	if len(l.queue) == 0 {
		if l.checked && l.node == node && slices.Equal(l.members, members) {
			return
		}
		l.node, l.members, l.checked = node, members, false
	} else {
		l.queue = append(l.queue, &item{access: &engine.Node{Name: node, Members: members}, again: true})
	}
	d.work(l)
}

// Ready implements engine.CRM.
func (d *Delivery) Ready() (ok bool, why string) {
	if ok, why = d.opt.Messenger.Up(); !ok {
		return false, why
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for x, l := range d.lanes {
		if !l.checked {
			return false, "the node of extension " + string(x) + " is not checked: " + l.why
		}
	}
	return true, ""
}

// Chat implements engine.CRM.
func (d *Delivery) Chat(to []string, body, thread string) {
	for _, jid := range to {
		select {
		case d.chats <- chat{to: jid, body: body, thread: thread, at: d.opt.Now()}:
		default: // so many wait that this one would be stale
			d.opt.GaveUp("chat", "too-many")
		}
	}
}

func (d *Delivery) chatter(ctx context.Context) error {
	for {
		select {
		case c := <-d.chats:
			if d.opt.Lease.Begin(ctx) != nil {
				return nil
			}
			if d.opt.Now().Sub(c.at) > chatLife {
				d.opt.GaveUp("chat", "stale")
				continue
			}
			bounded, cancel := context.WithTimeout(ctx, chatLife)
			if err := d.opt.Messenger.Chat(bounded, c.to, c.body, c.thread); err != nil && ctx.Err() == nil {
				d.opt.GaveUp("chat", "failed")
				d.opt.Log.Info("chat not sent", "to", c.to, "err", err)
			}
			cancel()
		case <-ctx.Done():
			return nil
		}
	}
}
