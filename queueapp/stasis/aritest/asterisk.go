package aritest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options say what a fake Asterisk is like. The zero value is one in memory that makes no faults.
type Options struct {
	Seed         uint64                           // of everything that is drawn: what phones do, and which faults there are
	Addr         string                           // to listen on, "127.0.0.1:0"; where it is empty only Dial leads here
	User         string                           // "ringside" where empty
	Password     string                           // "open sesame" where empty
	Version      string                           // "22.10.1" where empty
	Length       func(media string) time.Duration // of what is played: 1 s where nil
	Missing      []string                         // sounds that are not there: "ringside/none"
	WriteTimeout time.Duration                    // after which a websocket that nobody reads is given up: 5 s where 0
	Chaos        Chaos
	Keep         bool // keep every request, for Count and Body
}

// Asterisk is a fake one. Its methods may be called concurrently.
type Asterisk struct {
	o    Options
	does map[string]operation
	hung sync.WaitGroup // what is under way besides the servers

	mu       sync.Mutex // of all that follows, and of the exchange
	x        *exchange
	life     *life         // nil while it is dead
	addr     string        // of the TCP listener, where there is one
	ended    chan struct{} // closed when Close was called
	closed   bool
	mute     bool          // websockets are half open
	frozen   bool          // all connections are
	slow     time.Duration // that one event takes to write
	valves   map[*valve]bool
	sockets  []*socket
	faults   []*rule
	troubles []*trouble
	drawn    map[string]uint64 // how often something was drawn for the same request or event
	seen     map[string]*seen
}

// Start starts a fake Asterisk. Close ends it.
func Start(o Options) (*Asterisk, error) {
	o.User, o.Password, o.Version = cmp.Or(o.User, "ringside"), cmp.Or(o.Password, "open sesame"), cmp.Or(o.Version, "22.10.1")
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 5*time.Second)
	if o.Length == nil {
		o.Length = func(string) time.Duration { return time.Second }
	}
	a := &Asterisk{
		o: o, does: operations(), addr: o.Addr, ended: make(chan struct{}),
		valves: map[*valve]bool{}, drawn: map[string]uint64{}, seen: map[string]*seen{},
	}
	a.x = newExchange(a)
	return a, a.Again()
}

// URL is where ARI is; where Options.Addr is empty only Dial leads there.
func (a *Asterisk) URL() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return "http://" + cmp.Or(a.addr, "asterisk") + "/ari"
}

// User is ARI's.
func (a *Asterisk) User() string { return a.o.User }

// Password is ARI's.
func (a *Asterisk) Password() string { return a.o.Password }

// Close ends it for good, and returns when nothing of it is under way any more.
func (a *Asterisk) Close() {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	a.closed = true
	close(a.ended)
	a.mu.Unlock()
	a.Stop()
	a.hung.Wait()
}

// background runs f beside, and Close waits for it.
func (a *Asterisk) background(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.hung.Go(f)
	}
}

// Stop is its sudden death: calls are gone, connections end, nobody listens any more.
func (a *Asterisk) Stop() {
	a.mu.Lock()
	l := a.life
	a.life = nil
	a.x.clear()
	a.mu.Unlock()
	a.Cut()
	if l != nil {
		l.end()
	}
}

// Again has it live again after Stop, with no calls and a new start time. It fails where its address is taken meanwhile.
func (a *Asterisk) Again() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := &life{memory: newPipes(), server: &http.Server{
		Handler: a, ReadHeaderTimeout: time.Minute,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, valveKey{}, c) },
	}}
	if a.addr != "" {
		ln, err := net.Listen("tcp", a.addr)
		if err != nil {
			return fmt.Errorf("listen for ARI: %w", err)
		}
		a.addr = ln.Addr().String()
		l.serve(valves{ln, a})
	}
	l.serve(valves{l.memory, a})
	a.life, a.x.started = l, time.Now()
	return nil
}

// Restart is Stop and Again.
func (a *Asterisk) Restart() error {
	a.Stop()
	return a.Again()
}

// life is what serves from a start to a stop.
type life struct {
	server  *http.Server
	memory  *pipes
	serving sync.WaitGroup
}

func (l *life) serve(ln net.Listener) {
	l.serving.Go(func() { _ = l.server.Serve(ln) }) // it ends with the server
}

func (l *life) end() {
	_ = l.server.Close() // of a listener that is closed it is an error
	_ = l.memory.Close()
	l.serving.Wait()
}

// Channels are the ids of the channels that there are, oldest first.
func (a *Asterisk) Channels() (ids []string) {
	a.do(func(x *exchange) {
		for _, ch := range x.inOrder() {
			ids = append(ids, ch.id)
		}
	})
	return ids
}

// Bridges are the ids of the bridges that there are, in alphabetical order.
func (a *Asterisk) Bridges() (ids []string) {
	a.do(func(x *exchange) { ids = slices.Sorted(maps.Keys(x.bridges)) })
	return ids
}
