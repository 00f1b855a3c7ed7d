package xmpp_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/xmpp"
)

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
	if r != xmpp.Unknown || !errors.Is(err, xmpp.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
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
				if r != xmpp.Unknown {
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
	if r, _ := p.Publish(within(t, 50*time.Millisecond), "n", call("c1", 1, record.Offered, record.Ringing)); r != xmpp.Unknown {
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
	if results[xmpp.Unknown] == 0 || results[xmpp.NotSent] == 0 {
		t.Errorf("%v: the one must have been possible at first, the other in the end", results)
	}
	if s := await(p, func(s xmpp.Status) bool { return !s.Up }); s.Reason != xmpp.Broken && s.Reason != xmpp.Silent {
		t.Errorf("%+v", s)
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

func TestTheNextServerIsTried(t *testing.T) {
	t.Parallel()
	cfg := newFake(t).start().config()
	cfg.Servers = append([]string{"127.0.0.1:1"}, cfg.Servers...)
	p := start(t, cfg)
	if s := await(p, any_[xmpp.Status]); s.Up || s.Reason != xmpp.Unreachable {
		t.Errorf("%+v", s)
	}
	await(p, func(s xmpp.Status) bool { return s.Up && s.JID == "queueapp@localhost/test" })
	if err := p.Run(t.Context()); err == nil {
		t.Error("Run ran twice")
	}
}

// Who is told to stop says goodbye: the full JID is unsubscribed, the presence taken back, the stream ended.
func TestGoodbye(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	unsubscribed := make(chan string, 10)
	f.iq = func(l *link, q stanza) bool {
		if strings.Contains(q.Inner, "<unsubscribe") {
			unsubscribed <- q.Inner
		}
		return false
	}
	p := up(t, f.start().config())
	l := f.take()
	p.Subscribe("n", xmpp.SubscribeOptions{FullJID: true})
	await(p, func(s xmpp.Subscription) bool { return s.Active })
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if got := <-unsubscribed; !strings.Contains(got, `jid="queueapp@localhost/test"`) {
		t.Error(got)
	}
	var last stanza
	for s := range l.got {
		last = s
	}
	if last.XMLName.Local != "presence" || last.attr("type") != "unavailable" {
		t.Errorf("the last was %+v", last)
	}
	if s := await(p, func(s xmpp.Status) bool { return !s.Up }); s.Reason != xmpp.Stopped || s.Err != nil {
		t.Errorf("%+v", s)
	}
}
