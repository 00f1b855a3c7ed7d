package xmpp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/xmpp"
)

// fake is an XMPP server for what a real one does not do on demand: it hangs, lies, babbles and tears connections. It
// speaks direct TLS and SASL PLAIN, and grants every request that its script leaves to it.
type fake struct {
	t     testing.TB
	addr  string
	ca    string
	names []string // in its certificate

	// accept may take over a connection before anything is said; it returns true if it did.
	accept func(conn net.Conn) bool
	// login may answer a step of the log-in (open, auth, bind) with its text; "" leaves it to the fake.
	login func(step, text string) string
	// iq may answer a request; nil, or false, leaves it to the fake.
	iq func(l *link, q stanza) bool

	links chan *link // those that have logged in
}

// link is one connection to the fake.
type link struct {
	conn net.Conn
	dec  *xml.Decoder
	mu   sync.Mutex
	got  chan stanza // everything but requests that were answered
}

type stanza struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Inner   string     `xml:",innerxml"`
}

func (s stanza) attr(name string) string {
	for _, a := range s.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func newFake(t testing.TB) *fake {
	return &fake{t: t, names: []string{"localhost"}, links: make(chan *link, 16)}
}

// start listens until the test ends.
func (f *fake) start() *fake {
	f.t.Helper()
	cert, ca := certificate(f.t, f.names)
	f.ca = filepath.Join(f.t.TempDir(), "ca.pem")
	if err := os.WriteFile(f.ca, ca, 0o600); err != nil {
		f.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	f.addr = ln.Addr().String()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			wg.Go(func() {
				defer conn.Close()
				if f.accept != nil && f.accept(conn) {
					return
				}
				f.serve(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}))
			})
		}
	})
	f.t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return f
}

func certificate(t testing.TB, names []string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake"}, DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// config is a log-in to the fake, with time-outs for tests.
func (f *fake) config() xmpp.Config {
	return xmpp.Config{
		JID: "queueapp@localhost/test", Password: "secret", Servers: []string{f.addr}, DirectTLS: true, CAFile: f.ca, Mechanisms: []string{"PLAIN"},
		DialTimeout: 2 * time.Second, WriteTimeout: 500 * time.Millisecond, PingEvery: time.Hour,
	}
}

const streamOpen = `<?xml version='1.0'?><stream:stream from='localhost' id='x' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`

func (f *fake) serve(conn net.Conn) {
	l := &link{conn: conn, got: make(chan stanza, 1024)}
	defer close(l.got)
	if !f.open(l, `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>`) || !f.auth(l) ||
		!f.open(l, `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`) || !f.bind(l) {
		return
	}
	f.links <- l
	for {
		s, err := l.read()
		if err != nil {
			return
		}
		if typ := s.attr("type"); s.XMLName.Local == "iq" && (typ == "get" || typ == "set") {
			if f.iq == nil || !f.iq(l, s) {
				l.result(s, "")
			}
			continue
		}
		l.got <- s
	}
}

func (f *fake) say(l *link, step, text string) bool {
	if f.login != nil {
		if other := f.login(step, text); other != "" {
			text = other
		}
	}
	return l.send(text) == nil
}

func (f *fake) open(l *link, feature string) bool {
	l.dec = xml.NewDecoder(l.conn)
	for {
		tok, err := l.dec.Token()
		if err != nil {
			return false
		}
		if _, ok := tok.(xml.StartElement); ok {
			return f.say(l, "open", streamOpen+`<stream:features>`+feature+`</stream:features>`)
		}
	}
}

func (f *fake) auth(l *link) bool {
	var in struct {
		Data string `xml:",chardata"`
	}
	if err := l.dec.Decode(&in); err != nil {
		return false
	}
	plain, _ := base64.StdEncoding.DecodeString(in.Data)
	if string(plain) != "\x00queueapp\x00secret" {
		_ = l.send(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>Who are you?</text></failure>`)
		return false
	}
	return f.say(l, "auth", `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)
}

func (f *fake) bind(l *link) bool {
	s, err := l.read()
	if err != nil {
		return false
	}
	_, resource, _ := strings.Cut(s.Inner, "<resource>")
	resource, _, _ = strings.Cut(resource, "</resource>")
	return f.say(l, "bind", fmt.Sprintf(`<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>queueapp@localhost/%s</jid></bind></iq>`, s.attr("id"), resource))
}

func (l *link) read() (stanza, error) {
	var s stanza
	for {
		tok, err := l.dec.Token()
		if err != nil {
			return s, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return s, l.dec.DecodeElement(&s, &t)
		case xml.EndElement: // of the stream
			_ = l.send("</stream:stream>")
			return s, io.EOF
		}
	}
}

func (l *link) send(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.conn.Write([]byte(text))
	return err
}

// result answers a request as the one asked would.
func (l *link) result(q stanza, payload string) {
	from := ""
	if to := q.attr("to"); to != "" {
		from = fmt.Sprintf(" from='%s'", to)
	}
	_ = l.send(fmt.Sprintf(`<iq type='result' id='%s'%s>%s</iq>`, q.attr("id"), from, payload))
}

// goodNode answers a publisher's requests about a node as a server would where everything is right.
func goodNode(l *link, q stanza) bool {
	switch {
	case q.attr("type") != "get" || !strings.Contains(q.Inner, "pubsub#owner"):
		return false
	case strings.Contains(q.Inner, "<configure"):
		l.result(q, nodeForm("whitelist", "publishers", "0"))
	case strings.Contains(q.Inner, "<affiliations"):
		l.result(q, `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations><affiliation jid='queueapp@localhost' affiliation='owner'/></affiliations></pubsub>`)
	default:
		l.result(q, `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><subscriptions/></pubsub>`)
	}
	return true
}

func nodeForm(access, publish, persist string) string {
	return fmt.Sprintf(`<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure><x xmlns='jabber:x:data' type='form'>
		<field var='pubsub#access_model' type='list-single'><value>%s</value></field><field var='pubsub#publish_model'><value>%s</value></field>
		<field var='pubsub#persist_items' type='boolean'><value>%s</value></field></x></configure></pubsub>`, access, publish, persist)
}

// take returns the link of the next session.
func (f *fake) take() *link {
	f.t.Helper()
	select {
	case l := <-f.links:
		return l
	case <-time.After(patience):
		f.t.Fatal("nobody logged in")
		return nil
	}
}
