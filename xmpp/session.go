package xmpp

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"mellium.im/xmlstream"
	mellium "mellium.im/xmpp"
)

// writeBatch is how many bytes of queued stanzas go into one write.
const writeBatch = 32 << 10

// goodbye is how long a server may take to end the stream after we have.
const goodbye = time.Second

// session is one log-in, from the binding to its end. Three goroutines serve it: one reads, one writes what the others
// queue, one asks the server whether it lives.
type session struct {
	c      *Client
	full   string // our JID with the resource that the server gave
	server string // the server's own JID
	in     xmlstream.TokenReadCloser
	out    io.Writer
	line   *lifeline

	life  context.Context // ends with the session; its cause says why
	end   context.CancelCauseFunc
	queue chan *outgoing
	doubt chan struct{} // asks for a ping at once
	work  chan struct{} // says that a node or a subscription was added

	prefix  string // of our ids, not to be guessed
	counter atomic.Int64
	replies atomic.Int64 // queued and not yet written

	mu      sync.Mutex
	pending map[string]*waiting // by id; nil once the session is over
	people  map[string]*contact // the roster, by bare JID
}

// outgoing is a stanza in the queue. Whoever queued it may take it back until the writer has taken it.
type outgoing struct {
	b     []byte
	state atomic.Int32
	done  func() // called once it is written; may be nil
}

const (
	queued int32 = iota
	taken
	withdrawn
)

func newSession(c *Client, ms *mellium.Session, line *lifeline) *session {
	s := &session{
		c: c, full: ms.LocalAddr().String(), server: c.me.Domainpart(),
		in: ms.TokenReader(), out: ms.Conn(), line: line,
		queue: make(chan *outgoing, 256), doubt: make(chan struct{}, 1), work: make(chan struct{}, 1),
		prefix: rand.Text()[:12] + "-", pending: map[string]*waiting{}, people: map[string]*contact{},
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	return s
}

// serve runs the session until ctx ends or it fails, and says why.
func (s *session) serve(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.end(s.read()) })
	wg.Go(func() { s.end(s.write()) })
	wg.Go(func() { s.end(s.watch()) })
	wg.Go(s.begin)
	select {
	case <-s.life.Done():
	case <-ctx.Done():
		s.bye()
	}
	s.end(fail(Stopped, "told to stop"))
	s.line.Conn.Close() //nolint:staticcheck // QF1008: not the TLS connection: its farewell could wait for a dead server
	wg.Wait()
	s.mu.Lock()
	s.pending = nil
	s.mu.Unlock()
	return context.Cause(s.life)
}

// bye ends the stream in order and gives the server a moment to do so too.
func (s *session) bye() {
	ctx, cancel := context.WithTimeout(s.life, goodbye)
	defer cancel()
	s.c.leave(ctx, s)
	if s.send(ctx, []byte("</stream:stream>")) == nil {
		<-ctx.Done()
	}
}

// enqueue hands o to the writer.
func (s *session) enqueue(ctx context.Context, o *outgoing) error {
	select {
	case <-s.life.Done():
		return ErrDown
	default:
	}
	select {
	case s.queue <- o:
		return nil
	case <-s.life.Done():
		return ErrDown
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send queues a stanza and waits until it is written, which means: is in a buffer of the kernel.
func (s *session) send(ctx context.Context, b []byte) error {
	done := make(chan struct{})
	o := &outgoing{b: b, done: func() { close(done) }}
	if err := s.enqueue(ctx, o); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-s.life.Done():
		return ErrDown
	case <-ctx.Done():
		o.state.CompareAndSwap(queued, withdrawn)
		return context.Cause(ctx)
	}
}

// write writes what is queued, as much at once as there is.
func (s *session) write() error {
	buf := make([]byte, 0, writeBatch)
	var written []func()
	add := func(o *outgoing) {
		if o.state.CompareAndSwap(queued, taken) {
			buf = append(buf, o.b...)
		}
		if o.done != nil {
			written = append(written, o.done)
		}
	}
	for {
		select {
		case o := <-s.queue:
			add(o)
		case <-s.life.Done():
			return nil
		}
		for more := true; more && len(buf) < writeBatch; {
			select {
			case o := <-s.queue:
				add(o)
			default:
				more = false
			}
		}
		if len(buf) > 0 {
			if _, err := s.out.Write(buf); err != nil {
				return fail(Broken, "write to the server: %w", err)
			}
		}
		for _, done := range written {
			done()
		}
		clear(written)
		buf, written = buf[:0], written[:0]
	}
}

// read reads stanzas until the stream ends. Nothing that is in a stanza ends it.
func (s *session) read() error {
	for {
		tok, err := s.in.Token()
		if err != nil {
			return streamFailure(err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok { // white space that keeps the connection alive
			continue
		}
		e := &element{r: s.in, depth: 1}
		guard(s.c.cfg.Log, "stanza", func() { s.stanza(start, e) })
		if err := e.skip(); err != nil {
			return streamFailure(err)
		}
		s.line.read.Store(0)
	}
}

// stanza reads one stanza. It may not wait for anything.
func (s *session) stanza(start xml.StartElement, e *element) {
	var err error
	switch start.Name {
	case xml.Name{Space: nsClient, Local: "iq"}:
		err = s.iq(start, e)
	case xml.Name{Space: nsClient, Local: "message"}:
		err = s.message(start, e)
	case xml.Name{Space: nsClient, Local: "presence"}:
		err = s.presence(start, e)
	}
	if err != nil {
		s.c.stats.unreadable.Add(1)
		s.c.cfg.Log.Warn("xmpp: a stanza could not be read", "kind", start.Name.Local, "from", headOf(start).From, "err", err)
	}
}

// nudge has nodes and subscriptions looked at.
func (s *session) nudge() {
	select {
	case s.work <- struct{}{}:
	default:
	}
}

func (s *session) nextID() string { return s.prefix + strconv.FormatInt(s.counter.Add(1), 36) }

// watch asks the server again and again whether it lives (XEP-0199); any reply will do. TCP alone does not tell: it
// takes megabytes for a server that is frozen.
func (s *session) watch() error {
	tick := time.NewTicker(s.c.cfg.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.doubt:
		case <-s.life.Done():
			return nil
		}
		ctx, cancel := context.WithTimeout(s.life, s.c.cfg.PingTimeout)
		_, err := request[nothing](ctx, s, "get", s.server, pingOut{})
		cancel()
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) && s.life.Err() == nil {
			return fail(Silent, "the server answered no ping for %s", s.c.cfg.PingTimeout)
		}
	}
}
