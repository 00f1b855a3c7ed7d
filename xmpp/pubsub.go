package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"ringside/queueapp/record"
)

// pubsubOut is a request of a subscriber or publisher (XEP-0060).
type pubsubOut struct {
	XMLName     xml.Name       `xml:"http://jabber.org/protocol/pubsub pubsub"`
	Create      *nodeOut       `xml:"create"`
	Configure   *configureOut  `xml:"configure"`
	Publish     *publishOut    `xml:"publish"`
	Items       *nodeOut       `xml:"items"`
	Subscribe   *subscriberOut `xml:"subscribe"`
	Unsubscribe *subscriberOut `xml:"unsubscribe"`
}

// ownerOut is a request of a node's owner (XEP-0060 §8).
type ownerOut struct {
	XMLName       xml.Name          `xml:"http://jabber.org/protocol/pubsub#owner pubsub"`
	Configure     *configureOut     `xml:"configure"`
	Affiliations  *affiliationsOut  `xml:"affiliations"`
	Subscriptions *subscriptionsOut `xml:"subscriptions"`
	Delete        *nodeOut          `xml:"delete"`
	Purge         *nodeOut          `xml:"purge"`
}

type nodeOut struct {
	Node string `xml:"node,attr"`
}

type configureOut struct {
	Node string   `xml:"node,attr,omitempty"`
	Form *formOut `xml:",omitempty"`
}

type publishOut struct {
	Node string  `xml:"node,attr"`
	Item itemOut `xml:"item"`
}

type itemOut struct {
	ID   string `xml:"id,attr"`
	Call record.Call
}

type subscriberOut struct {
	Node string `xml:"node,attr"`
	JID  string `xml:"jid,attr"`
}

type affiliationsOut struct {
	Node string        `xml:"node,attr"`
	List []affiliation `xml:"affiliation"`
}

type affiliation struct {
	JID         string `xml:"jid,attr"`
	Affiliation string `xml:"affiliation,attr"`
}

type subscriptionsOut struct {
	Node string              `xml:"node,attr"`
	List []ownedSubscription `xml:"subscription"`
}

type ownedSubscription struct {
	JID          string `xml:"jid,attr"`
	Subscription string `xml:"subscription,attr"`
	SubID        string `xml:"subid,attr,omitempty"`
}

// Result is what is known about a record after Publish.
type Result int

// The results of Publish.
const (
	NotSent  Result = iota // nothing left; publishing it again is safe and needed
	Accepted               // the server has it, and has sent it to whoever is available
	Refused                // the server refused it; the error is a *RefusedError
	Unknown                // it may have arrived; publishing it again with the same seq does no harm
)

// String returns the result in one word.
func (r Result) String() string {
	switch r {
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Unknown:
		return "unknown"
	case NotSent:
	}
	return "not-sent"
}

// ErrUnknownNode is returned for a node that neither KeepNode nor SetNode named.
var ErrUnknownNode = errors.New("the node was never set")

// Publish publishes the record c on node and waits until the server has answered, ctx ends or the session breaks. The
// error is nil if and only if the result is Accepted. The item's id follows from the node's mode; on a node that keeps
// its item, a closing record goes without what says who the caller was. Before the first record of a session goes to a
// node, the node is checked, which the first call may have to wait for.
//
// Publish never waits for an earlier one: the order on a node is its caller's, and to have it, one waits for one result
// before publishing the next.
func (c *Client) Publish(ctx context.Context, node string, call record.Call) (Result, error) {
	s, err := c.session()
	if err != nil {
		return NotSent, fmt.Errorf("publish to %s: %w", node, err)
	}
	n := c.node(node)
	if n == nil {
		return NotSent, fmt.Errorf("publish to %s: %w", node, ErrUnknownNode)
	}
	mode, err := n.checkedIn(ctx, s)
	if err != nil {
		return NotSent, fmt.Errorf("publish to %s: %w", node, err)
	}
	item := itemOut{ID: mode.ItemID(call), Call: call}
	if mode == record.Current && call.State == record.Closed {
		item.Call = call.Anonymous()
	}
	_, err = request[nothing](ctx, s, "set", c.cfg.PubSub, pubsubOut{Publish: &publishOut{Node: node, Item: item}})
	var refused *RefusedError
	switch {
	case err == nil:
		return Accepted, nil
	case errors.As(err, &refused):
		n.doubt()
		return Refused, fmt.Errorf("publish to %s: %w", node, err)
	case errors.Is(err, ErrUnknown):
		return Unknown, fmt.Errorf("publish to %s: %w", node, err)
	}
	return NotSent, fmt.Errorf("publish to %s: %w", node, err)
}
