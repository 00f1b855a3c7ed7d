// Package link carries TCP connections to a server and fails them on demand, as
// networks do: it cuts them, hangs, holds what is under way, and is slow. Tests
// put it between a program and what the program depends on.
package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A Direction says which way bytes go. Directions may be combined.
type Direction uint8

// The two directions, and both.
const (
	Requests Direction = 1 << iota // from the client to the server
	Answers                        // from the server to the client
	Both     = Requests | Answers
)

// Pace is how slow a link is. The zero value is as fast as it can be.
type Pace struct {
	// Latency is how long each byte is under way, in each direction.
	Latency time.Duration
	// BytesPerSecond bounds what each connection carries in each direction; 0 is
	// no bound.
	BytesPerSecond int
}

// Options change what a link does to all bytes. The zero value leaves them alone.
type Options struct {
	// AlterAnswers may change, in place, what the server sends. It gets what one
	// read gave and is called from one goroutine for each connection.
	AlterAnswers func([]byte)
}

// A Link listens on a port of its own and carries whatever connects there to its
// server. It begins healthy. Its methods may be called from any goroutine, and
// what they bring about holds for connections that are open and for new ones,
// until Heal. Whoever makes one must Close it.
type Link struct {
	server   string
	options  Options
	listener *net.TCPListener
	ctx      context.Context // ends at Close
	stop     context.CancelFunc
	running  sync.WaitGroup

	mu       sync.Mutex
	health   health
	changed  chan struct{} // closed and replaced whenever health changes
	carriers map[*carrier]struct{}
}

// health is what a link does to what it carries.
type health struct {
	cut, hung, losing bool
	held              Direction
	pace              Pace
}

// Listen makes a link from a free port of 127.0.0.1 to the server, host:port.
// The server need not be there: who connects while it is not is reset.
func Listen(server string, options Options) (*Link, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("open a link to %s: %w", server, err)
	}
	l := &Link{
		server: server, options: options, listener: listener,
		changed: make(chan struct{}), carriers: make(map[*carrier]struct{}),
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.running.Go(l.serve)
	return l, nil
}

// Addr is where to connect, host:port.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut resets every connection (RST), and new ones as soon as they are made.
func (l *Link) Cut() {
	l.change(func(h *health) { h.cut = true })
	l.reset(func(*carrier) bool { return true })
}

// Hang swallows all bytes and the ends of connections, which seem to be open
// (half-open): neither side hears anything more. A connection that has lost
// something by it, or was made meanwhile, is reset when the link is healed; one on
// which nothing was sent goes on.
func (l *Link) Hang() { l.change(func(h *health) { h.hung = true }) }

// Hold keeps what goes in that direction, and delivers it when the link is healed.
func (l *Link) Hold(d Direction) { l.change(func(h *health) { h.held = d }) }

// LoseAnswers resets a connection in place of delivering the next that the server
// sends on it: the request has arrived, and its answer is lost.
func (l *Link) LoseAnswers() { l.change(func(h *health) { h.losing = true }) }

// Slow makes the link slow.
func (l *Link) Slow(p Pace) { l.change(func(h *health) { h.pace = p }) }

// Heal makes the link healthy.
func (l *Link) Heal() {
	l.change(func(h *health) { *h = health{} })
	l.reset((*carrier).damaged)
}

// Close resets every connection and ends the link. Closing twice does nothing.
func (l *Link) Close() error {
	l.stop()
	err := l.listener.Close()
	l.Cut()
	l.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (l *Link) change(f func(*health)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.health)
	close(l.changed)
	l.changed = make(chan struct{})
}

// now is the link's health, and what tells that it has changed.
func (l *Link) now() (health, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health, l.changed
}

func (l *Link) reset(which func(*carrier) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.carriers {
		if which(c) {
			c.reset()
		}
	}
}

func (l *Link) serve() {
	for {
		client, err := l.listener.AcceptTCP()
		if err != nil {
			return // closed; nothing else can be wrong with a listener on loopback
		}
		c := newCarrier(l, client)
		l.mu.Lock()
		cut := l.health.cut
		if !cut {
			l.carriers[c] = struct{}{}
		}
		l.mu.Unlock()
		if cut {
			c.reset()
			continue
		}
		l.running.Go(func() {
			c.carry()
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.carriers, c)
		})
	}
}
