package crm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/link"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const node = "extension1000"

// office is a real Prosody with Ringside's account on it, which publishes, and no more.
type office struct {
	stack     *stack.Stack
	publisher *xmpp.Client
}

func newOffice(t *testing.T) office {
	t.Helper()
	s, err := stack.Start(t.Context(), stack.Options{Only: []string{stack.Prosody}, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	info := s.Info()
	up := make(chan xmpp.Status, 8)
	publisher, err := xmpp.New(xmpp.Config{JID: "queueapp@localhost", Password: s.JIDPassword("queueapp"),
		Servers: []string{info.XMPP}, CAFile: info.CA, PubSub: info.PubSub},
		xmpp.Handler{Status: func(s xmpp.Status) { up <- s }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- publisher.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, s.Stop(context.Background())); err != nil {
			t.Error(err)
		}
	})
	if st := <-up; !st.Up {
		t.Fatalf("not logged in: %+v", st)
	}
	if err := publisher.SetNode(soon(t), xmpp.Node{Name: node, Members: []string{"user1@localhost"}}); err != nil {
		t.Fatal(err)
	}
	return office{s, publisher}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (o office) open(t *testing.T, user string) *crm.CRM {
	t.Helper()
	info := o.stack.Info()
	c, err := crm.Open(crm.Config{JID: user + "@localhost", Password: o.stack.JIDPassword(user), Server: info.XMPP,
		CA: info.CA, PubSub: info.PubSub, Nodes: []string{node}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (o office) publish(t *testing.T, c record.Call) {
	t.Helper()
	if _, err := o.publisher.Publish(soon(t), node, c); err != nil {
		t.Fatal(err)
	}
}

// next is the next event of the kind.
func next(t *testing.T, w interface {
	Next(context.Context, func(crm.Event) bool) (crm.Event, error)
}, kind crm.Kind) crm.Event {
	t.Helper()
	e, err := w.Next(soon(t), func(e crm.Event) bool { return e.Kind == kind })
	if err != nil {
		t.Fatalf("no %s: %v", kind, err)
	}
	return e
}

func offered(seq int64) record.Call {
	now := time.Now()
	return record.Call{ID: "01990000-0000-7000-8000-000000000001", Event: record.Offered, State: record.Ringing, Seq: seq,
		At: now, Expires: now.Add(time.Minute), Queue: "support", Extension: "1000", Agent: "1000", Attempt: 1,
		Caller:    record.Caller{Number: "5550100", Name: "Ana"},
		Customers: []record.Customer{{ID: "1", Code: "1111", Match: record.ByCode, Name: "Company 1"}}}
}

func TestAPopUpsLife(t *testing.T) {
	o := newOffice(t)
	c := o.open(t, "user1")
	w := c.Watch()
	defer w.Close()
	next(t, w, crm.Up)
	if err := c.AwaitSubscribed(soon(t), node); err != nil {
		t.Fatal(err)
	}

	r := offered(1)
	before := time.Now()
	o.publish(t, r)
	opened := next(t, w, crm.Opened)
	if opened.At.Before(before) || opened.Node != node || opened.Call.Customers[0].Name != "Company 1" {
		t.Errorf("opened: %+v", opened)
	}
	if text := opened.String(); !strings.Contains(text, "Company 1 (1111)") || !strings.Contains(text, "support") {
		t.Errorf("said: %s", text)
	}
	if shown := c.Shown(); len(shown) != 1 || shown[0].ID != r.ID {
		t.Errorf("shown: %+v", shown)
	}

	r.Event, r.State, r.Seq = record.Answered, record.Talking, 2
	o.publish(t, r)
	next(t, w, crm.Changed)
	o.publish(t, r)
	if dropped := next(t, w, crm.Dropped); dropped.Why != record.Repeated {
		t.Errorf("dropped for %q, want %q", dropped.Why, record.Repeated)
	}

	r.Event, r.State, r.Seq = record.Ended, record.Closed, 3
	r.Outcome, r.Customers = record.Outcome{Value: "answered", By: "caller"}, nil
	o.publish(t, r)
	closed := next(t, w, crm.Closed)
	if text := closed.String(); !strings.Contains(text, "Company 1") || !strings.Contains(text, "by caller") {
		t.Errorf("said: %s", text)
	}
	if shown := c.Shown(); len(shown) != 0 {
		t.Errorf("still shown: %+v", shown)
	}

	t.Run("a record that nobody closes", func(t *testing.T) {
		r := offered(10)
		r.ID, r.Expires = "01990000-0000-7000-8000-000000000002", r.At.Add(300*time.Millisecond)
		o.publish(t, r)
		opened := next(t, w, crm.Opened)
		closed := next(t, w, crm.Closed)
		if closed.Why != record.Expired || closed.At.Sub(opened.At) < 300*time.Millisecond {
			t.Errorf("closed for %q after %v", closed.Why, closed.At.Sub(opened.At))
		}
	})
	t.Run("somebody else's account", func(t *testing.T) {
		stranger := o.open(t, "user2")
		w := stranger.Watch()
		defer w.Close()
		if refused := next(t, w, crm.Refused); refused.Node != node {
			t.Errorf("refused: %+v", refused)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := stranger.AwaitSubscribed(ctx, node); err == nil || !strings.Contains(err.Error(), "forbidden") {
			t.Errorf("error %v, want one that tells of the refusal", err)
		}
	})
}

// Who loses the node while away hears nothing of it any more, and so shows nothing of it either.
func TestANodeThatWasLostMeanwhile(t *testing.T) {
	o := newOffice(t)
	l, err := link.Listen(o.stack.Info().XMPP, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info := o.stack.Info()
	c, err := crm.Open(crm.Config{JID: "user1@localhost", Password: o.stack.JIDPassword("user1"), Server: l.Addr(),
		CA: info.CA, PubSub: info.PubSub, Nodes: []string{node}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := c.Watch()
	defer w.Close()
	if err := c.AwaitSubscribed(soon(t), node); err != nil {
		t.Fatal(err)
	}
	r := offered(1)
	o.publish(t, r)
	next(t, w, crm.Opened)

	l.Cut()
	next(t, w, crm.Down)
	members := func(jids ...string) {
		if err := o.publisher.SetMembers(soon(t), node, jids); err != nil {
			t.Fatal(err)
		}
	}
	members()
	l.Heal()
	if closed := next(t, w, crm.Closed); closed.Why != record.NoAccess || closed.Call.ID != r.ID || len(c.Shown()) != 0 {
		t.Errorf("closed: %+v, shown: %+v", closed, c.Shown())
	}

	members("user1@localhost")
	next(t, w, crm.Subscribed)
	o.publish(t, r)
	if opened := next(t, w, crm.Opened); opened.Call.Seq != r.Seq {
		t.Errorf("opened: %+v", opened)
	}
}

func TestAWrongPassword(t *testing.T) {
	o := newOffice(t)
	info := o.stack.Info()
	c, err := crm.Open(crm.Config{JID: "user1@localhost", Password: "wrong", Server: info.XMPP, CA: info.CA, PubSub: info.PubSub})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := c.Watch()
	defer w.Close()
	down := next(t, w, crm.Down)
	if strings.Contains(down.Reason, "wrong\"") || !strings.Contains(strings.ToLower(down.Reason), "password") {
		t.Errorf("the reason is %q", down.Reason)
	}
}

func TestWhatIsNoConfiguration(t *testing.T) {
	if c, err := crm.Open(crm.Config{JID: "nobody"}); err == nil {
		c.Close()
		t.Error("a CRM without a domain and a password was opened")
	}
}
