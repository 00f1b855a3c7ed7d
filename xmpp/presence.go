package xmpp

import (
	"cmp"
	"encoding/xml"
	"slices"

	"mellium.im/xmpp/jid"
)

// maxResources is how many resources of one contact are followed.
const maxResources = 32

// Presence is the state of one resource of a contact: of somebody in the account's roster. Others' presence is ignored.
type Presence struct {
	Contact   string // bare JID
	JID       string // full JID
	Available bool
	Show      string // away, chat, dnd, xa, or empty
	Priority  int8   // a negative one receives nothing that is sent to the bare JID, pubsub events included
	Came      bool   // it can be reached by events and chats, and just before it could not
}

// contact is somebody in the roster.
type contact struct {
	resources map[string]Presence // by full JID; only the available ones
}

type rosterQuery struct {
	XMLName xml.Name `xml:"jabber:iq:roster query"`
}

type rosterItem struct {
	JID          string `xml:"jid,attr"`
	Subscription string `xml:"subscription,attr"`
}

type rosterIn struct {
	Items []rosterItem `xml:"jabber:iq:roster query>item"`
}

type presenceOut struct {
	XMLName  xml.Name `xml:"jabber:client presence"`
	To       string   `xml:"to,attr,omitempty"`
	Type     string   `xml:"type,attr,omitempty"`
	Priority int8     `xml:"priority,omitempty"`
}

// applyRoster takes contacts in or out, as a roster or a push of one says (RFC 6121 §2).
func (s *session) applyRoster(items []rosterItem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		j, err := jid.Parse(item.JID)
		if err != nil {
			continue
		}
		bare := j.Bare().String()
		if item.Subscription != "both" && item.Subscription != "to" {
			delete(s.people, bare)
		} else if s.people[bare] == nil {
			s.people[bare] = &contact{resources: map[string]Presence{}}
		}
	}
}

// presence reads a presence (RFC 6121 §4). Requests to see ours are granted to contacts and otherwise ignored.
func (s *session) presence(start xml.StartElement, e *element) error {
	var in struct {
		Show     string `xml:"show"`
		Priority int8   `xml:"priority"`
	}
	h := headOf(start)
	if h.Type != "" && h.Type != "unavailable" && h.Type != "subscribe" {
		return nil
	}
	from, err := jid.Parse(h.From)
	if err != nil || from.Bare().Equal(s.c.me) {
		return nil
	}
	if err := e.decoder(start).Decode(&in); err != nil {
		return err
	}
	bare := from.Bare().String()
	if h.Type == "subscribe" {
		s.grant(bare)
		return nil
	}
	p := Presence{Contact: bare, JID: from.String(), Available: h.Type == "", Show: in.Show, Priority: in.Priority}
	if s.notePresence(&p) && s.c.handler.Presence != nil {
		s.c.inbox.put(!always, func() { s.c.handler.Presence(p) })
	}
	return nil
}

// notePresence keeps p if it is a contact's, and says whether anything changed.
func (s *session) notePresence(p *Presence) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.people[p.Contact]
	if who == nil {
		return false
	}
	if !p.Available {
		if p.JID != p.Contact { // else all of its resources are gone
			_, known := who.resources[p.JID]
			delete(who.resources, p.JID)
			return known
		}
		known := len(who.resources) > 0
		clear(who.resources)
		return known
	}
	was, known := who.resources[p.JID]
	if !known && len(who.resources) >= maxResources {
		return false
	}
	p.Came = p.Priority >= 0 && (!known || was.Priority < 0)
	who.resources[p.JID] = *p
	return !known || was.Show != p.Show || was.Priority != p.Priority
}

// grant lets a contact see our presence.
func (s *session) grant(bare string) {
	s.mu.Lock()
	known := s.people[bare] != nil
	s.mu.Unlock()
	if b, err := xml.Marshal(presenceOut{To: bare, Type: "subscribed"}); known && err == nil {
		s.answer(b)
	}
}

// Available returns the resources of a contact, given by its bare JID, that can be chatted to: those that are available
// with a priority of at least zero, the one with the highest first. It returns none without a session.
func (c *Client) Available(contact string) []Presence {
	s, err := c.session()
	if err != nil {
		return nil
	}
	bare, err := BareJID(contact)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.people[bare]
	if who == nil {
		return nil
	}
	var out []Presence
	for _, p := range who.resources {
		if p.Priority >= 0 {
			p.Came = false
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Presence) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.JID, b.JID))
	})
	return out
}
