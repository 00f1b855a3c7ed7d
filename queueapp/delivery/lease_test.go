package delivery

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/record"
)

// Who may have lost the floor says nothing to anybody.
func TestNothingIsPublishedWithoutTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		lease := engine.NewLease(time.Now)
		d := New(Options{
			Messenger: s, Published: func(queueapp.PublishResult, time.Duration) {}, Pending: func(int) {},
			GaveUp: func(string, string) {}, Lease: lease, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx, func(engine.RecordKey) {}) }()
		synctest.Wait()
		d.Nodes(map[queueapp.ExtensionID]engine.Node{"1000": {Name: "extension1000"}})
		d.Chat([]string{"user1@localhost"}, "stale by then", "")
		late := make(chan queueapp.PublishResult, 1)
		d.Offer(out(1, record.Offered), 300*time.Millisecond, func(r queueapp.PublishResult) { late <- r })
		if r := <-late; r != queueapp.PublishLate {
			t.Errorf("the phone rings after %q", r)
		}
		<-time.After(chatLife)         // virtual time
		lease.Renew(time.Now(), false) // a database that is away is no confirmation
		synctest.Wait()
		if len(s.log) != 0 {
			t.Errorf("without a confirmation: %v", s.log)
		}
		lease.Renew(time.Now(), true)
		synctest.Wait()
		if p := s.published(); len(p) != 1 || len(s.log) != 2 {
			t.Errorf("after it: %v", s.log)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
