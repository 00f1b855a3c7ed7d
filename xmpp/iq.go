package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"mellium.im/xmpp/jid"
)

// waiting is a request without its reply.
type waiting struct {
	to     string
	decode func(*xml.Decoder, *xml.StartElement) (any, error)
	reply  chan answer // has room for one
}

type answer struct {
	value any
	err   error
}

// nothing is what a request asks for whose reply is empty or of no interest.
type nothing struct{}

// request sends an IQ and waits for its reply, which is decoded as a T. Errors: *RefusedError; one that matches
// ErrUnknown, if the request may have been carried out; any other if it was not sent.
func request[T any](ctx context.Context, s *session, kind, to string, payload any) (T, error) {
	var none T
	id := s.nextID()
	b, err := xml.Marshal(iqOut{Type: kind, To: to, ID: id, Payload: payload})
	if err != nil {
		return none, fmt.Errorf("encode a request: %w", err)
	}
	w := &waiting{to: to, reply: make(chan answer, 1), decode: decode[T]}
	if !s.await(id, w) {
		return none, ErrDown
	}
	defer s.forget(id)
	o := &outgoing{b: b}
	if err := s.enqueue(ctx, o); err != nil {
		return none, err
	}
	var a answer
	select {
	case a = <-w.reply:
	case <-ctx.Done():
		a.err = s.giveUp(o, context.Cause(ctx))
	case <-s.life.Done():
		select {
		case a = <-w.reply:
		default:
			a.err = s.giveUp(o, context.Cause(s.life))
		}
	}
	if a.err != nil {
		return none, a.err
	}
	return a.value.(T), nil
}

// decode reads a T into memory that nobody else has: whoever asked may have stopped waiting.
func decode[T any](d *xml.Decoder, start *xml.StartElement) (any, error) {
	var v T
	if _, ignore := any(v).(nothing); ignore {
		return v, nil
	}
	return v, d.DecodeElement(&v, start)
}

// giveUp says what is known about the stanza o, whose reply did not come for the reason err.
func (s *session) giveUp(o *outgoing, err error) error {
	if o.state.CompareAndSwap(queued, withdrawn) {
		return fmt.Errorf("not sent: %w", err)
	}
	s.suspect()
	return &unknownError{err}
}

// await lists a request; not when the session is over.
func (s *session) await(id string, w *waiting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		return false
	}
	s.pending[id] = w
	return true
}

// forget takes a request off the list.
func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
}

// ErrUnknown is matched by the error of a request that may or may not have been carried out: it was sent and no reply
// came in time, or the session broke.
var ErrUnknown = errors.New("no reply came")

type unknownError struct{ err error }

func (e *unknownError) Error() string        { return ErrUnknown.Error() + ": " + e.err.Error() }
func (e *unknownError) Is(target error) bool { return target == ErrUnknown }
func (e *unknownError) Unwrap() error        { return e.err }

// suspect has the server asked now whether it lives.
func (s *session) suspect() {
	select {
	case s.doubt <- struct{}{}:
	default:
	}
}

// iq reads a reply to us, or a request of somebody, which it answers.
func (s *session) iq(start xml.StartElement, e *element) error {
	h := headOf(start)
	switch h.Type {
	case "result", "error":
		return s.reply(h, start, e)
	case "get", "set":
		return s.serveIQ(h, e)
	}
	return nil
}

func (s *session) reply(h head, start xml.StartElement, e *element) error {
	s.mu.Lock()
	w := s.pending[h.ID]
	if w != nil && s.from(h.From, w.to) {
		delete(s.pending, h.ID)
	} else {
		w = nil
	}
	s.mu.Unlock()
	if w == nil {
		return nil // too late, or forged
	}
	a := answer{err: &unknownError{errors.New("the reply could not be read")}}
	defer func() { w.reply <- a }()
	d := e.decoder(start)
	first, err := d.Token()
	if err != nil {
		return err
	}
	begin := first.(xml.StartElement)
	if h.Type == "result" {
		value, err := w.decode(d, &begin)
		if err == nil {
			a = answer{value: value}
		}
		return readable("a reply", err)
	}
	var in struct {
		Error errorIn `xml:"error"`
	}
	if err := d.DecodeElement(&in, &begin); err != nil {
		return readable("a refusal", err)
	}
	a.err = in.Error.refusal()
	return nil
}

// from says whether a reply from from answers a request to to (RFC 6120 §8.1.2.1).
func (s *session) from(from, to string) bool {
	if from == to {
		return true
	}
	own := s.c.me.String()
	if to == "" || to == own || to == s.server {
		if from == "" || from == own || from == s.server || from == s.full {
			return true
		}
	}
	a, errA := jid.Parse(from)
	b, errB := jid.Parse(to)
	return errA == nil && errB == nil && a.Equal(b)
}

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
