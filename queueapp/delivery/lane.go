package delivery

import (
	"context"
	"errors"
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/record"
)

// lane is one node: what it must still get, in order, by at most one worker at a time.
type lane struct {
	extension queueapp.ExtensionID
	node      string
	members   []string
	checked   bool   // exists, is closed, has these members: in this session
	why       string // it is not checked
	queue     []*item
	last      map[queueapp.CallID]engine.Outgoing // each call's last record, until it expires
	newest    engine.Outgoing                     // of the records that were published, one of the call that was offered last
	working   bool
}

// item is one record on its way.
type item struct {
	out    engine.Outgoing
	since  time.Time
	tried  bool         // it may have left
	again  bool         // shown again unchanged, or no record: nobody waits for it
	access *engine.Node // not a record: from here on the node is like this
	ring   func()
	result queueapp.PublishResult
	late   *time.Timer
}

func (it *item) closes() bool { return it.out.Record.State == record.Closed }

func (l *lane) mayBeSeenBy(jid string) bool { return slices.Contains(l.members, jid) }

func (d *Delivery) lane(x queueapp.ExtensionID) *lane {
	l := d.lanes[x]
	if l == nil {
		l = &lane{extension: x, last: map[queueapp.CallID]engine.Outgoing{}}
		d.lanes[x] = l
	}
	return l
}

// add queues an item. A close takes what is still queued of its attempt out; if nothing of it can have left, there is
// nothing to close either (DESIGN §4.6).
func (d *Delivery) add(it *item) {
	d.mu.Lock()
	d.pending++
	d.opt.Pending(d.pending)
	l := d.lane(it.out.Extension)
	var overtaken []*item
	if it.closes() {
		overtaken = l.overtake(it)
	}
	unseen := len(overtaken) > 0 && !slices.ContainsFunc(overtaken, func(o *item) bool { return o.tried }) &&
		slices.ContainsFunc(overtaken, func(o *item) bool { return o.out.Event == string(record.Offered) })
	if unseen {
		overtaken = append(overtaken, it)
	} else {
		l.queue = append(l.queue, it)
		d.work(l)
	}
	d.mu.Unlock()
	for _, o := range overtaken {
		d.done(o, queueapp.PublishLate)
	}
}

// overtake removes the queued items of the attempt that c closes. The one being published stays: it has left.
func (l *lane) overtake(c *item) []*item {
	var out []*item
	l.queue = slices.DeleteFunc(l.queue, func(o *item) bool {
		if o.access != nil || o.out.Attempt != c.out.Attempt || (l.working && o == l.queue[0] && o.tried) {
			return false
		}
		out = append(out, o)
		return true
	})
	return out
}

// done tells the engine that an item needs no more delivery.
func (d *Delivery) done(it *item, r queueapp.PublishResult) {
	if it.again {
		return
	}
	if it.ring != nil {
		d.settle(it, r)
	}
	d.mu.Lock()
	d.pending--
	d.opt.Pending(d.pending)
	sent := d.sent
	d.mu.Unlock()
	if sent != nil {
		sent(it.out.RecordKey)
	}
}

// work has a worker see to a lane, unless one does already. d.mu is held.
func (d *Delivery) work(l *lane) {
	if l.working || d.ctx == nil || l.node == "" || (l.checked && len(l.queue) == 0) {
		return
	}
	ctx := d.ctx
	l.working = true
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		d.run(ctx, l)
	}()
}

