package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server stands in for an XMPP server that can be told to hang, to refuse or to be away.
type server struct {
	mu        sync.Mutex
	log       []string
	hang      bool
	err       error
	down      bool
	up        func()
	available func(string)
}

func (s *server) Run(ctx context.Context, up func(), available func(string)) error {
	s.mu.Lock()
	s.up, s.available = up, available
	s.mu.Unlock()
	up()
	<-ctx.Done()
	return nil
}

func (s *server) Node(_ context.Context, node string, members []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errors.New("no session")
	}
	s.log = append(s.log, fmt.Sprintf("node %s %v", node, members))
	return nil
}

func (s *server) Publish(ctx context.Context, node string, r record.Call) error {
	s.mu.Lock()
	hang, err, down := s.hang, s.err, s.down
	s.mu.Unlock()
	switch {
	case hang:
		<-ctx.Done()
		return ctx.Err()
	case down:
		return errors.New("no session")
	case err != nil:
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf("publish %s %s %s %d", node, r.ID, r.Event, r.Seq))
	return nil
}

func (s *server) Chat(_ context.Context, jid, body, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, "chat "+jid+" "+body)
	return nil
}

func (s *server) Up() (bool, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.down, "no session"
}

func (s *server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) published() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.log {
		if l[:4] == "publ" {
			out = append(out, l)
		}
	}
	return out
}

// desk is a delivery that runs in a bubble, with what it told the engine.
type desk struct {
	*Delivery
	server *server
	mu     sync.Mutex
	sent   []int64
}

func within(t *testing.T, f func(*desk)) { withinMode(t, record.Transient, f) }

