package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

func TestNothingWithoutTheToken(t *testing.T) {
	f := newSmallFloor()
	f.caller("c1")
	s := newServer(f)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Bearer " + token + "x", "Basic " + token, token} {
		for _, r := range append(s.routes(nil), route{method: "GET", path: "/v1/nothing-here"}, route{method: "GET", path: "/"}) {
			if isProbe(r.path) {
				continue
			}
			req := httptest.NewRequest(r.method, strings.NewReplacer("{", "", "}", "").Replace(r.path), nil)
			if header != "" {
				req.Header.Set("Authorization", header)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, req)
			wantProblem(t, w, http.StatusUnauthorized, "token")
			if w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: no WWW-Authenticate", r.method, r.path)
			}
		}
	}
}

func TestATokenThatIsNotConfiguredOpensNothing(t *testing.T) {
	s := New(Config{Floor: newSmallFloor(), Metrics: NewMetrics("", ""), Log: slog.New(slog.DiscardHandler)})
	for _, header := range []string{"", "Bearer ", "Bearer x"} {
		r := httptest.NewRequest("GET", "/v1/agents", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if p := wantProblem(t, w, http.StatusUnauthorized, "token"); !strings.Contains(p.Detail, "token_file") {
			t.Errorf("the remedy is missing: %+v", p)
		}
	}
}

func TestTheSchemeIsReadInAnyCase(t *testing.T) {
	r := httptest.NewRequest("GET", "/v1/agents", nil)
	r.Header.Set("Authorization", "bearer "+token)
	w := httptest.NewRecorder()
	newServer(newSmallFloor()).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestProbesAreOpenAndNameNobody(t *testing.T) {
	f := newSmallFloor()
	f.caller("c1")
	f.handle(queueapp.LogOn{Agent: "1000"})
	s := newServer(f)
	for _, path := range []string{"/healthz", "/readyz"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, secret := range []string{"c1", "555", "Company", "Ana", token} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s shows %q: %s", path, secret, w.Body)
			}
		}
	}
}

func TestReadyzSaysWhy(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	for state, status := range map[State]int{StateActive: 200, StateStarting: 503, StateStandby: 503, StateHold: 503, StateStopping: 503} {
		f.state = Readiness{State: state, Parts: []Part{{Name: "xmpp", Why: "connection refused"}, {Name: "lock", OK: true}}}
		got := read[Readiness](t, ask(t, s, "GET", "/readyz", ""), status)
		if got.State != state || len(got.Parts) != 2 || got.Parts[0] != f.state.Parts[0] {
			t.Errorf("%s: %+v", state, got)
		}
	}
}

func TestOnlyTheOwnerSpeaksForTheFloor(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	for _, state := range []State{StateStarting, StateStandby, StateStopping} {
		f.state = Readiness{State: state, Parts: []Part{{Name: "switch asterisk", Why: "connection refused"}}}
		for _, r := range s.routes(nil) {
			if !strings.HasPrefix(r.path, "/v1/") || r.path == "/v1/openapi.yaml" {
				continue
			}
			w := ask(t, s, r.method, r.path, "")
			p := wantProblem(t, w, http.StatusServiceUnavailable, string(state))
			if p.State != state || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s %s: %+v", r.method, r.path, p)
			}
			if state == StateStarting && !strings.Contains(p.Detail, "switch asterisk: connection refused") {
				t.Errorf("starting does not say what it waits for: %+v", p)
			}
		}
	}
	f.state = Readiness{State: StateHold}
	read[Agents](t, ask(t, s, "GET", "/v1/agents", ""), http.StatusOK)
}

func TestWrongPathsAndMethodsAreProblems(t *testing.T) {
	s := newServer(newSmallFloor())
	wantProblem(t, ask(t, s, "GET", "/v1/agent", ""), http.StatusNotFound, "path")
	wantProblem(t, ask(t, s, "GET", "/", ""), http.StatusNotFound, "path")
	for path, allow := range map[string]string{"/v1/agents": "GET", "/v1/release": "POST", "/v1/calls/c1/hangup": "POST", "/healthz": "GET"} {
		w := ask(t, s, "DELETE", path, "")
		wantProblem(t, w, http.StatusMethodNotAllowed, "method")
		if got := w.Header().Get("Allow"); got != allow {
			t.Errorf("%s allows %q, want %q", path, got, allow)
		}
	}
}

func TestFaultsOfTheFloor(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		word   string
	}{
		{ErrUnavailable, 503, "unavailable"},
		{context.DeadlineExceeded, 503, "timeout"},
		{errors.New("commit: disk full"), 500, "fault"},
	} {
		f := newSmallFloor()
		f.fail = tt.err
		s := newServer(f)
		for _, r := range []struct{ method, path, body string }{
			{"GET", "/v1/agents", ""}, {"GET", "/v1/queues", ""}, {"GET", "/v1/calls", ""}, {"GET", "/v1/queues/support/route", ""},
			{"POST", "/v1/agents/1000/logon", ""}, {"POST", "/v1/calls/c1/withdraw", ""}, {"POST", "/v1/release", ""}, {"GET", "/v1/events", ""},
		} {
			wantProblem(t, ask(t, s, r.method, r.path, r.body), tt.status, tt.word)
		}
	}
}

// patient is a floor that never answers.
type patient struct{ *smallFloor }

func (p patient) Command(ctx context.Context, _ queueapp.Event) ([]queueapp.Effect, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestACommandIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(patient{newSmallFloor()})
		begin := time.Now()
		wantProblem(t, ask(t, s, "POST", "/v1/agents/1000/logon", ""), http.StatusServiceUnavailable, "timeout")
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// pipes is a listener whose connections are in memory, so that a test's clock can be synctest's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9580} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	server, client := net.Pipe()
	p.conns <- server
	return client, nil
}

// serve runs the server on pipes until the test or stop ends it, and returns a client of it.
func serve(t *testing.T, s *Server) (c *http.Client, stop func()) {
	t.Helper()
	l := newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	transport := &http.Transport{DialContext: l.dial}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		transport.CloseIdleConnections()
	}
	t.Cleanup(stop)
	return &http.Client{Transport: transport}, stop
}

func get(t *testing.T, c *http.Client, path, lastSeen string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://floor"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if lastSeen != "" {
		r.Header.Set("Last-Event-ID", lastSeen)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestServeAnswersAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := serve(t, newServer(newSmallFloor()))
		resp := get(t, c, "/v1/queues", "")
		if body := drain(t, resp.Body); !strings.Contains(body, `"support"`) {
			t.Errorf("%s", body)
		}
		_ = resp.Body.Close()
		begin := time.Now()
		stop()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("stopping an idle server took %v", took)
		}
	})
}

func TestServeFailsWhereTheListenerDoes(t *testing.T) {
	l := newPipes()
	_ = l.Close()
	if err := newServer(newSmallFloor()).Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("serve: %v", err)
	}
}
