package xmpp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"ringside/queueapp/record"
)

// Node is what a node should be.
type Node struct {
	Name    string
	Mode    record.Mode // Defaults to record.Transient
	Members []string    // bare JIDs of who may receive its records; nobody else may
	// Enrol has the members subscribed by the owner (XEP-0060 §8.8.2). Without it they have to subscribe themselves, and
	// to do so again each time that they have become members anew, of which no server tells them.
	Enrol bool
}

// ErrNotPrivate is matched by the error of a node whose access cannot be limited to its members. Nothing is published
// to it.
var ErrNotPrivate = errors.New("the node is not private")

// NodeReport says how the nodes stand.
type NodeReport struct {
	Checked int              // nodes that are as they should be
	Failed  map[string]error // the others, by name
}

// node is a Node and what is known about it.
type node struct {
	c    *Client
	lock chan struct{} // held while the server's side is brought in line

	mu      sync.Mutex
	want    Node
	change  int      // raised whenever what was checked counts no more
	checked *session // the session in which the server's side was as want says
	err     error    // of the last attempt
}

// normal returns n with its JIDs as servers write them, sorted, each once.
func (n Node) normal(me string) (Node, error) {
	if n.Mode == "" {
		n.Mode = record.Transient
	}
	if n.Mode != record.Transient && n.Mode != record.Current {
		return n, fmt.Errorf("node %q: mode %q is neither transient nor current", n.Name, n.Mode)
	}
	if n.Name == "" || n.Name != record.CleanText(n.Name, record.MaxWord) {
		return n, fmt.Errorf("node %.100q: the name is empty, too long or not plain text", n.Name)
	}
	members := make([]string, 0, len(n.Members))
	for _, m := range n.Members {
		bare, err := BareJID(m)
		if err != nil {
			return n, fmt.Errorf("node %s: member %w", n.Name, err)
		}
		if bare != me {
			members = append(members, bare)
		}
	}
	slices.Sort(members)
	n.Members = slices.Compact(members)
	return n, nil
}

// KeepNode has the node kept as n says from now on: at once if there is a session, and again after each log-in. It does
// not wait; NodeReport and Publish tell of failures.
func (c *Client) KeepNode(n Node) error {
	_, err := c.want(n)
	return err
}

// SetNode is KeepNode, and waits until the server's side is so: the node exists, its access model is whitelist and its
// publish model publishers; nobody but the members and we have an affiliation, and nobody but they a subscription.
// Whoever left is off both lists, in this order, before it returns nil, and before any later Publish to the node. On an
// error the node stays closed to Publish until it was possible.
func (c *Client) SetNode(ctx context.Context, n Node) error {
	kept, err := c.want(n)
	if err != nil {
		return err
	}
	s, err := c.session()
	if err == nil {
		_, err = kept.checkedIn(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("set node %s: %w", n.Name, err)
	}
	return nil
}

// SetMembers is SetNode with other members and the rest as it was.
func (c *Client) SetMembers(ctx context.Context, name string, members []string) error {
	kept := c.node(name)
	if kept == nil {
		return fmt.Errorf("set members of %s: %w", name, ErrUnknownNode)
	}
	kept.mu.Lock()
	n := kept.want
	kept.mu.Unlock()
	n.Members = members
	return c.SetNode(ctx, n)
}

// CheckNode has the server's side of a node read again, and repaired where it is not as it should be.
func (c *Client) CheckNode(ctx context.Context, name string) error {
	n := c.node(name)
	if n == nil {
		return fmt.Errorf("check node %s: %w", name, ErrUnknownNode)
	}
	n.doubt()
	s, err := c.session()
	if err == nil {
		_, err = n.checkedIn(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("check node %s: %w", name, err)
	}
	return nil
}

// DeleteNode forgets a node and deletes it with its subscriptions. One that does not exist is deleted already.
func (c *Client) DeleteNode(ctx context.Context, name string) error {
	c.mu.Lock()
	delete(c.nodes, name)
	c.mu.Unlock()
	s, err := c.session()
	if err == nil {
		_, err = request[nothing](ctx, s, "set", c.cfg.PubSub, ownerOut{Delete: &nodeOut{name}})
	}
	if err != nil && !isCondition(err, "item-not-found") {
		return fmt.Errorf("delete node %s: %w", name, err)
	}
	return nil
}

// Nodes says how the nodes stand now. Without a session none is checked.
func (c *Client) Nodes() NodeReport {
	s, _ := c.session()
	out := NodeReport{Failed: map[string]error{}}
	for _, n := range c.allNodes() {
		n.mu.Lock()
		switch {
		case s != nil && n.checked == s:
			out.Checked++
		case s == nil:
			out.Failed[n.want.Name] = ErrDown
		case n.err != nil:
			out.Failed[n.want.Name] = n.err
		default:
			out.Failed[n.want.Name] = errors.New("not checked yet")
		}
		n.mu.Unlock()
	}
	return out
}

func (c *Client) node(name string) *node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[name]
}

func (c *Client) allNodes() []*node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.nodes))
}

// want makes n what the node of its name should be.
func (c *Client) want(n Node) (*node, error) {
	n, err := n.normal(c.me.String())
	if err != nil {
		return nil, fmt.Errorf("xmpp: %w", err)
	}
	c.mu.Lock()
	kept := c.nodes[n.Name]
	if kept == nil {
		kept = &node{c: c, lock: make(chan struct{}, 1)}
		c.nodes[n.Name] = kept
	}
	s := c.ses
	c.mu.Unlock()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	kept.want, kept.checked = n, nil
	kept.change++
	if s != nil {
		s.nudge()
	}
	return kept, nil
}

// doubt has the node checked again before the next record.
func (n *node) doubt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.checked = nil
	n.change++
}

// checkedIn returns the node's mode once the server's side is as it should be in the session s, and sees to it if need
// be.
func (n *node) checkedIn(ctx context.Context, s *session) (record.Mode, error) {
	for {
		n.mu.Lock()
		want, checked := n.want, n.checked == s
		n.mu.Unlock()
		if checked {
			return want.Mode, nil
		}
		select {
		case n.lock <- struct{}{}:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-s.life.Done():
			return "", ErrDown
		}
		err := n.bring(ctx, s)
		<-n.lock
		if err != nil {
			return "", err
		}
	}
}

// bring brings the server's side in line. Whoever calls it holds the lock.
func (n *node) bring(ctx context.Context, s *session) error {
	n.mu.Lock()
	want, change, checked := n.want, n.change, n.checked == s
	n.mu.Unlock()
	if checked {
		return nil
	}
	err := s.reconcile(ctx, want)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
	if err == nil && n.change == change { // else it is wanted otherwise by now, and the caller comes again
		n.checked = s
	}
	return err
}
