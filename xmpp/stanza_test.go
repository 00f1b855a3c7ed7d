package xmpp

import (
	"context"
	"encoding/xml"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// FuzzStanza reads whatever a server may pass on to us, as one child of a stream: it must neither panic nor lose its
// place, so that the stanza behind it is read.
func FuzzStanza(f *testing.F) {
	for _, s := range []string{
		"<iq type='get' id='1' from='a@b/c'/>", "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b' subscription='both'/></query></iq>",
		"<iq type='result' id='known' from='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='1'><call xmlns='ringside:call:1' id='1'/></item></items></pubsub></iq>",
		"<iq type='error' id='known' from='pubsub.localhost'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><closed-node xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>",
		"<message from='pubsub.localhost'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><retract id='1'/><item id='1'><call xmlns='ringside:call:1'/></item></items><delete node='n'/></event><delay xmlns='urn:xmpp:delay'/></message>",
		"<message type='chat' from='a@b/c'><body>hi</body><thread>1</thread></message>", "<presence from='a@b/c'><show>dnd</show><priority>1</priority></presence>",
		"<presence type='subscribe' from='a@b'/>", " ", "<x:iq xmlns:x='jabber:client' xmlns:jabber='x'/>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stream := "<stream xmlns='jabber:client'>" + text + "<message type='chat' from='a@b/c'><body>the last</body></message></stream>"
		if wellFormed(stream) != nil {
			return
		}
		c, err := New(Config{JID: "queueapp@localhost", Password: "x", Log: slog.New(panicking{})}, Handler{Item: func(Item) {}, Presence: func(Presence) {}, Chat: func(Chat) {}})
		if err != nil {
			t.Fatal(err)
		}
		s := &session{c: c, server: "localhost", full: "queueapp@localhost/x", queue: make(chan *outgoing, 4096), pending: map[string]*waiting{}, people: map[string]*contact{"a@b": {resources: map[string]Presence{}}}}
		s.life, s.end = context.WithCancelCause(t.Context())
		defer s.end(nil)
		reply := make(chan answer, 1)
		s.pending["known"] = &waiting{to: "pubsub.localhost", reply: reply, decode: decode[struct {
			PubSub struct {
				Items itemsIn `xml:"http://jabber.org/protocol/pubsub items"`
			} `xml:"http://jabber.org/protocol/pubsub pubsub"`
		}]}
		d := xml.NewDecoder(strings.NewReader(stream))
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		last := ""
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			start, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			last = start.Name.Local
			e := &element{r: d, depth: 1}
			guard(c.cfg.Log, "stanza", func() { s.stanza(start, e) })
			if err := e.skip(); err != nil {
				t.Fatal(err)
			}
		}
		if len(c.inbox.calls) == 0 || last != "message" {
			t.Fatalf("the stanza behind it was not read")
		}
		c.inbox.close()
		c.inbox.serve(c.cfg.Log, nil)
	})
}

func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// panicking is a log that lets no panic pass: guard logs those as errors.
type panicking struct{ slog.Handler }

func (panicking) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (panicking) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool { panic(a.String()) })
	return nil
}

func TestRetryPaces(t *testing.T) {
	t.Parallel()
	for reason, limits := range map[Reason][2]time.Duration{
		Unreachable: {0, 7 * time.Second}, Silent: {0, 7 * time.Second}, Untrusted: {3 * time.Second, 80 * time.Second},
		WrongPassword: {20 * time.Second, 7 * time.Minute}, Conflict: {40 * time.Second, 7 * time.Minute},
	} {
		w := newRetry()
		first := w.next(reason, 0)
		var last time.Duration
		for range 50 {
			last = w.next(reason, time.Second)
		}
		if first < limits[0] || last > limits[1] || last < 2*first || last <= 0 {
			t.Errorf("%s: first %s, then up to %s", reason, first, last)
		}
		if again := w.next(reason, steady); again > 2*first {
			t.Errorf("%s: %s after a steady session", reason, again)
		}
	}
}
