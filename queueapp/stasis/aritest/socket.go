package aritest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// event is one on its way.
type event struct {
	kind  string
	about string // the id of the channel, playback or device that it is about
	text  []byte // JSON without its last brace
}

// socket is a websocket, and what is to be written to it. All but its connection has the lock of its Asterisk.
type socket struct {
	a       *Asterisk
	ws      *websocket.Conn // nil until the connection is made
	valve   *valve
	app     *application // nil where another socket has it, or this one is gone
	waiting [][]byte
	more    chan struct{} // rung when something waits
}

// listenFor serves GET /events.
func (a *Asterisk) listenFor(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(r.URL.Query().Get("app"), ",")
	if name == "" {
		respond(w, refuse(http.StatusBadRequest, "HTTP request is missing param: [app]"))
		return
	}
	s := &socket{a: a, more: make(chan struct{}, 1)}
	s.valve, _ = r.Context().Value(valveKey{}).(*valve)
	if !a.open(s, name) {
		return // it has died meanwhile
	}
	defer a.hung.Done()
	defer a.do(func(*exchange) { s.shut() })
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has said so
	}
	dead := ws.CloseRead(context.Background())
	if a.accepted(s, ws) {
		s.write(dead)
	}
	_ = ws.CloseNow() // the other end may have closed it
	<-dead.Done()
}

// listenLate is listenFor when a fault says, also where whoever asked has given up.
func (a *Asterisk) listenLate(w http.ResponseWriter, r *http.Request, f Fault) {
	acted := make(chan bool)
	a.act(f, func() { close(acted) })
	select {
	case <-acted:
		a.listenFor(w, r)
	case <-a.ended:
	}
}

// open has an application listen by a socket before its other end can know that.
func (a *Asterisk) open(s *socket, app string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life == nil {
		return false
	}
	a.hung.Add(1)
	a.sockets = append(a.sockets, s)
	a.x.app(app).listen(s)
	return true
}

// accepted says whether a socket was not cut while its connection was being made.
func (a *Asterisk) accepted(s *socket, ws *websocket.Conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.ws = ws
	s.valve.shut(a.mute)
	return slices.Contains(a.sockets, s)
}

// shut takes a socket away from its application.
func (s *socket) shut() {
	if s.app != nil {
		s.app.deafen()
		s.app = nil
	}
	s.a.sockets = slices.DeleteFunc(s.a.sockets, func(other *socket) bool { return other == s })
}

// queue has an event written, as often and as late as the faults say.
func (s *socket) queue(e event) {
	e.text = append(e.text, '}')
	copies, late := s.a.met(e)
	if late > 0 {
		s.a.x.later(late, func() { s.push(e.text, copies) })
		return
	}
	s.push(e.text, copies)
}

func (s *socket) push(frame []byte, copies int) {
	for range copies {
		s.waiting = append(s.waiting, frame)
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// write writes events until the connection ends, or somebody takes too long to read one.
func (s *socket) write(dead context.Context) {
	for {
		select {
		case <-s.more:
		case <-dead.Done():
			return
		}
		s.a.mu.Lock()
		frames, slow := s.waiting, s.a.slow
		s.waiting = nil
		s.a.mu.Unlock()
		for _, f := range frames {
			if slow > 0 && !pause(dead, slow) {
				return
			}
			ctx, cancel := context.WithTimeout(dead, s.a.o.WriteTimeout)
			err := s.ws.Write(ctx, websocket.MessageText, f)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Cut ends all websockets without a word.
func (a *Asterisk) Cut() {
	a.mu.Lock()
	var open []*websocket.Conn
	for _, s := range slices.Clone(a.sockets) {
		s.shut()
		s.valve.shut(false)
		if s.ws != nil {
			open = append(open, s.ws)
		}
	}
	a.mu.Unlock()
	for _, ws := range open {
		_ = ws.CloseNow() // the other end may have closed it
	}
}

// Mute has websockets be half open, those of now and those to come, or takes that back: they stand, and nothing comes.
func (a *Asterisk) Mute(yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mute = yes
	for _, s := range a.sockets {
		s.valve.shut(yes)
	}
}

// Slow has every event take a while to be written, one behind the other.
func (a *Asterisk) Slow(event time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slow = event
}

// Send sends frames as they are by the newest websocket: what the model does not tell, and what no Asterisk would.
func (a *Asterisk) Send(frames ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.sockets) == 0 {
		return
	}
	s := a.sockets[len(a.sockets)-1]
	for _, f := range frames {
		s.push([]byte(f), 1)
	}
}

// Listening is how many websockets are open.
func (a *Asterisk) Listening() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sockets)
}
