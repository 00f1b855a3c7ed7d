package stasis

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// wire is a TCP proxy that can be cut and mended.
type wire struct {
	to    string
	ln    net.Listener
	ended sync.WaitGroup

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

// newWire lays a wire to the host of a URL, and says where it begins.
func newWire(t *testing.T, to string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: u.Host, ln: ln}
	w.ended.Go(w.serve)
	t.Cleanup(func() {
		ln.Close()
		w.cut(true)
		w.ended.Wait()
	})
	u.Host = ln.Addr().String()
	return w, u.String()
}

func (w *wire) serve() {
	for {
		near, err := w.ln.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		w.mu.Lock()
		if err != nil || w.isCut {
			near.Close()
			if far != nil {
				far.Close()
			}
			w.mu.Unlock()
			continue
		}
		w.conns = append(w.conns, near, far)
		w.mu.Unlock()
		w.ended.Go(func() { w.carry(near, far) })
		w.ended.Go(func() { w.carry(far, near) })
	}
}

func (w *wire) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if _, failed := to.Write(buf[:n]); err != nil || failed != nil {
			return
		}
	}
}

// cut closes all connections, and refuses new ones until it is mended.
func (w *wire) cut(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = yes
	if yes {
		for _, c := range w.conns {
			c.Close()
		}
		w.conns = nil
	}
}
