// Package arrival says when something came by network as the kernel saw it: what the
// process did meanwhile, and how busy the processors were, does not show in the time.
// Phones and CRMs use it alike, so that what each of them saw can be compared.
package arrival

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Room is how much room for control messages a read needs.
const Room = 64

// Ask makes the kernel say when what comes at a socket came. What comes at once may still
// have the time at which it is read.
func Ask(conn syscall.Conn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("reach the socket: %w", err)
	}
	var option error
	err = raw.Control(func(fd uintptr) {
		option = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err := errors.Join(err, option); err != nil {
		return fmt.Errorf("ask for arrival times: %w", err)
	}
	return nil
}

// Time is when something came that was read now, by the kernel's stamp in the read's
// control messages. Without one that makes sense, it is now. It carries Go's monotonic
// clock.
func Time(now time.Time, control []byte) time.Time {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return now
	}
	for _, m := range messages {
		if m.Header.Level != syscall.SOL_SOCKET || m.Header.Type != syscall.SCM_TIMESTAMPNS ||
			len(m.Data) < int(unsafe.Sizeof(syscall.Timespec{})) {
			continue
		}
		stamp := (*syscall.Timespec)(unsafe.Pointer(&m.Data[0]))
		waited := now.Round(0).Sub(time.Unix(stamp.Unix()))
		if waited > 0 && waited < time.Minute { // else the wall clock was set meanwhile
			return now.Add(-waited)
		}
	}
	return now
}

// Stream is a TCP connection that knows when what was read last had come.
type Stream struct {
	*net.TCPConn
	raw    syscall.RawConn
	opened time.Time
	last   atomic.Int64 // nanoseconds since opened
	oob    [Room]byte
}

// Dial opens a TCP connection to host:port.
func Dial(ctx context.Context, network, address string) (*Stream, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err // it says where to
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("connect to %s: %s is not TCP", address, network)
	}
	s := &Stream{TCPConn: tcp, opened: time.Now()}
	s.raw, err = tcp.SyscallConn()
	if err == nil {
		err = Ask(tcp)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return s, nil
}

// Last is when what was read last had come: the last packet of it.
func (s *Stream) Last() time.Time { return s.opened.Add(time.Duration(s.last.Load())) }

// Read reads as net.TCPConn does. One goroutine at a time may read.
func (s *Stream) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	var oobn int
	var failed error
	err = s.raw.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, _, failed = syscall.Recvmsg(int(fd), p, s.oob[:], 0)
			if !errors.Is(failed, syscall.EINTR) {
				return !errors.Is(failed, syscall.EAGAIN)
			}
		}
	})
	switch {
	case err != nil:
		return 0, err // a deadline, or closed
	case failed != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: failed}
	case n == 0:
		return 0, io.EOF
	}
	s.last.Store(int64(Time(time.Now(), s.oob[:oobn]).Sub(s.opened)))
	return n, nil
}

// WriteTo and ReadFrom of net.TCPConn go around Read; these go through it.
func (s *Stream) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{s}) }