// run works a lane off. When something did not work it waits a little and tries again, until ctx ends.
func (d *Delivery) run(ctx context.Context, l *lane) {
	pause := retryFirst
	for d.opt.Lease.Begin(ctx) == nil {
		more, worked := d.step(ctx, l)
		if !more {
			return
		}
		if worked {
			pause = retryFirst
			continue
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, retryMost)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	d.mu.Lock()
	l.working = false
	d.mu.Unlock()
}

// step does the next thing that a lane needs. more is false when there is nothing; worked, when it must be tried again.
func (d *Delivery) step(ctx context.Context, l *lane) (more, worked bool) {
	d.mu.Lock()
	if l.checked && len(l.queue) == 0 {
		l.working = false
		d.mu.Unlock()
		return false, true
	}
	if !l.checked {
		node, members := l.node, l.members
		l.checked = true // whoever changes it meanwhile says so again
		d.mu.Unlock()
		return true, d.check(ctx, l, node, members)
	}
	it, node := l.queue[0], l.node
	if it.access != nil {
		l.node, l.members, l.checked = it.access.Name, it.access.Members, false
		d.mu.Unlock()
		d.drop(l, it)
		return true, true
	}
	if slices.ContainsFunc(l.queue[1:], func(o *item) bool { return o.closes() && o.out.Attempt == it.out.Attempt }) {
		d.mu.Unlock() // it may have left before, so its close goes out; it itself is stale
		d.drop(l, it)
		d.done(it, queueapp.PublishLate)
		return true, true
	}
	if d.opt.Mode == record.Current && l.overtaken(it.out) {
		d.mu.Unlock()
		d.drop(l, it)
		d.done(it, queueapp.PublishLate)
		return true, true
	}
	expired := !it.out.Record.Expires.IsZero() && d.opt.Now().After(it.out.Record.Expires)
	if !expired {
		it.tried = true
	}
	d.mu.Unlock()
	if expired {
		d.drop(l, it)
		d.opt.GaveUp("pubsub", "expired")
		d.opt.Log.Warn("record not delivered while it mattered", "node", node, "call", it.out.Call, "event", it.out.Event)
		d.done(it, queueapp.PublishLate)
		return true, true
	}
	return true, d.publish(ctx, l, node, it)
}

func (d *Delivery) check(ctx context.Context, l *lane, node string, members []string) bool {
	if ok, why := d.opt.Messenger.Up(); !ok {
		d.unchecked(l, why)
		return false
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		d.unchecked(l, "stopping")
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	if err := d.opt.Messenger.Node(bounded, node, members); err != nil {
		d.unchecked(l, err.Error())
		if ctx.Err() == nil {
			d.opt.Log.Warn("node is not as it must be; nothing is published on it", "node", node, "err", err)
		}
		return false
	}
	return true
}

func (d *Delivery) unchecked(l *lane, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.checked, l.why = false, why
}

func (d *Delivery) publish(ctx context.Context, l *lane, node string, it *item) bool {
	bounded, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	begun := d.opt.Now()
	failpoint.Here("publish", it.out.Event)
	err := d.opt.Messenger.Publish(bounded, node, it.out.Record)
	failpoint.Here("published", it.out.Event)
	took := d.opt.Now().Sub(begun)
	switch {
	case err == nil:
		d.opt.Published(queueapp.PublishOK, took)
		d.shown(l, it)
		d.done(it, queueapp.PublishOK)
		return true
	case errors.Is(err, ErrRefused):
		d.opt.Published(queueapp.PublishRefused, took)
		d.opt.GaveUp("pubsub", "refused")
		d.opt.Log.Warn("record refused", "node", node, "call", it.out.Call, "event", it.out.Event, "err", err)
		d.drop(l, it)
		d.done(it, queueapp.PublishRefused)
		return true
	}
	d.opt.Published(queueapp.PublishLate, took)
	if ctx.Err() == nil {
		d.opt.Log.Warn("it is not known whether a record was published; it is tried again", "node", node,
			"call", it.out.Call, "event", it.out.Event, "err", err)
	}
	return false
}

// shown takes a published item off the lane and remembers it for who comes later.
func (d *Delivery) shown(l *lane, it *item) {
	d.drop(l, it)
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := d.opt.Now(); len(l.last)%64 == 63 { // now and then is enough
		for id, out := range l.last {
			if now.After(out.Record.Expires) {
				delete(l.last, id)
			}
		}
	}
	l.stands(it.out)
}

// stands notes what the server has. d.mu is held.
func (l *lane) stands(out engine.Outgoing) {
	if l.last[out.Call].Seq <= out.Seq {
		l.last[out.Call] = out
	}
	if !l.overtaken(out) {
		l.newest = out
	}
}

// overtaken reports whether a call that was offered after this one has been shown on the node: where only one record is
// kept, that call's has taken this one's place, and closed it on every screen.
func (l *lane) overtaken(out engine.Outgoing) bool {
	return l.newest.Call != out.Call && out.Record.Times.Offered.Before(l.newest.Record.Times.Offered)
}

// missed is what a member who was away may have missed, in the order in which it happened: every call's last record
// that has not expired, closed ones too.
func (l *lane) missed(now time.Time) []engine.Outgoing {
	var out []engine.Outgoing
	for _, o := range l.last {
		newer := func(it *item) bool { return it.out.Call == o.Call && it.out.Seq > o.Seq }
		if now.Before(o.Record.Expires) && !slices.ContainsFunc(l.queue, newer) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b engine.Outgoing) int { return a.At.Compare(b.At) })
	return out
}

func (d *Delivery) drop(l *lane, it *item) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(l.queue, it); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
}
