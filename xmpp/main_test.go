package xmpp_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/queueapp/record"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// shared is the Prosody that all tests use which do it no harm.
var shared = sync.OnceValues(func() (*stack.Stack, error) {
	return stack.Start(context.Background(), stack.Options{Only: []string{stack.Prosody}, Unlisted: true})
})

var sharedUsed atomic.Bool

func TestMain(m *testing.M) {
	code := m.Run()
	if sharedUsed.Load() {
		if s, err := shared(); err == nil {
			if err := s.Stop(context.Background()); err != nil {
				fmt.Fprintln(os.Stderr, "stop Prosody:", err)
				code = 1
			}
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// prosody returns the shared server. A machine without the private root fails, with the remedy in the error.
func prosody(t testing.TB) *stack.Stack {
	t.Helper()
	sharedUsed.Store(true)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ownProsody returns a server that the test may hurt.
func ownProsody(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := stack.Start(t.Context(), stack.Options{Only: []string{stack.Prosody}, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// config is the log-in of a user of the stack.
func config(s *stack.Stack, user, resource string) xmpp.Config {
	i := s.Info()
	return xmpp.Config{JID: user + "@localhost", Resource: resource, Password: s.JIDPassword(user), Servers: []string{i.XMPP}, CAFile: i.CA, PubSub: i.PubSub}
}

// probe is a client with all that it was told.
type probe struct {
	*xmpp.Client
	t    testing.TB
	stop func() error

	mu   sync.Mutex
	log  []any
	more chan struct{}
}

func (p *probe) note(e any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, e)
	close(p.more)
	p.more = make(chan struct{})
}

// start makes a client and runs it to the end of the test.
func start(t testing.TB, cfg xmpp.Config) *probe {
	t.Helper()
	p := &probe{t: t, more: make(chan struct{})}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	}
	c, err := xmpp.New(cfg, xmpp.Handler{
		Status: func(s xmpp.Status) { p.note(s) }, Presence: func(s xmpp.Presence) { p.note(s) },
		Item: func(i xmpp.Item) { p.note(i) }, Chat: func(c xmpp.Chat) { p.note(c) },
		Subscription: func(s xmpp.Subscription) { p.note(s) }, Nodes: func(r xmpp.NodeReport) { p.note(r) },
		Lost: func(n int) { p.note(n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Client = c
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	p.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// up starts a client and waits until it is logged in.
func up(t testing.TB, cfg xmpp.Config) *probe {
	t.Helper()
	p := start(t, cfg)
	await(p, func(s xmpp.Status) bool {
		if !s.Up {
			t.Fatalf("no session: %s: %v", s.Reason, s.Err)
		}
		return true
	})
	return p
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

// await returns the first thing of type T that p was told and that is as it should be. It takes it out of the log.
func await[T any](p *probe, is func(T) bool) T {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		more := p.more
		for i, e := range p.log {
			if x, ok := e.(T); ok && is(x) {
				p.log = slices.Delete(p.log, i, i+1)
				p.mu.Unlock()
				return x
			}
		}
		p.mu.Unlock()
		select {
		case <-more:
		case <-timeout:
			var none T
			p.t.Fatalf("%s: no such %T in time; it was told %s", p.JID(), none, p.told())
			return none
		}
	}
}

// told is all that p was told and that nobody awaited, in words.
func (p *probe) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, e := range p.log {
		out = append(out, fmt.Sprintf("%+v", e))
	}
	return strings.Join(out, "\n\t")
}

// items are the records of node that p got and that nobody awaited. Records of a subscription of the bare JID come to all
// sessions of a user, those of other tests included.
func (p *probe) items(node string) []xmpp.Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []xmpp.Item
	for _, e := range p.log {
		if i, ok := e.(xmpp.Item); ok && i.Node == node {
			out = append(out, i)
		}
	}
	return out
}

func any_[T any](T) bool { return true }

var now = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// call is a record of the call id.
func call(id string, seq int64, e record.Event, s record.State) record.Call {
	return record.Call{
		ID: id, Event: e, State: s, Seq: seq, At: now, Expires: now.Add(time.Minute), Queue: "support", Extension: "1000", Agent: "1000", Attempt: 1,
		Caller:    record.Caller{Number: "2000", Name: "Ann"},
		Customers: []record.Customer{{ID: "1", Code: "1111", Match: record.ByCode, Name: "Company 1"}},
	}
}

// within returns a context that ends in d or with the test.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

var nodeCount atomic.Int64

// nodeName is a node's name that was not used before.
func nodeName(t testing.TB) string {
	return fmt.Sprintf("extension-%s-%d-", strings.ReplaceAll(t.Name(), "/", "-"), nodeCount.Add(1))
}
