package stasis

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/coder/websocket"

	"ringside/queueapp/engine"
)

// farewell is how long Asterisk may take to say goodbye.
const farewell = 500 * time.Millisecond

// maxEvent is how long one event may be, in bytes: a channel with very many variables has some kilobytes.
const maxEvent = 1 << 20

var (
	errReplaced = errors.New("ari: another process took the application with a websocket of its own: " +
		"two owners of one floor, or two floors with the same application name")
	errBehind = errors.New("ari: too many events wait in memory: the engine does not keep up")
	errSilent = errors.New("ari: the websocket's other end does not answer pings")
)

// sockets opens websockets.
type sockets struct {
	url    string
	header http.Header
	client *http.Client
	lease  *engine.Lease
}

func newSockets(c Config) *sockets {
	return &sockets{
		url: "ws" + strings.TrimPrefix(c.URL, "http") + "/events?" + url.Values{"app": {c.App}}.Encode(),
		header: http.Header{"Authorization": {
			"Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password)),
		}},
		lease: c.Lease,
		client: &http.Client{Transport: &http.Transport{
			DialContext: dialer().DialContext, TLSClientConfig: c.TLS, TLSHandshakeTimeout: 3 * time.Second,
			DisableKeepAlives: true,
		}},
	}
}

// open opens one, once it is certain that this takes the application from nobody who owns the floor.
func (k *sockets) open(ctx context.Context, patience time.Duration) (*websocket.Conn, error) {
	if err := k.lease.Begin(ctx); err != nil {
		return nil, fmt.Errorf("ari: open the websocket: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, k.url, &websocket.DialOptions{HTTPClient: k.client, HTTPHeader: k.header})
	if err == nil {
		ws.SetReadLimit(maxEvent)
		return ws, nil
	}
	if resp == nil {
		return nil, fmt.Errorf("ari: open the websocket: %w: is Asterisk running, with http.conf's bindaddr and port?", err)
	}
	refused := &refusal{op: "open the websocket", status: resp.StatusCode}
	if resp.StatusCode == http.StatusNotFound {
		refused.message = "is ARI enabled in ari.conf, are its modules loaded, and is http.conf's prefix in the url?"
	}
	return nil, refused
}

// listen keeps a connection up until ctx ends.
func (s *Switch) listen(ctx context.Context) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier, pause.MaxInterval = 50*time.Millisecond, 2, s.timing.Retry
	pause.RandomizationFactor = 0.2
	var unanswered time.Time // when an attempt was last given up that Asterisk may still take for a fresh websocket
	for n := 1; ; n++ {
		wasUp, err := s.stream(ctx, n)
		if ctx.Err() != nil {
			return
		}
		s.inbox.put(func(l *live) { l.down(err) })
		if wasUp {
			pause.Reset()
		}
		if !wasUp && statusOf(err) == 0 && !neverSent(err) {
			unanswered = time.Now()
		}
		wait := pause.NextBackOff()
		if errors.Is(err, errReplaced) && time.Since(unanswered) > s.timing.Refused || refusedLogin(err) {
			wait = s.timing.Refused
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func refusedLogin(err error) bool {
	status := statusOf(err)
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// stream is the life of one connection, and says whether it ever came up and why it ended. Its goroutines end with it.
func (s *Switch) stream(ctx context.Context, n int) (wasUp bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ws, err := s.sockets.open(ctx, s.timing.Request)
	if err != nil {
		return false, err
	}
	s.inbox.put(func(l *live) { l.begin(n, cancel) })
	reading, cut := context.WithCancel(context.WithoutCancel(ctx)) // so that a farewell can be read
	defer cut()
	var running sync.WaitGroup
	running.Go(func() { cancel(s.read(reading, ws, n)) })
	running.Go(func() { cancel(s.ping(ctx, ws, cancel)) })
	st, err := s.takeStock(ctx)
	if err == nil {
		s.lamps.renew()
		s.inbox.put(func(l *live) { l.up(st) })
		s.devices.renew(true)
		<-ctx.Done()
		s.devices.renew(false)
		s.lamps.renew()
	} else {
		cancel(err)
	}
	if !errors.Is(context.Cause(ctx), errSilent) {
		late := time.AfterFunc(farewell, cut)
		ws.Close(websocket.StatusNormalClosure, "") // a connection that just ends makes Asterisk warn
		late.Stop()
	}
	cut()
	_ = ws.CloseNow() // of one that is closed it is an error
	running.Wait()
	return err == nil, context.Cause(ctx)
}

// read moves events into the inbox as fast as they come.
func (s *Switch) read(ctx context.Context, ws *websocket.Conn, n int) error {
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			return fmt.Errorf("ari: read the websocket: %w", err)
		}
		if !s.inbox.take(n, frame) {
			return errBehind
		}
	}
}

// ping finds out that the other end is gone although the connection stands: nothing else would, as long as nobody calls.
func (s *Switch) ping(ctx context.Context, ws *websocket.Conn, giveUp context.CancelCauseFunc) error {
	tick := time.NewTicker(s.timing.Ping)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		late := time.AfterFunc(s.timing.Ping, func() { giveUp(errSilent) })
		err := ws.Ping(ctx)
		late.Stop()
		if err != nil {
			return fmt.Errorf("ari: ping: %w", err)
		}
	}
}
