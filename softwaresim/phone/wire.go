package phone

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/arrival"
)

// wire is a UDP socket for SIP messages. Those that come are handed on one after the
// other, in the order in which they came, each with the moment of its arrival as the
// kernel saw it: what this process does meanwhile, and how busy the processors are,
// does not show in it.
type wire struct {
	conn  *net.UDPConn
	local netip.AddrPort
	log   *slog.Logger
}

// receiver takes the messages that come. It must not block.
type receiver interface {
	takeRequest(req *sip.Request, from netip.AddrPort, at time.Time)
	takeResponse(res *sip.Response, at time.Time)
}

// openWire opens a socket on the address, "127.0.0.1:0" for any free port.
func openWire(addr string, log *slog.Logger) (*wire, error) {
	local, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q, want host:port: %w", addr, err)
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	if err := prepare(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return &wire{conn: conn, local: netip.MustParseAddrPort(conn.LocalAddr().String()), log: log}, nil
}

// prepare asks for the kernel's time stamps, and for room for bursts: hundreds of
// phones may share the socket.
func prepare(conn *net.UDPConn) error {
	const burst = 4 << 20
	if err := conn.SetReadBuffer(burst); err != nil {
		return fmt.Errorf("set its buffer: %w", err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("reach the socket: %w", err)
	}
	err = raw.Control(func(fd uintptr) {
		// Beyond the system's limit only root may go; others keep what they got.
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, burst)
	})
	if err != nil {
		return fmt.Errorf("set its buffer: %w", err)
	}
	return arrival.Ask(conn)
}

// receive hands on what comes, less what is lost, until the socket is closed.
func (w *wire) receive(to receiver, lost func([]byte) bool) {
	parser := sip.NewParser()
	buf, oob := make([]byte, 1<<16), make([]byte, arrival.Room)
	for {
		n, oobn, _, from, err := w.conn.ReadMsgUDPAddrPort(buf, oob)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error for something sent; its timers notice
		}
		at := arrival.Time(time.Now(), oob[:oobn])
		if len(bytes.Trim(buf[:n], "\r\n\x00")) == 0 {
			continue // keep-alive
		}
		if lost != nil && lost(buf[:n]) {
			continue
		}
		message, err := parser.ParseSIP(buf[:n])
		if err != nil {
			w.log.Warn("not a SIP message", "from", from, "error", err)
			continue
		}
		message.SetTransport("UDP")
		message.SetSource(from.String())
		switch m := message.(type) {
		case *sip.Request:
			to.takeRequest(m, from, at)
		case *sip.Response:
			to.takeResponse(m, at)
		}
	}
}

// send writes a datagram. One that cannot be sent is lost, as it might be on any
// network; whoever waits for an answer has a timer.
func (w *wire) send(b []byte, to netip.AddrPort) {
	if _, err := w.conn.WriteToUDPAddrPort(b, to); err != nil && !errors.Is(err, net.ErrClosed) {
		w.log.Warn("SIP message not sent", "to", to, "error", err)
	}
}
