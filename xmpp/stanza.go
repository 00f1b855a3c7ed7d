package xmpp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"mellium.im/xmlstream"

	"ringside/queueapp/record"
)

const (
	nsClient  = "jabber:client"
	nsStanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
	nsErrors  = "http://jabber.org/protocol/pubsub#errors"
	nsRoster  = "jabber:iq:roster"
	nsPing    = "urn:xmpp:ping"
	nsDisco   = "http://jabber.org/protocol/disco#info"
)

// iqOut is a request or a reply. Stanzas are encoded whole before their first byte is queued, so that one that cannot be
// encoded does not tear the stream.
type iqOut struct {
	XMLName xml.Name `xml:"jabber:client iq"`
	Type    string   `xml:"type,attr"`
	To      string   `xml:"to,attr,omitempty"`
	ID      string   `xml:"id,attr"`
	Payload any
}

// errorOut is the reply to a request that is not answered otherwise.
type errorOut struct {
	XMLName   xml.Name `xml:"error"`
	Type      string   `xml:"type,attr"`
	Condition any
}

type serviceUnavailable struct {
	XMLName xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-stanzas service-unavailable"`
}

type pingOut struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// head is what all stanzas have in common.
type head struct {
	From, To, Type, ID string
}

func headOf(start xml.StartElement) head {
	var h head
	for _, a := range start.Attr {
		if a.Name.Space != "" {
			continue
		}
		switch a.Name.Local {
		case "from":
			h.From = a.Value
		case "to":
			h.To = a.Value
		case "type":
			h.Type = a.Value
		case "id":
			h.ID = a.Value
		}
	}
	return h
}

// errorIn is an error in a reply (RFC 6120 §8.3).
type errorIn struct {
	Type     string `xml:"type,attr"`
	Children []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

func (e *errorIn) child(space string, text bool) string {
	for _, c := range e.Children {
		if c.XMLName.Space == space && (c.XMLName.Local == "text") == text {
			if text {
				return record.CleanText(c.Text, 300)
			}
			return record.CleanText(c.XMLName.Local, 60)
		}
	}
	return ""
}

func (e *errorIn) condition() string { return e.child(nsStanzas, false) }

func (e *errorIn) refusal() *RefusedError {
	out := &RefusedError{Condition: e.condition(), Detail: e.child(nsErrors, false), Text: e.child(nsStanzas, true)}
	if out.Condition == "" {
		out.Condition = "undefined-condition"
	}
	return out
}

// RefusedError is the server's refusal of a request.
type RefusedError struct {
	Condition string // RFC 6120 §8.3.3, e.g. forbidden, item-not-found
	Detail    string // XEP-0060's own condition, e.g. closed-node
	Text      string // what the server adds in words
}

func (e *RefusedError) Error() string {
	s := "refused by the server: " + e.Condition
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Forbidden says whether the server refused since we have not the right to it, whichever of the conditions that servers
// use for this it chose.
func (e *RefusedError) Forbidden() bool {
	switch e.Condition {
	case "forbidden", "not-allowed", "not-authorized":
		return true
	}
	return e.Detail == "closed-node"
}

func isCondition(err error, condition string) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && refused.Condition == condition
}

// element reads the tokens of one stanza and no others, so that whoever reads it cannot lose the stream's place.
type element struct {
	r      xml.TokenReader
	depth  int
	broken error // the stream's own end
}

// decoder returns a decoder of the stanza that start begins.
func (e *element) decoder(start xml.StartElement) *xml.Decoder {
	return xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(start), e))
}

func (e *element) Token() (xml.Token, error) {
	if e.broken != nil {
		return nil, e.broken
	}
	if e.depth == 0 {
		return nil, io.EOF
	}
	tok, err := e.r.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		e.broken = err
		return nil, err
	}
	switch tok.(type) {
	case xml.StartElement:
		e.depth++
	case xml.EndElement:
		e.depth--
	}
	return tok, nil
}

// first reads up to the stanza's first child and returns its start, or a zero one if there is none.
func (e *element) first() (xml.StartElement, error) {
	for {
		tok, err := e.Token()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, nil
		}
		if start, ok := tok.(xml.StartElement); ok || err != nil {
			return start, err
		}
	}
}

// skip reads what is left of the stanza.
func (e *element) skip() error {
	for e.depth > 0 && e.broken == nil {
		_, _ = e.Token()
	}
	return e.broken
}

// formOut and formIn are data forms (XEP-0004).
type formOut struct {
	XMLName xml.Name    `xml:"jabber:x:data x"`
	Type    string      `xml:"type,attr"`
	Fields  []formField `xml:"field"`
}

type formField struct {
	Var   string   `xml:"var,attr"`
	Type  string   `xml:"type,attr,omitempty"`
	Value []string `xml:"value"`
}

type formIn struct {
	Fields []formField `xml:"jabber:x:data field"`
}

// get returns the first value of a field, and whether the form has it.
func (f formIn) get(name string) (string, bool) {
	for _, field := range f.Fields {
		if field.Var == name {
			if len(field.Value) == 0 {
				return "", true
			}
			return field.Value[0], true
		}
	}
	return "", false
}

// readable turns an error of decoding into one that names what was read.
func readable(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", what, err)
}
