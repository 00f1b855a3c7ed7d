package store_test

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ringside/store/postgres"
)

// proxy stands between a store and PostgreSQL and can misbehave.
type proxy struct {
	listener net.Listener
	server   string
	network  string
	running  sync.WaitGroup

	mu       sync.Mutex
	moved    *sync.Cond
	stall    bool // keep answers until it is over
	swallow  bool // cut each connection instead of passing the server's next answer on
	disguise bool // as a pooler does: the backend's number is another one
	conns    []net.Conn
}

// newProxy starts a proxy to the server at address, and gives the address that leads through it.
func newProxy(t *testing.T, address string) (*proxy, string) {
	t.Helper()
	config, err := postgres.Parse(address, "")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, network: "tcp", server: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))}
	p.moved = sync.NewCond(&p.mu)
	p.running.Go(p.serve)
	t.Cleanup(func() {
		_ = l.Close() // nobody can connect any more: that is all
		p.cut()
		p.running.Wait()
	})
	port := l.Addr().(*net.TCPAddr).Port
	if !strings.Contains(address, "://") {
		return p, address + " host=127.0.0.1 port=" + strconv.Itoa(port)
	}
	return p, strings.Replace(address, p.server, "127.0.0.1:"+strconv.Itoa(port), 1)
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		p.running.Go(func() { p.pass(server, client, false) })
		p.running.Go(func() { p.pass(client, server, true) })
	}
}

func (p *proxy) pass(to, from net.Conn, answers bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			for p.stall && answers {
				p.moved.Wait()
			}
			swallow, disguise := p.swallow && answers, p.disguise && answers
			p.mu.Unlock()
			if swallow {
				return
			}
			if disguise {
				otherNumber(buffer[:n])
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// otherNumber changes the process number in the message BackendKeyData: 'K', its length, the number, the secret.
func otherNumber(b []byte) {
	if i := bytes.Index(b, []byte{'K', 0, 0, 0, 12}); i >= 0 && i+9 <= len(b) {
		b[i+8] ^= 1
	}
}

// misbehave changes how the proxy treats what comes from now on.
func (p *proxy) misbehave(f func(*proxy)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
	p.moved.Broadcast()
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stall = false
	p.moved.Broadcast()
	for _, c := range p.conns {
		c.Close()
	}
}
