package phone

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/emiago/sipgo/sip"
)

// arrivalHeader carries the moment at which a message arrived, in nanoseconds since
// the socket was opened, from the socket to the handlers. The library hands each
// message to a goroutine of its own; only a mark in the message itself stays with it.
const arrivalHeader = "X-Softwaresim-Arrival"

// arrivalRoom is left free in each read for that header.
const arrivalRoom = len("\r\n"+arrivalHeader+": ") + 20

// settleTime is far more than the library takes to handle one message.
const settleTime = 20 * time.Millisecond

// arrivalConn is a UDP socket that marks each SIP message with the moment it
// arrived, as the kernel saw it: what this process does meanwhile, and how busy the
// processors are, does not show in it.
type arrivalConn struct {
	*net.UDPConn
	opened time.Time
	// reading is closed when the library reads for the first time. Only then does it
	// send from this socket, too; before, it would open another.
	reading chan struct{}
	deaf    atomic.Bool
	oob     [128]byte
	begun   bool
}

// listenUDP opens a socket on the address, "127.0.0.1:0" for any free port.
func listenUDP(addr string) (*arrivalConn, error) {
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
	return &arrivalConn{UDPConn: conn, opened: time.Now(), reading: make(chan struct{})}, nil
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
	var option error
	err = raw.Control(func(fd uintptr) {
		// Beyond the system's limit only root may go; others keep what they got.
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, burst)
		option = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err == nil {
		err = option
	}
	if err != nil {
		return fmt.Errorf("ask for arrival times: %w", err)
	}
	return nil
}

// ReadFrom reads one datagram and, if it is a SIP message, writes the moment of its
// arrival into it as its first header. The library's single reader calls it.
func (c *arrivalConn) ReadFrom(p []byte) (int, net.Addr, error) {
	if !c.begun {
		c.begun = true
		close(c.reading)
	}
	for {
		n, oobn, _, from, err := c.ReadMsgUDP(p[:len(p)-arrivalRoom], c.oob[:])
		if err != nil {
			return n, from, err
		}
		if !c.deaf.Load() {
			return markArrival(p, n, c.arrival(c.oob[:oobn])), from, nil
		}
	}
}

// stopHearing drops what comes from now on and gives the library time to handle what
// came before: it does so in goroutines that nobody can wait for, and one that finds
// the socket closed would open another that nobody closes.
func (c *arrivalConn) stopHearing() {
	c.deaf.Store(true)
	<-time.After(settleTime)
}

// arrival is the time since the socket was opened at which a datagram came.
func (c *arrivalConn) arrival(oob []byte) time.Duration {
	now := time.Now()
	since := now.Sub(c.opened)
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return since
	}
	for _, m := range messages {
		if m.Header.Level != syscall.SOL_SOCKET || m.Header.Type != syscall.SCM_TIMESTAMPNS ||
			len(m.Data) < int(unsafe.Sizeof(syscall.Timespec{})) {
			continue
		}
		stamp := (*syscall.Timespec)(unsafe.Pointer(&m.Data[0]))
		waited := now.Round(0).Sub(time.Unix(stamp.Unix()))
		if waited > 0 && waited < time.Minute { // else the wall clock was set meanwhile
			return since - waited
		}
	}
	return since
}

// markArrival inserts the arrival header after the first line of the n bytes in p,
// which has room for it, and returns the new length.
func markArrival(p []byte, n int, at time.Duration) int {
	line := bytes.Index(p[:n], []byte("\r\n"))
	if line <= 0 || len(p) < n+arrivalRoom {
		return n
	}
	var room [arrivalRoom]byte
	header := append(room[:0], "\r\n"+arrivalHeader+": "...)
	header = strconv.AppendInt(header, int64(at), 10)
	copy(p[line+len(header):], p[line:n])
	copy(p[line:], header)
	return n + len(header)
}

// arrivedAt is when a received message arrived.
func (u *UA) arrivedAt(m interface{ GetHeader(string) sip.Header }) time.Time {
	if h := m.GetHeader(arrivalHeader); h != nil {
		if n, err := strconv.ParseInt(h.Value(), 10, 64); err == nil {
			return u.conn.opened.Add(time.Duration(n))
		}
	}
	return time.Now()
}
