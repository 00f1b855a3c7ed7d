package xmpp_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ringside/xmpp"
)

// A log-in throws out whoever has our account and resource: it is not tried before it may be.
func TestLogInWaitsUntilItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var may atomic.Bool
		var asked, dialled atomic.Int32
		c, err := xmpp.New(xmpp.Config{
			JID: "queue@localhost", Password: "x",
			May: func(ctx context.Context) error {
				asked.Add(1)
				for !may.Load() {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				return nil
			},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dialled.Add(1)
				return nil, errors.New("nobody listens")
			},
		}, xmpp.Handler{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		<-time.After(time.Hour) // longer than any deadline of a log-in
		synctest.Wait()
		if asked.Load() != 1 || dialled.Load() != 0 {
			t.Errorf("asked %d times, dialled %d times", asked.Load(), dialled.Load())
		}
		may.Store(true)
		<-time.After(2 * time.Second)
		synctest.Wait()
		if dialled.Load() == 0 {
			t.Error("it may, and does not")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
