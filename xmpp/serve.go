package xmpp

import "encoding/xml"

// maxReplies is how many replies to others may wait to be written: who floods us with requests must not delay what we
// have to say ourselves.
const maxReplies = 32

type discoIdentity struct {
	Category string `xml:"category,attr"`
	Type     string `xml:"type,attr"`
	Name     string `xml:"name,attr"`
}

type discoFeature struct {
	Var string `xml:"var,attr"`
}

// discoOut says what we are (XEP-0030).
type discoOut struct {
	XMLName  xml.Name       `xml:"http://jabber.org/protocol/disco#info query"`
	Identity discoIdentity  `xml:"identity"`
	Features []discoFeature `xml:"feature"`
}

// serveIQ answers the request of somebody, as RFC 6120 §8.2.3 wants every one answered.
func (s *session) serveIQ(h head, e *element) error {
	payload, err := e.first()
	if err != nil {
		return err
	}
	reply := iqOut{Type: "result", To: h.From, ID: h.ID}
	switch {
	case h.Type == "get" && payload.Name == xml.Name{Space: nsPing, Local: "ping"}:
	case h.Type == "get" && payload.Name == xml.Name{Space: nsDisco, Local: "query"}:
		reply.Payload = discoOut{
			Identity: discoIdentity{"client", "bot", "Ringside"},
			Features: []discoFeature{{nsDisco}, {nsPing}},
		}
	case h.Type == "set" && payload.Name == xml.Name{Space: nsRoster, Local: "query"}:
		if h.From != "" && h.From != s.c.me.String() && h.From != s.full { // RFC 6121 §2.1.6: others are ignored
			s.c.stats.forged.Add(1)
			return nil
		}
		var in struct {
			Items []rosterItem `xml:"item"`
		}
		if err := e.decoder(payload).Decode(&in); err != nil {
			return err
		}
		s.applyRoster(in.Items)
	default:
		reply.Type, reply.Payload = "error", errorOut{Type: "cancel", Condition: serviceUnavailable{}}
	}
	b, err := xml.Marshal(reply)
	if err != nil {
		return err
	}
	s.answer(b)
	return nil
}

// answer queues what answers somebody, or drops it where too much of that waits already. It never waits itself.
func (s *session) answer(b []byte) {
	if s.replies.Add(1) > maxReplies {
		s.replies.Add(-1)
		return
	}
	select {
	case s.queue <- &outgoing{b: b, done: func() { s.replies.Add(-1) }}:
		s.c.stats.answered.Add(1)
	default:
		s.replies.Add(-1)
	}
}
