package xmpp

import (
	"context"
	"encoding/xml"
	"sync"
	"time"
)

const (
	setupTimeout = 10 * time.Second // for one request of the log-in's aftermath
	nodeWorkers  = 8                // nodes that are checked at a time
	nodeRetry    = 10 * time.Second // until those that failed are checked again
	nodeTimeout  = 20 * time.Second // for one node
)

// begin does what follows the log-in: learn who the contacts are, become available, and have the nodes and
// subscriptions brought in order.
func (s *session) begin() {
	if !s.c.cfg.NoPresence {
		s.fetchRoster()
		b, err := xml.Marshal(presenceOut{Priority: s.c.cfg.Priority})
		if err == nil {
			err = s.send(s.life, b)
		}
		if err != nil {
			s.end(fail(Broken, "send our presence: %w", err))
			return
		}
	}
	s.c.ready(s)
	s.c.bringInOrder(s)
}

func (s *session) fetchRoster() {
	ctx, cancel := context.WithTimeout(s.life, setupTimeout)
	defer cancel()
	in, err := request[rosterIn](ctx, s, "get", "", rosterQuery{})
	if err != nil {
		s.c.cfg.Log.Warn("xmpp: the roster could not be fetched; nobody's presence will be known and nobody chatted to", "err", err)
		return
	}
	s.applyRoster(in.Items)
}

// bringInOrder checks all nodes, those that fail again and again, and keeps the subscriptions, until the session ends.
func (c *Client) bringInOrder(s *session) {
	var wg sync.WaitGroup
	defer wg.Wait()
	again := time.NewTicker(nodeRetry)
	defer again.Stop()
	var last NodeReport // that was told
	for {
		for _, sub := range c.subscriptions() {
			if sub.begin(s) {
				wg.Go(func() { sub.keep(s) })
			}
		}
		c.checkNodes(s)
		report := c.Nodes()
		news := report.Checked != last.Checked || len(report.Failed) > 0 || len(last.Failed) > 0
		if f := c.handler.Nodes; f != nil && s.life.Err() == nil && news {
			c.inbox.put(always, func() { f(report) })
			last = report
		}
		select {
		case <-s.work:
		case <-again.C:
		case <-s.life.Done():
			return
		}
	}
}

// checkNodes checks the nodes that are not checked in s, a few at a time.
func (c *Client) checkNodes(s *session) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, nodeWorkers)
	for _, n := range c.allNodes() {
		n.mu.Lock()
		checked := n.checked == s
		n.mu.Unlock()
		if checked {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(s.life, nodeTimeout)
			defer cancel()
			_, _ = n.checkedIn(ctx, s) // the error stays with the node
		})
	}
	wg.Wait()
}
