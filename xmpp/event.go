package xmpp

import (
	"encoding/xml"
	"errors"
	"fmt"

	"ringside/queueapp/record"
)

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

// message reads a message: an event of the pubsub service, a chat, or a chat of ours that came back.
func (s *session) message(start xml.StartElement, e *element) error {
	var in struct {
		Body   *string   `xml:"jabber:client body"`
		Thread string    `xml:"jabber:client thread"`
		Event  *eventIn  `xml:"http://jabber.org/protocol/pubsub#event event"`
		Delay  *struct{} `xml:"urn:xmpp:delay delay"`
	}
	if err := e.decoder(start).Decode(&in); err != nil {
		return err
	}
	h := headOf(start)
	switch {
	case h.Type == "error":
		s.c.stats.bounced.Add(1)
	case in.Event != nil && h.From != s.c.cfg.PubSub:
		// Anybody may send us what looks like a record.
		s.c.stats.forged.Add(1)
		s.c.cfg.Log.Warn("xmpp: an event that is not from the pubsub service was dropped", "from", h.From)
	case in.Event != nil:
		s.c.event(s, *in.Event, in.Delay != nil)
	case in.Body != nil && (h.Type == "" || h.Type == "normal" || h.Type == "chat" || h.Type == "headline"):
		chat := Chat{From: h.From, Body: cleanBody(*in.Body), Thread: record.CleanText(in.Thread, record.MaxWord), Delayed: in.Delay != nil}
		if f := s.c.handler.Chat; f != nil && chat.Body != "" {
			s.c.inbox.put(!always, func() { f(chat) })
		}
	}
	return nil
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
