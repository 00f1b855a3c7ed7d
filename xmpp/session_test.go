package xmpp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
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

// ready is a client of the fake with one checked node.
func ready(t *testing.T, f *fake, cfg xmpp.Config) (*probe, *link) {
	t.Helper()
	if f.iq == nil {
		f.iq = goodNode
	}
	p := up(t, cfg)
	if err := p.SetNode(within(t, patience), xmpp.Node{Name: "n"}); err != nil {
		t.Fatal(err)
	}
	return p, f.take()
}

// swallow makes the fake take records and say nothing; each is told to the channel.
func swallow(f *fake) chan stanza {
	published := make(chan stanza, 100)
	f.iq = func(l *link, q stanza) bool {
		if strings.Contains(q.Inner, "<publish") {
			published <- q
			return true
		}
		return goodNode(l, q)
	}
	return published
}

func TestAPublishEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	swallow(f)
	p, _ := ready(t, f, f.start().config())
	began := time.Now()
	r, err := p.Publish(within(t, 100*time.Millisecond), "n", call("c1", 1, record.Offered, record.Ringing))
	if r != xmpp.Uncertain || !errors.Is(err, xmpp.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
		t.Errorf("%s after %s: %v", r, time.Since(began), err)
	}
}

func TestATornStreamWakesWhoWaits(t *testing.T) {
	t.Parallel()
	for name, tear := range map[string]string{"in a stanza": "<message><body>half", "between stanzas": "", "not well-formed": "<a></b>", "in order": "</stream:stream>",
		"by an error": "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			published := swallow(f)
			p, l := ready(t, f, f.start().config())
			got := make(chan error, 1)
			go func() {
				r, err := p.Publish(t.Context(), "n", call("c1", 1, record.Offered, record.Ringing))
				if r != xmpp.Uncertain {
					t.Errorf("%s, %v", r, err)
				}
				got <- err
			}()
			<-published
			_ = l.send(tear)
			l.conn.Close()
			select {
			case err := <-got:
				if !errors.Is(err, xmpp.ErrUnknown) {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Fatal("the publish still waits")
			}
			s := await(p, func(s xmpp.Status) bool { return !s.Up })
			if want := (map[string]xmpp.Reason{"in order": xmpp.ServerClosed, "by an error": xmpp.ServerClosed})[name]; s.Reason != xmpp.Broken && want == "" || want != "" && s.Reason != want {
				t.Errorf("%+v", s)
			}
			await(p, func(s xmpp.Status) bool { return s.Up })
			// The node has to be checked anew before anything is published to it.
			f.take()
			await(p, func(r xmpp.NodeReport) bool { return r.Checked == 1 && len(r.Failed) == 0 })
		})
	}
}

func TestConflictIsNotFought(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p, l := ready(t, f, f.start().config())
	_ = l.send("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Replaced by new connection</text></stream:error></stream:stream>")
	s := await(p, func(s xmpp.Status) bool { return !s.Up })
	if s.Reason != xmpp.Conflict || s.RetryIn < 40*time.Second || !strings.Contains(s.Err.Error(), "resource") {
		t.Errorf("%+v", s)
	}
}

func TestASilentServerIsFoundOut(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.iq = func(l *link, q stanza) bool { return strings.Contains(q.Inner, "urn:xmpp:ping") || goodNode(l, q) }
	cfg := f.start().config()
	cfg.PingEvery, cfg.PingTimeout = 50*time.Millisecond, 100*time.Millisecond
	p := start(t, cfg)
	s := await(p, func(s xmpp.Status) bool { return !s.Up })
	if s.Reason != xmpp.Silent {
		t.Errorf("%+v", s)
	}
}

func TestAPublishWithoutAnswerCausesAPing(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	swallow(f)
	inner := f.iq
	f.iq = func(l *link, q stanza) bool { return strings.Contains(q.Inner, "urn:xmpp:ping") || inner(l, q) }
	cfg := f.start().config()
	cfg.PingTimeout = 100 * time.Millisecond // and PingEvery is an hour
	p, _ := ready(t, f, cfg)
	if r, _ := p.Publish(within(t, 50*time.Millisecond), "n", call("c1", 1, record.Offered, record.Ringing)); r != xmpp.Uncertain {
		t.Error(r)
	}
	if s := await(p, func(s xmpp.Status) bool { return !s.Up }); s.Reason != xmpp.Silent {
		t.Errorf("%+v", s)
	}
}

func TestARefusedPingIsAnAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	pings := make(chan bool, 100)
	f.iq = func(l *link, q stanza) bool {
		if !strings.Contains(q.Inner, "urn:xmpp:ping") {
			return false
		}
		_ = l.send("<iq type='error' id='" + q.attr("id") + "' from='localhost'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
		pings <- true
		return true
	}
	cfg := f.start().config()
	cfg.PingEvery, cfg.PingTimeout = 10*time.Millisecond, 5*time.Second
	p := up(t, cfg)
	for range 5 {
		<-pings
	}
	if !p.Up() {
		t.Error(p.told())
	}
}

// A server that reads nothing takes some megabytes, and then nothing: who publishes meanwhile gets away by its context,
// and the session is given up.
func TestAServerThatReadsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	stuck := make(chan struct{})
	defer close(stuck)
	f.iq = func(l *link, q stanza) bool {
		if strings.Contains(q.Inner, "<publish") {
			<-stuck
		}
		return goodNode(l, q)
	}
	p, _ := ready(t, f, f.start().config())
	big := call("c1", 1, record.Offered, record.Ringing)
	for i := range 15 {
		big.Customers = append(big.Customers, record.Customer{ID: "x", Name: strings.Repeat("x", 1000), URL: strings.Repeat("u", 2000+i)})
	}
	results := map[xmpp.Result]int{}
	for p.Up() {
		began := time.Now()
		r, err := p.Publish(within(t, 5*time.Millisecond), "n", big)
		results[r]++
		if took := time.Since(began); took > 2*time.Second || r == xmpp.Accepted || err == nil {
			t.Fatalf("%s after %s: %v", r, took, err)
		}
	}
	if results[xmpp.Uncertain] == 0 || results[xmpp.NotSent] == 0 {
		t.Errorf("%v: the one must have been possible at first, the other in the end", results)
	}
	if s := await(p, func(s xmpp.Status) bool { return !s.Up }); s.Reason != xmpp.Broken && s.Reason != xmpp.Silent {
		t.Errorf("%+v", s)
	}
}

func TestANodeThatCannotBeMadePrivateGetsNothing(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"open to all": nodeForm("open", "publishers", "0"), "open to all publishers": nodeForm("whitelist", "open", "0"), "keeps what it should not": nodeForm("whitelist", "publishers", "true"),
		"does not say": `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure><x xmlns='jabber:x:data'/></configure></pubsub>`,
		"no form":      `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'/>`, "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			repaired := make(chan bool, 100)
			f.iq = func(l *link, q stanza) bool {
				if !strings.Contains(q.Inner, "<configure") {
					return goodNode(l, q)
				}
				if q.attr("type") == "set" {
					repaired <- true
					return false // granted, and nothing changes
				}
				l.result(q, form)
				return true
			}
			p := up(t, f.start().config())
			err := p.SetNode(within(t, patience), xmpp.Node{Name: "n"})
			if !errors.Is(err, xmpp.ErrNotPrivate) {
				t.Errorf("set node: %v", err)
			}
			if len(repaired) == 0 {
				t.Error("nobody tried to repair it")
			}
			r, err := p.Publish(within(t, patience), "n", call("c1", 1, record.Offered, record.Ringing))
			if r != xmpp.NotSent || !errors.Is(err, xmpp.ErrNotPrivate) {
				t.Errorf("%s, %v", r, err)
			}
			if rep := p.Nodes(); rep.Checked != 0 || !errors.Is(rep.Failed["n"], xmpp.ErrNotPrivate) {
				t.Errorf("%+v", rep)
			}
		})
	}
}

func TestASlowOrPanickingHandlerHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := f.start().config()
	cfg.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	const chats = 6000
	enter, release := make(chan struct{}), make(chan struct{})
	got, lost := 0, 0
	c, err := xmpp.New(cfg, xmpp.Handler{
		Chat: func(c xmpp.Chat) {
			if got++; got == 1 {
				close(enter)
				<-release
			}
			panic("a handler that panics")
		},
		Lost: func(n int) { lost += n; panic("this one too") },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	l := f.take()
	for range chats {
		_ = l.send("<message from='a@localhost/b' type='chat'><body>hi</body></message>")
	}
	<-enter
	// While the handler is stuck, the session answers.
	_ = l.send("<iq type='get' id='p1' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
	for s := range l.got {
		if s.attr("id") == "p1" {
			break
		}
	}
	close(release)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got+lost != chats || lost == 0 || got < 4000 {
		t.Errorf("%d of %d chats came, %d were told as lost", got, chats, lost)
	}
}
