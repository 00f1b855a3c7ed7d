package stasis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ringside/queueapp/engine"
)

// Numbers of the HTTP transport (reference: Asterisk's http.conf).
const (
	maxRequests = 64               // under way at once, and connections kept; http.conf's sessionlimit is 100 by default
	idleTime    = 10 * time.Second // less than Asterisk's session_keep_alive (15 s), or a POST meets a closing socket
	maxReply    = 64 << 20         // bytes read of a listing: 100 000 channels
	maxMessage  = 200              // bytes kept of what Asterisk says of an error
)

// dialer makes connections whose peer cannot vanish without a word for more than 9 s.
func dialer() *net.Dialer {
	return &net.Dialer{Timeout: 3 * time.Second, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 2,
	}}
}

// rest makes ARI requests. Asterisk takes every parameter in a JSON body, arrays too, and what it says of an error is kept.
type rest struct {
	base           string
	user, password string
	client         *http.Client
	slots          chan struct{} // so that a request's deadline starts when it is sent, not while it waits its turn
	deadline       time.Duration
	watch          Observer
	lease          *engine.Lease
}

func newREST(c Config) *rest {
	return &rest{
		base: c.URL, user: c.User, password: c.Password, deadline: c.Timing.Request, watch: c.Observer, lease: c.Lease,
		slots: make(chan struct{}, maxRequests),
		client: &http.Client{
			Transport: &http.Transport{
				DialContext: dialer().DialContext, TLSClientConfig: c.TLS,
				MaxIdleConns: maxRequests, MaxIdleConnsPerHost: maxRequests, IdleConnTimeout: idleTime,
				TLSHandshakeTimeout: 3 * time.Second, DisableCompression: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (r *rest) close() { r.client.CloseIdleConnections() }

// path joins and escapes the parts of a resource's path: ids may hold anything, devices hold a slash.
func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// refusal is an answer other than 2xx.
type refusal struct {
	op      string
	status  int
	message string
}

func (e *refusal) Error() string {
	text := fmt.Sprintf("ari: %s: %d %s", e.op, e.status, http.StatusText(e.status))
	if e.message != "" {
		text += ": " + e.message
	}
	if e.status == http.StatusUnauthorized {
		text += ": check the switch's user and password against ari.conf"
	}
	return text
}

// statusOf is the HTTP status behind an error, 0 where no answer came.
func statusOf(err error) int {
	var e *refusal
	if errors.As(err, &e) {
		return e.status
	}
	return 0
}

// do makes one request: body, where it is not nil, is sent as JSON, and the answer is read into the value that into
// points to. An error with status 0 (see statusOf) leaves open whether Asterisk acted.
func (r *rest) do(ctx context.Context, op, method, target string, body, into any) error {
	return r.doBefore(ctx, time.Time{}, op, method, target, body, into)
}

// doBefore makes a request that must not be sent after a moment (zero: at any time), however long it waits its turn.
func (r *rest) doBefore(ctx context.Context, last time.Time, op, method, target string, body, into any) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return fmt.Errorf("ari: %s: %w", op, ctx.Err())
	}
	if err := r.lease.Act(ctx); err != nil {
		return fmt.Errorf("ari: %s: %w", op, err)
	}
	if !last.IsZero() && time.Now().After(last) {
		return fmt.Errorf("ari: %s: %w", op, errStale)
	}
	ctx, cancel := context.WithTimeout(ctx, r.deadline)
	defer cancel()
	started := time.Now()
	status, err := r.exchange(ctx, op, method, target, body, into)
	r.watch.Request(op, time.Since(started), status)
	return err
}

// again makes a request that may be made twice, and does so where no answer came to the first.
func (r *rest) again(ctx context.Context, op, method, target string, body, into any) error {
	err := r.do(ctx, op, method, target, body, into)
	if err != nil && statusOf(err) == 0 && ctx.Err() == nil {
		err = r.do(ctx, op, method, target, body, into)
	}
	return err
}

func (r *rest) exchange(ctx context.Context, op, method, target string, body, into any) (int, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("ari: %s: encode the request: %w", op, err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+target, content)
	if err != nil {
		return 0, fmt.Errorf("ari: %s: %w", op, err)
	}
	req.SetBasicAuth(r.user, r.password)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ari: %s: %w", op, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	switch {
	case err != nil:
		return 0, fmt.Errorf("ari: %s: read the answer: %w", op, err)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return resp.StatusCode, &refusal{op: op, status: resp.StatusCode, message: messageIn(text)}
	case into == nil:
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return resp.StatusCode, fmt.Errorf("ari: %s: read the answer: %w", op, err)
	}
	return resp.StatusCode, nil
}

// messageIn is what Asterisk says of an error: {"message": …}, or {"error": …} from a failed allocation.
func messageIn(body []byte) string {
	var said struct{ Message, Error string }
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return clean(said.Message+said.Error, maxMessage)
}
