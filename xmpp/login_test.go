package xmpp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/xmpp"
)

func TestWhyThereIsNoSession(t *testing.T) {
	t.Parallel()
	hang := func(conn net.Conn) bool { _, _ = io.Copy(io.Discard, conn); return true }
	hangAt := func(step string) func(*fake) {
		return func(f *fake) {
			f.login = func(s, _ string) string {
				if s == step {
					return " " // nothing but a byte that means nothing
				}
				return ""
			}
		}
	}
	answer := func(step, text string) func(*fake) {
		return func(f *fake) {
			f.login = func(s, _ string) string {
				if s == step {
					return text
				}
				return ""
			}
		}
	}
	for name, x := range map[string]struct {
		fake   func(*fake)
		config func(*xmpp.Config)
		reason xmpp.Reason
		says   string
		slow   time.Duration // the least that it waits before it tries again
	}{
		"silence from the start":           {fake: func(f *fake) { f.accept = hang }, reason: xmpp.Unreachable, says: "too long"},
		"silence for the stream":           {fake: hangAt("open"), reason: xmpp.Unreachable, says: "too long"},
		"silence for the log-in":           {fake: hangAt("auth"), reason: xmpp.Unreachable, says: "log in took too long"},
		"silence for the bind":             {fake: hangAt("bind"), reason: xmpp.Unreachable, says: "bind the resource test took too long"},
		"hangs up at once":                 {fake: func(f *fake) { f.accept = func(net.Conn) bool { return true } }, reason: xmpp.Unreachable, says: "broke"},
		"not XMPP":                         {fake: answer("open", "HTTP/1.1 400 Bad Request\r\n\r\n<html>"), reason: xmpp.Broken},
		"garbage":                          {fake: answer("bind", "<iq><<<&&&\x00"), reason: xmpp.Broken},
		"wrong password":                   {config: func(c *xmpp.Config) { c.Password = "guess" }, reason: xmpp.WrongPassword, says: "not-authorized; check account and password", slow: 20 * time.Second},
		"locked account":                   {fake: answer("auth", `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><account-disabled/></failure>`), reason: xmpp.WrongPassword, says: "account-disabled", slow: 20 * time.Second},
		"password check is down":           {fake: answer("auth", `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>`), reason: xmpp.Unreachable, says: "cannot check passwords now"},
		"no mechanism in common":           {config: func(c *xmpp.Config) { c.Mechanisms = nil }, reason: xmpp.Broken, says: `offers ["PLAIN"] and we want one of ["SCRAM-SHA-256" "SCRAM-SHA-1"]`},
		"nothing is offered":               {fake: answer("open", streamOpen+"<stream:features/>"), reason: xmpp.Broken, says: "no log-in"},
		"an authority that we do not know": {config: func(c *xmpp.Config) { c.CAFile = "" }, reason: xmpp.Untrusted, says: "ca_file", slow: 3 * time.Second},
		"a certificate for another":        {fake: func(f *fake) { f.names = []string{"other.example"} }, reason: xmpp.Untrusted, says: "not localhost", slow: 3 * time.Second},
		"STARTTLS taken away":              {config: func(c *xmpp.Config) { c.DirectTLS = false }, fake: func(f *fake) { f.accept = withoutTLS(f) }, reason: xmpp.Broken},
		"the resource is taken":            {fake: answer("bind", `<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`), reason: xmpp.Conflict, says: "somebody else has it", slow: 40 * time.Second},
		"no port":                          {config: func(c *xmpp.Config) { c.Servers = []string{"127.0.0.1:1"} }, reason: xmpp.Unreachable, says: "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if x.fake != nil {
				x.fake(f)
			}
			cfg := f.start().config()
			cfg.DialTimeout = 700 * time.Millisecond
			if x.config != nil {
				x.config(&cfg)
			}
			began := time.Now()
			p := start(t, cfg)
			s := await(p, any_[xmpp.Status])
			if s.Up || s.Reason != x.reason || s.Err == nil || !strings.Contains(s.Err.Error(), x.says) || strings.Contains(s.Err.Error(), cfg.Password) {
				t.Errorf("%+v; want reason %s and an error that says %q", s, x.reason, x.says)
			}
			if s.RetryIn < x.slow || x.slow == 0 && s.RetryIn > time.Second {
				t.Errorf("it waits %s", s.RetryIn)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s to find out", took)
			}
			if p.Up() {
				t.Error("it says that it is up")
			}
			if _, err := p.Publish(t.Context(), "n", record.Call{}); !errors.Is(err, xmpp.ErrDown) {
				t.Errorf("publish: %v", err)
			}
		})
	}
}

// withoutTLS offers a log-in in the clear and fails the test if a password comes.
func withoutTLS(f *fake) func(net.Conn) bool {
	return func(conn net.Conn) bool {
		_, _ = io.WriteString(conn, streamOpen+`<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`)
		b := make([]byte, 4096)
		var all []byte
		for {
			n, err := conn.Read(b)
			all = append(all, b[:n]...)
			if bytes.Contains(all, []byte("<auth")) {
				f.t.Error("a password was sent in the clear")
			}
			if bytes.Contains(all, []byte("<starttls")) {
				_, _ = io.WriteString(conn, `<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>`)
				return true
			}
			if err != nil {
				return true
			}
		}
	}
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := xmpp.New(xmpp.Config{JID: "localhost", CAFile: "none.pem", Mechanisms: []string{"ROT13"}}, xmpp.Handler{})
	for _, want := range []string{`jid "localhost"`, "password is empty", "none.pem", "ROT13"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	_, err = xmpp.New(xmpp.Config{JID: "a@b", Password: "x", Servers: []string{"nowhere"}, PubSub: "@", Resource: strings.Repeat("x", 2000)}, xmpp.Handler{})
	for _, want := range []string{`server "nowhere"`, `pubsub service "@"`, "resource"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}