func withinMode(t *testing.T, mode record.Mode, f func(*desk)) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		d := &desk{server: s, Delivery: New(Options{
			Messenger: s, Mode: mode,
			Observers: []string{"crm@localhost"},
			Published: func(queueapp.PublishResult, time.Duration) {}, Pending: func(int) {}, GaveUp: func(string, string) {}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- d.Run(ctx, func(k engine.RecordKey) { d.mu.Lock(); d.sent = append(d.sent, k.Seq); d.mu.Unlock() })
		}()
		synctest.Wait()
		d.Nodes(map[queueapp.ExtensionID]engine.Node{"1000": {Name: "extension1000", Members: []string{"user1@localhost"}}})
		synctest.Wait()
		f(d)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A new owner gives the records that the last one left as soon as it has the floor, however late Run is scheduled then. What
// an owner before that gave is dropped.
func TestWhatIsGivenBeforeItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		d := New(Options{
			Messenger: s, Mode: record.Transient, Published: func(queueapp.PublishResult, time.Duration) {}, Pending: func(int) {},
			GaveUp: func(string, string) {}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		nodes := map[queueapp.ExtensionID]engine.Node{"1000": {Name: "extension1000", Members: []string{"user1@localhost"}}}
		d.Nodes(nodes)
		d.Send(out(1, record.Offered))
		d.Begin()
		d.Nodes(nodes)
		d.Send(out(2, record.Ended))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx, func(engine.RecordKey) {}) }()
		synctest.Wait()
		if got := s.published(); !slices.Equal(got, []string{"publish extension1000 c1 ended 2"}) {
			t.Errorf("published is %q", got)
		}
		if ok, why := d.Ready(); !ok {
			t.Errorf("it is not ready: %s", why)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func out(seq int64, event record.Event) engine.Outgoing {
	state := record.Ringing
	if event == record.Revoked || event == record.Ended {
		state = record.Closed
	}
	return engine.Outgoing{
		RecordKey: engine.RecordKey{Call: "c1", Seq: seq}, Attempt: queueapp.AttemptID{Call: "c1", N: 1}, Extension: "1000",
		Event: string(event), Record: record.Call{ID: "c1", Seq: seq, Event: event, State: state, Expires: time.Now().Add(time.Minute)},
	}
}

// ringing offers a record and gives the result when the phone may ring.
func (d *desk) ringing(seq int64) <-chan queueapp.PublishResult {
	ch := make(chan queueapp.PublishResult, 2)
	d.Offer(out(seq, record.Offered), 300*time.Millisecond, func(r queueapp.PublishResult) { ch <- r })
	return ch
}

func TestAnOfferRingsWhenTheServerHasIt(t *testing.T) {
	within(t, func(d *desk) {
		if r := <-d.ringing(1); r != queueapp.PublishOK {
			t.Errorf("result %s", r)
		}
		synctest.Wait()
		if got := d.server.published(); !slices.Equal(got, []string{"publish extension1000 c1 offered 1"}) || !slices.Equal(d.sent, []int64{1}) {
			t.Errorf("published %v, sent %v", got, d.sent)
		}
	})
}

func TestAHungServerCostsTheBudgetAtMost(t *testing.T) {
	within(t, func(d *desk) {
		d.server.set(func() { d.server.hang = true })
		begun := time.Now()
		if r := <-d.ringing(1); r != queueapp.PublishLate || time.Since(begun) != 300*time.Millisecond {
			t.Errorf("%s after %v", r, time.Since(begun))
		}
		d.server.set(func() { d.server.hang = false })
		<-time.After(10 * time.Second) // in the bubble: the publish times out and is tried again
		synctest.Wait()
		if got := d.server.published(); len(got) != 1 {
			t.Errorf("a late record that still mattered was published %v", got)
		}
	})
}

func TestARefusalRingsAndIsNotTriedAgain(t *testing.T) {
	within(t, func(d *desk) {
		d.server.set(func() { d.server.err = fmt.Errorf("%w: not whitelisted", ErrRefused) })
		if r := <-d.ringing(1); r != queueapp.PublishRefused {
			t.Errorf("result %s", r)
		}
		synctest.Wait()
		if !slices.Equal(d.sent, []int64{1}) {
			t.Errorf("sent %v", d.sent)
		}
	})
}

func TestAnOfferThatNeverLeftIsNotSentNorClosed(t *testing.T) {
	within(t, func(d *desk) {
		d.server.set(func() { d.server.down = true })
		d.Node("1000", engine.Node{Name: "extension1000", Members: []string{"user2@localhost"}}) // the lane is busy with the node
		ring := d.ringing(1)
		d.Send(out(2, record.Revoked))
		if r := <-ring; r != queueapp.PublishLate {
			t.Errorf("result %s", r)
		}
		d.server.set(func() { d.server.down = false })
		<-time.After(time.Minute / 2)
		synctest.Wait()
		if got := d.server.published(); len(got) != 0 {
			t.Errorf("published %v", got)
		}
		slices.Sort(d.sent)
		if !slices.Equal(d.sent, []int64{1, 2}) {
			t.Errorf("sent %v", d.sent)
		}
	})
}

func TestAnOfferThatMayHaveLeftIsClosed(t *testing.T) {
	within(t, func(d *desk) {
		d.server.set(func() { d.server.hang = true })
		<-d.ringing(1)
		d.Send(out(2, record.Revoked))
		synctest.Wait()
		d.server.set(func() { d.server.hang = false })
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := d.server.published(); len(got) == 0 || got[len(got)-1] != "publish extension1000 c1 revoked 2" {
			t.Errorf("published %v", got)
		}
	})
}

func TestWhoLosesAccessHasLostItBeforeTheNextRecord(t *testing.T) {
	within(t, func(d *desk) {
		d.Node("1000", engine.Node{Name: "extension1000", Members: []string{"user2@localhost"}})
		<-d.ringing(1)
		synctest.Wait()
		d.server.mu.Lock()
		defer d.server.mu.Unlock()
		n := len(d.server.log)
		if d.server.log[n-2] != "node extension1000 [user2@localhost crm@localhost]" {
			t.Errorf("log %v", d.server.log)
		}
	})
}

func TestAPopUpIsClosedBeforeItsViewerLosesTheNode(t *testing.T) {
	within(t, func(d *desk) {
		<-d.ringing(1)
		synctest.Wait()
		d.Send(out(2, record.Revoked))
		d.Node("1000", engine.Node{Name: "extension1000"})
		next := out(3, record.Ended)
		next.Attempt.N = 2
		d.Send(next)
		synctest.Wait()
		d.server.mu.Lock()
		defer d.server.mu.Unlock()
		want := []string{
			"publish extension1000 c1 revoked 2", "node extension1000 [crm@localhost]", "publish extension1000 c1 ended 3",
		}
		if got := d.server.log[len(d.server.log)-3:]; !slices.Equal(got, want) {
			t.Errorf("log %v", d.server.log)
		}
	})
}

func TestAMemberWhoComesIsShownWhatIsOpen(t *testing.T) {
	within(t, func(d *desk) {
		<-d.ringing(1)
		synctest.Wait()
		d.server.available("user1@localhost")
		d.server.available("stranger@localhost")
		synctest.Wait()
		if got := d.server.published(); len(got) != 2 || got[0] != got[1] {
			t.Errorf("published %v", got)
		}
		d.Send(out(2, record.Ended))
		synctest.Wait()
		d.server.available("user1@localhost") // who may have missed the close
		synctest.Wait()
		if got := d.server.published(); len(got) != 4 || got[3] != "publish extension1000 c1 ended 2" {
			t.Errorf("published %v", got)
		}
		<-time.After(2 * time.Minute)
		d.server.available("user1@localhost")
		synctest.Wait()
		if got := d.server.published(); len(got) != 4 {
			t.Errorf("a record was shown again that is over: %v", got)
		}
	})
}

func TestARecordThatNoLongerMattersIsGivenUp(t *testing.T) {
	within(t, func(d *desk) {
		d.server.set(func() { d.server.down = true })
		d.server.up()
		d.Send(out(2, record.Ended))
		<-time.After(2 * time.Minute)
		d.server.set(func() { d.server.down = false })
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := d.server.published(); len(got) != 0 || !slices.Equal(d.sent, []int64{2}) {
			t.Errorf("published %v, sent %v", got, d.sent)
		}
	})
}

func TestAStaleChatIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		stale := ""
		d := New(Options{
			Messenger: s, Now: time.Now, Log: slog.New(slog.DiscardHandler), GaveUp: func(_, why string) { stale = why },
		})
		d.Chat([]string{"user1@localhost"}, "old", "")
		<-time.After(chatLife + time.Second)
		d.Chat([]string{"user1@localhost"}, "new", "")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx, func(engine.RecordKey) {}) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slices.Equal(s.log, []string{"chat user1@localhost new"}) || stale != "stale" {
			t.Errorf("log %v, gave up %q", s.log, stale)
		}
	})
}
