package stasis

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// pipes are a network in memory, so that time may stand still while nothing happens on it.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fake is an Asterisk for what the real one does not do when asked: it answers as it is told to, and counts.
type fake struct {
	t     *testing.T
	pipes *pipes
	serve sync.WaitGroup

	mu       sync.Mutex
	answers  map[string]func(w http.ResponseWriter, r *http.Request) // by "METHOD /path"
	asked    map[string]int
	bodies   map[string]string
	channels []map[string]any
	bridges  []map[string]any
	sockets  []*websocket.Conn
	mute     bool // websockets are not read: no pong comes
}

// newFake serves until the test ends. It must be called in a synctest bubble.
func newFake(t *testing.T) *fake {
	f := &fake{
		t: t, pipes: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})},
		answers: map[string]func(http.ResponseWriter, *http.Request){}, asked: map[string]int{}, bodies: map[string]string{},
	}
	server := &http.Server{Handler: f}
	f.serve.Go(func() { _ = server.Serve(f.pipes) }) // it ends with the listener
	t.Cleanup(func() {
		close(f.pipes.closed)
		server.Close()
		f.cut()
		f.serve.Wait()
	})
	return f
}

// connect runs a Switch on the fake, without waiting for it to be up.
func (f *fake) connect(change ...func(*Config)) *running {
	r := f.make(change...)
	r.start(f.t, r.hear)
	return r
}

// connectTo runs a Switch on the fake with a sink of one's own.
func (f *fake) connectTo(sink func(engine.SwitchEvent), change ...func(*Switch)) *running {
	r := f.make()
	for _, g := range change {
		g(r.Switch)
	}
	r.start(f.t, sink)
	return r
}

func (f *fake) make(change ...func(*Config)) *running {
	counts := newTally()
	c := Config{Name: "pbx", URL: "http://pbx/ari", User: "ringside", Password: "open sesame", Log: logTo(f.t), Observer: counts}
	for _, g := range change {
		g(&c)
	}
	s, err := New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	s.rest.client.Transport.(*http.Transport).DialContext = f.pipes.dial
	s.sockets.client.Transport.(*http.Transport).DialContext = f.pipes.dial
	return &running{Switch: s, ear: newEar(), tally: counts}
}

func (f *fake) up(change ...func(*Config)) *running {
	f.t.Helper()
	r := f.connect(change...)
	await[engine.SwitchUp](f.t, r.ear, nil)
	synctest.Wait()
	return r
}

// answer sets what a request gets from now on.
func (f *fake) answer(request string, how func(w http.ResponseWriter, r *http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[request] = how
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func says(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		if _, err := io.WriteString(w, body); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// lose takes a request and answers nothing: the connection ends.
func lose(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func (f *fake) count(request string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[request]
}

func (f *fake) body(request string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bodies[request]
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/ari")
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.asked[request]++
	f.bodies[request] = string(body)
	how := f.answers[request]
	f.mu.Unlock()
	if user, password, _ := r.BasicAuth(); how == nil && (user != "ringside" || password != "open sesame") {
		how = status(http.StatusUnauthorized)
	}
	switch {
	case how != nil:
		how(w, r)
	case request == "GET /events":
		f.events(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodPut:
		f.show(w, request)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fake) show(w http.ResponseWriter, request string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var what any = map[string]any{}
	switch request {
	case "GET /channels":
		what = append([]map[string]any{}, f.channels...)
	case "GET /bridges":
		what = append([]map[string]any{}, f.bridges...)
	case "GET /asterisk/info":
		what = json.RawMessage(`{"system":{"version":"22.10.1"},"status":{"startup_time":"2026-11-20T18:35:33.743+0000"}}`)
	}
	if err := json.NewEncoder(w).Encode(what); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (f *fake) events(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	f.mu.Lock()
	mute := f.mute
	f.sockets = append(f.sockets, ws)
	f.mu.Unlock()
	if !mute {
		ws.CloseRead(context.Background())
	}
}

// cut ends all websockets without a word.
func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, ws := range f.sockets {
		_ = ws.CloseNow() // the other end may have closed it
	}
	f.sockets = nil
}

// send sends an event by the newest websocket.
func (f *fake) send(events ...string) {
	f.t.Helper()
	f.mu.Lock()
	ws := f.sockets[len(f.sockets)-1]
	f.mu.Unlock()
	for _, e := range events {
		if err := ws.Write(context.Background(), websocket.MessageText, []byte(e)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// ev builds an event: pairs of keys and JSON values after the type.
func ev(kind string, pairs ...string) string {
	e := map[string]json.RawMessage{
		"type": json.RawMessage(`"` + kind + `"`), "application": json.RawMessage(`"queueapp"`),
		"timestamp": json.RawMessage(`"2026-11-20T18:38:40.713+0000"`),
	}
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func channel(id queueapp.ChannelID) string {
	return `{"id":"` + string(id) + `","name":"PJSIP/trunk-00000001","state":"Up","caller":{"name":"Ana","number":"5550100"},` +
		`"dialplan":{"context":"in","exten":"7000","priority":1},"creationtime":"2026-11-20T18:38:40.194+0000"}`
}

// lists has the fake list a channel that is in our application.
func (f *fake) lists(id queueapp.ChannelID, state, appData string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	app := "Stasis"
	if appData == "" {
		app = "AppDial2"
	}
	f.channels = append(f.channels, map[string]any{
		"id": id, "name": "PJSIP/trunk-00000001", "state": state, "dialplan": map[string]string{"app_name": app, "app_data": appData},
		"creationtime": "2026-11-20T18:38:40.194+0000",
	})
}

// inBubble runs a test against a fake Asterisk, with a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, f *fake)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFake(t)) })
}
