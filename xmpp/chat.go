package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"mellium.im/xmpp/jid"

	"ringside/queueapp/record"
)

// maxBody is how many bytes of a chat's text are sent, and given to the handler.
const maxBody = 4096

// ErrNotAvailable is returned by Chat where the recipient is no resource of a contact that is available now: a server
// would keep the chat and deliver it when it is no longer true.
var ErrNotAvailable = errors.New("the recipient is not available")

// Chat is a chat message that came.
type Chat struct {
	From    string // the sender's full JID, as the server says
	Body    string // clean, at most 4 KiB
	Thread  string
	Delayed bool // it was kept by a server and may be old
}

type hint struct{ XMLName xml.Name }

// messageOut is a chat that no server shall keep or copy to other devices (XEP-0334).
type messageOut struct {
	XMLName xml.Name `xml:"jabber:client message"`
	To      string   `xml:"to,attr"`
	Type    string   `xml:"type,attr"`
	ID      string   `xml:"id,attr"`
	Body    string   `xml:"body"`
	Thread  string   `xml:"thread,omitempty"`
	Hints   []hint
}

// Chat sends body to the resource to of a contact that is available now, and returns once it is written; nobody says
// whether it is read. The text is cleaned and cut at 4 KiB; line breaks are kept.
func (c *Client) Chat(ctx context.Context, to, body, thread string) error {
	s, err := c.session()
	if err != nil {
		return fmt.Errorf("chat to %s: %w", to, err)
	}
	j, err := jid.Parse(to)
	if err != nil || !s.reachable(j) {
		return fmt.Errorf("chat to %.200q: %w", to, ErrNotAvailable)
	}
	b, err := xml.Marshal(messageOut{
		To: j.String(), Type: "chat", ID: s.nextID(), Body: cleanBody(body), Thread: record.CleanText(thread, record.MaxWord),
		Hints: []hint{{xml.Name{Space: "urn:xmpp:hints", Local: "no-store"}}, {xml.Name{Space: "urn:xmpp:hints", Local: "no-copy"}}},
	})
	if err != nil {
		return fmt.Errorf("chat to %s: %w", to, err)
	}
	if err := s.send(ctx, b); err != nil {
		return fmt.Errorf("chat to %s: %w", to, err)
	}
	return nil
}

// reachable says whether j is an available resource of a contact.
func (s *session) reachable(j jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.people[j.Bare().String()]
	if who == nil {
		return false
	}
	_, available := who.resources[j.String()]
	return available
}

func cleanBody(body string) string {
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	left := maxBody
	for i, line := range lines {
		lines[i] = record.CleanText(line, max(left, 0))
		left -= len(lines[i]) + 1
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// leave says goodbye before the stream ends: full JIDs are unsubscribed, and whoever watches sees us go.
func (c *Client) leave(ctx context.Context, s *session) {
	for _, sub := range c.subscriptions() {
		if sub.FullJID {
			b, err := xml.Marshal(iqOut{Type: "set", To: c.cfg.PubSub, ID: s.nextID(), Payload: pubsubOut{Unsubscribe: &subscriberOut{Node: sub.Node, JID: s.full}}})
			if err == nil {
				_ = s.enqueue(ctx, &outgoing{b: b}) // if it fails, the server drops what it cannot deliver
			}
		}
	}
	if b, err := xml.Marshal(presenceOut{Type: "unavailable"}); err == nil && !c.cfg.NoPresence {
		_ = s.enqueue(ctx, &outgoing{b: b}) // the server says so for us when the stream ends
	}
}
