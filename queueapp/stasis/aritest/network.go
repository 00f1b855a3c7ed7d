package aritest

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// pipes are a network in memory.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})} }

// Accept implements [net.Listener].
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements [net.Listener].
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.incoming <- far:
		return near, nil
	case <-p.closed:
		return nil, errors.Join(nobody(), near.Close(), far.Close())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), near.Close(), far.Close())
	}
}

// nobody is what dialling gives where nobody listens.
func nobody() error {
	return &net.OpError{Op: "dial", Net: "memory", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// Dial connects to it in memory, whatever the address: it is for a [net/http.Transport]'s DialContext.
func (a *Asterisk) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a.mu.Lock()
	l := a.life
	a.mu.Unlock()
	if l == nil {
		return nil, nobody()
	}
	return l.memory.dial(ctx)
}

// valves put a valve on each connection that is accepted.
type valves struct {
	net.Listener
	a *Asterisk
}

// Accept implements [net.Listener].
func (v valves) Accept() (net.Conn, error) {
	c, err := v.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &valve{Conn: c, ended: make(chan struct{})}
	v.a.mu.Lock()
	w.shut(v.a.frozen)
	v.a.valves[w] = true
	v.a.mu.Unlock()
	w.forget = func() {
		v.a.mu.Lock()
		delete(v.a.valves, w)
		v.a.mu.Unlock()
	}
	return w, nil
}

// valve is a connection that can be half open: it stands, and nothing goes through.
type valve struct {
	net.Conn
	ended    chan struct{}
	forget   func()
	once     sync.Once
	conflict atomic.Bool // what was asked for by it stood already

	mu     sync.Mutex
	opened chan struct{} // closed when it is opened; nil where it is open
}

// valveKey finds a request's valve in its context.
type valveKey struct{}

func (v *valve) shut(yes bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case yes && v.opened == nil:
		v.opened = make(chan struct{})
	case !yes && v.opened != nil:
		close(v.opened)
		v.opened = nil
	}
}

func (v *valve) wait() {
	v.mu.Lock()
	opened := v.opened
	v.mu.Unlock()
	if opened == nil {
		return
	}
	select {
	case <-opened:
	case <-v.ended:
	}
}

// Read implements [net.Conn].
func (v *valve) Read(b []byte) (int, error) {
	n, err := v.Conn.Read(b)
	v.wait()
	return n, err
}

// Write implements [net.Conn].
func (v *valve) Write(b []byte) (int, error) {
	v.wait()
	return v.Conn.Write(b)
}

// Close implements [net.Conn].
func (v *valve) Close() error {
	v.once.Do(func() {
		close(v.ended)
		v.forget()
	})
	return v.Conn.Close()
}

// Freeze stops it as SIGSTOP does, or lets it go on: connections stand and can be made, and nothing comes.
func (a *Asterisk) Freeze(yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.frozen = yes
	for v := range a.valves {
		v.shut(yes)
	}
}
