package stack

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// A chatter speaks XMPP by hand: what is tested is the server's configuration,
// and no library may paper over it.
type chatter struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader

	features string // offered under TLS, before the log-in
}

// newChatter logs in with resource "test" and becomes available.
func newChatter(t *testing.T, info Info, user, password string) *chatter {
	t.Helper()
	c := dialXMPP(t, info)
	if got := c.plain(user, password); !strings.HasPrefix(got, "<success") {
		t.Fatalf("log in as %s: %s", user, got)
	}
	c.open()
	c.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>test</resource></bind></iq>")
	c.until("</iq>")
	c.say("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
	c.until("id='roster'")
	c.say("<presence/>")
	return c
}

// dialXMPP opens a stream under TLS, which must prove itself to the stack's CA.
func dialXMPP(t *testing.T, info Info) *chatter {
	t.Helper()
	conn, err := net.Dial("tcp", info.XMPP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ca, err := os.ReadFile(info.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate in the CA file")
	}
	c := &chatter{t: t, conn: conn, in: bufio.NewReader(conn)}
	c.open()
	c.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	c.until("<proceed")
	c.conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: xmppHost})
	c.in = bufio.NewReader(c.conn)
	c.features = c.open()
	return c
}

func (c *chatter) say(text string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to a tag that contains text and returns everything read.
func (c *chatter) until(text string) string {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	var all strings.Builder
	for {
		tag, err := c.in.ReadString('>')
		all.WriteString(tag)
		if err != nil {
			c.t.Fatalf("waited for %q, got %q: %v", text, all.String(), err)
		}
		if strings.Contains(tag, text) {
			return all.String()
		}
	}
}

func (c *chatter) open() string {
	c.t.Helper()
	c.say(fmt.Sprintf("<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", xmppHost))
	return c.until("</stream:features>")
}

// plain logs in by SASL PLAIN, which the server checks against both hashed keys.
func (c *chatter) plain(user, password string) string {
	c.t.Helper()
	c.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + "</auth>")
	tag := ""
	for !strings.HasPrefix(tag, "<success") && !strings.HasPrefix(tag, "<failure") {
		var err error
		if tag, err = c.in.ReadString('>'); err != nil {
			c.t.Fatal(err)
		}
	}
	return tag
}

// createNode asks the pubsub service for a node and returns the answer.
func (c *chatter) createNode(name string) string {
	c.t.Helper()
	c.say(fmt.Sprintf("<iq type='set' id='node-%s' to='%s'><pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='%s'/></pubsub></iq>", name, pubsubHost, name))
	return c.until("id='node-" + name + "'")
}
