package link

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A carrier is one connection: a client's, and the one to the server made for it.
type carrier struct {
	link *Link
	ctx  context.Context // ends when the connection is over
	end  context.CancelFunc

	mu     sync.Mutex
	ends   []*net.TCPConn // the client's, and the server's once there is one
	over   bool
	damage bool
}

func newCarrier(l *Link, client *net.TCPConn) *carrier {
	c := &carrier{link: l, ends: []*net.TCPConn{client}}
	c.ctx, c.end = context.WithCancel(l.ctx)
	return c
}

// reset ends the connection for both sides with RST, whatever is still under way.
func (c *carrier) reset() {
	c.close(func(conn *net.TCPConn) { _ = conn.SetLinger(0) }) // fails where there is nothing left to reset
}

func (c *carrier) close(first func(*net.TCPConn)) {
	c.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for _, conn := range c.ends {
		first(conn)
		_ = conn.Close() // fails for one that is closed already
	}
}

// damaged says whether a side misses something that the other sent.
func (c *carrier) damaged() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.damage
}

// lose remembers that something was swallowed: it was by a link that may have been
// healed since.
func (c *carrier) lose() {
	c.mu.Lock()
	c.damage = true
	c.mu.Unlock()
	if h, _ := c.link.now(); !h.hung {
		c.reset()
	}
}

// carry returns when the connection is over.
func (c *carrier) carry() {
	defer c.close(func(*net.TCPConn) {})
	client := c.ends[0]
	server, err := c.dial()
	if err != nil {
		c.reset()
		return
	}
	var ways sync.WaitGroup
	for _, w := range []*way{
		{carrier: c, direction: Requests, from: client, to: server},
		{carrier: c, direction: Answers, from: server, to: client},
	} {
		w.arrived = make(chan parcel, parcels)
		ways.Go(w.receive)
		ways.Go(w.deliver)
	}
	ways.Wait()
}

// dial connects to the server. A hung link does not: what the client sends, it has
// lost.
func (c *carrier) dial() (*net.TCPConn, error) {
	if h, _ := c.link.now(); h.hung {
		c.lose()
		<-c.ctx.Done()
		return nil, c.ctx.Err()
	}
	conn, err := new(net.Dialer).DialContext(c.ctx, "tcp", c.link.server)
	if err != nil {
		return nil, err
	}
	server, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(errors.New("not TCP"), conn.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, server)
	if c.over { // reset meanwhile
		return nil, errors.Join(net.ErrClosed, server.Close())
	}
	return server, nil
}

const (
	parcels    = 64       // that may be under way on a slow link, each way
	parcelSize = 16 << 10 // bytes, at most
)

// A parcel is what came at once; an empty one is the end of what a side sends.
type parcel struct {
	at    time.Time
	bytes []byte
}

// A way is one direction of a connection.
type way struct {
	*carrier
	direction Direction
	from, to  *net.TCPConn
	arrived   chan parcel
}

// receive takes what comes until its end.
func (w *way) receive() {
	for {
		b := make([]byte, parcelSize)
		n, err := w.from.Read(b)
		if n > 0 && !w.put(parcel{time.Now(), b[:n]}) {
			return
		}
		switch {
		case errors.Is(err, io.EOF):
			w.put(parcel{at: time.Now()})
			return
		case err != nil:
			w.broke()
			return
		}
	}
}

func (w *way) put(p parcel) bool {
	if w.direction == Answers && w.link.options.AlterAnswers != nil {
		w.link.options.AlterAnswers(p.bytes)
	}
	select {
	case w.arrived <- p:
		return true
	case <-w.ctx.Done():
		return false
	}
}

// broke has the other side hear of a reset, as far as the link's health allows.
func (w *way) broke() {
	if !w.pass(time.Time{}) {
		w.lose()
		return
	}
	w.reset()
}

// deliver hands on what was received, as the link's health allows.
func (w *way) deliver() {
	lost := false
	for {
		select {
		case p := <-w.arrived:
			// What follows a gap must not arrive either, even if the link was healed since.
			if lost = lost || !w.pass(p.at) || !w.write(p); lost {
				w.lose()
				continue
			}
			if len(p.bytes) == 0 {
				_ = w.to.CloseWrite() // fails where that side has gone, and then it need not be told
				return
			}
		case <-w.ctx.Done():
			return
		}
	}
}

// pass waits until what came at that time may be delivered; false is never.
func (w *way) pass(at time.Time) bool {
	for {
		h, changed := w.link.now()
		var due <-chan time.Time
		switch wait := time.Until(at.Add(h.pace.Latency)); {
		case h.hung:
			return false
		case h.held&w.direction != 0:
		case wait > 0:
			due = time.After(wait)
		default:
			return true
		}
		select {
		case <-changed:
		case <-due:
		case <-w.ctx.Done():
			return true
		}
	}
}

// write writes in pieces, so that a slow link carries them one after the other;
// false says that a part was lost.
func (w *way) write(p parcel) bool {
	for len(p.bytes) > 0 {
		h, changed := w.link.now()
		if h.losing && w.direction == Answers {
			w.reset()
			return true
		}
		piece := len(p.bytes)
		if rate := h.pace.BytesPerSecond; rate > 0 {
			piece = min(piece, max(1, rate/50))
			select {
			case <-time.After(time.Duration(piece) * time.Second / time.Duration(rate)):
			case <-changed:
			case <-w.ctx.Done():
				return true
			}
			if !w.pass(p.at) {
				return false
			}
		}
		if _, err := w.to.Write(p.bytes[:piece]); err != nil {
			w.reset()
			return true
		}
		p.bytes = p.bytes[piece:]
	}
	return true
}
