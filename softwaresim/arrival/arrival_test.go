package arrival_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/softwaresim/arrival"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pair(t *testing.T) (*arrival.Stream, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := arrival.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); far.Close() })
	return s, far
}

// What lies in the kernel for a while still has the time at which it came. A kernel that
// was not stamping before begins to a moment after it was asked to.
func TestReadLaterThanItCame(t *testing.T) {
	s, far := pair(t)
	const idle = 30 * time.Millisecond
	buf := make([]byte, 16)
	for try := 0; ; try++ {
		before := time.Now()
		if _, err := far.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		<-time.After(idle) // nobody reads meanwhile
		if n, err := s.Read(buf); err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
		came := s.Last().Sub(before)
		if came < -time.Millisecond {
			t.Fatalf("came %v before it was sent", -came)
		}
		if came < idle {
			return
		}
		if try == 50 {
			t.Fatalf("came %v after it was sent, when it was read", came)
		}
	}
}

func TestReadBehavesAsAConnection(t *testing.T) {
	s, far := pair(t)
	if n, err := s.Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
	if err := s.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past the deadline: %v", err)
	}
	if err := s.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	far.Close()
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the other side closed: %v", err)
	}
	s.Close()
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

func TestDialNobody(t *testing.T) {
	if s, err := arrival.Dial(t.Context(), "tcp", "127.0.0.1:1"); err == nil {
		s.Close()
		t.Error("connected to nobody")
	}
}

func TestTimeWithoutAStamp(t *testing.T) {
	now := time.Now()
	for _, control := range [][]byte{nil, {1}, make([]byte, 64)} {
		if at := arrival.Time(now, control); !at.Equal(now) {
			t.Errorf("%v: %v", control, at)
		}
	}
}

func FuzzTime(f *testing.F) {
	f.Add([]byte{32, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 35, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	now := time.Now()
	f.Fuzz(func(t *testing.T, control []byte) {
		if at := arrival.Time(now, control); at.After(now) || now.Sub(at) > time.Minute {
			t.Errorf("came %v ago", now.Sub(at))
		}
	})
}
