package xmpp

import (
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// inboxLimit is how many calls of the handler may wait before more are left out.
const inboxLimit = 4096

// always marks a call that is never left out.
const always = true

// inbox is the queue of calls to the handler: the goroutine that reads from the server never waits for one.
type inbox struct {
	mu     sync.Mutex
	calls  []func()
	lost   int
	closed bool
	wake   chan struct{}
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put adds a call, unless it may be left out and too many wait already.
func (i *inbox) put(must bool, call func()) {
	i.mu.Lock()
	if must || len(i.calls) < inboxLimit {
		i.calls = append(i.calls, call)
	} else {
		i.lost++
	}
	i.mu.Unlock()
	i.nudge()
}

func (i *inbox) nudge() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// close lets serve end once it has made the calls that wait.
func (i *inbox) close() {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.nudge()
}

// serve makes the calls, one at a time, until close.
func (i *inbox) serve(log *slog.Logger, lost func(int)) {
	for {
		i.mu.Lock()
		calls, n, closed := i.calls, i.lost, i.closed
		i.calls, i.lost = nil, 0
		i.mu.Unlock()
		for _, call := range calls {
			guard(log, "handler", call)
		}
		if n > 0 && lost != nil {
			guard(log, "handler", func() { lost(n) })
		}
		if len(calls) == 0 && n == 0 {
			if closed {
				return
			}
			<-i.wake
		}
	}
}

// guard calls f and survives its panic, which it logs.
func guard(log *slog.Logger, what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("xmpp: a panic was survived", "in", what, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

type stats struct {
	forged, bounced, unreadable, answered atomic.Int64
}

// Stats counts what a Client met and passed over, since it was made.
type Stats struct {
	Forged     int64 // pubsub events and roster pushes that came from somebody who may not send them
	Bounced    int64 // chats that came back
	Unreadable int64 // stanzas and records that could not be read
	Answered   int64 // requests by others that were answered
}

// Stats returns the counts of now.
func (c *Client) Stats() Stats {
	return Stats{c.stats.forged.Load(), c.stats.bounced.Load(), c.stats.unreadable.Load(), c.stats.answered.Load()}
}
