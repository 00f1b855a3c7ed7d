package link

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long a test waits for what must come.
const limit = 10 * time.Second

// server is a listener whose connections the test holds itself.
type server struct {
	t *testing.T
	*net.TCPListener
}

func listen(t *testing.T) server {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return server{t, l}
}

func (s server) accept() *end {
	s.t.Helper()
	s.SetDeadline(time.Now().Add(limit))
	c, err := s.AcceptTCP()
	if err != nil {
		s.t.Fatal(err)
	}
	return newEnd(s.t, c)
}

// end is one side's connection.
type end struct {
	t *testing.T
	*net.TCPConn
}

func newEnd(t *testing.T, c *net.TCPConn) *end {
	c.SetDeadline(time.Now().Add(limit))
	t.Cleanup(func() { c.Close() })
	return &end{t, c}
}

func (e *end) send(text string) {
	e.t.Helper()
	if _, err := io.WriteString(e, text); err != nil {
		e.t.Fatal(err)
	}
}

func (e *end) gets(text string) {
	e.t.Helper()
	b := make([]byte, len(text))
	if _, err := io.ReadFull(e, b); err != nil || string(b) != text {
		e.t.Fatalf("got %q, %v; want %q", b, err, text)
	}
}

// isReset: nothing comes any more, and not because the other side has closed.
func (e *end) isReset() {
	e.t.Helper()
	if b, err := io.ReadAll(e); len(b) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		e.t.Errorf("got %q, %v; want a reset", b, err)
	}
}

func (e *end) hearsEnd() {
	e.t.Helper()
	if b, err := io.ReadAll(e); len(b) > 0 || err != nil {
		e.t.Errorf("got %q, %v; want the end", b, err)
	}
}

func newLink(t *testing.T, to string, o Options) *Link {
	t.Helper()
	l, err := Listen(to, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *Link) dial(t *testing.T) *end {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return newEnd(t, c.(*net.TCPConn))
}

// refused: who connects is reset, at once or as soon as it may be.
func (l *Link) refused(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr())
	if err == nil {
		newEnd(t, c.(*net.TCPConn)).isReset()
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

// over makes a link and a connection over it.
func over(t *testing.T, o Options) (l *Link, s server, near, far *end) {
	t.Helper()
	s = listen(t)
	l = newLink(t, s.Addr().String(), o)
	near = l.dial(t)
	far = s.accept()
	near.send("hello")
	far.gets("hello")
	return l, s, near, far
}

// loses waits until n connections have lost something.
func (l *Link) loses(t *testing.T, n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); ; {
		l.mu.Lock()
		lost := 0
		for c := range l.carriers {
			if c.damaged() {
				lost++
			}
		}
		l.mu.Unlock()
		if lost == n {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d connections have lost something, want %d", lost, n)
		}
	}
}

func TestAHealthyLinkCarriesAllAndEndsWithItsEnds(t *testing.T) {
	_, _, near, far := over(t, Options{})
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(rand.Uint32())
	}
	go func() { // ends with the write; the test reads it all
		near.Write(big)
		near.CloseWrite()
	}()
	if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, big) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	far.send("thank you")
	far.CloseWrite()
	near.gets("thank you")
	near.hearsEnd()
}

func TestAResetOfOneSideIsTheOthers(t *testing.T) {
	_, _, near, far := over(t, Options{})
	far.SetLinger(0)
	far.Close()
	near.isReset()
}

func TestACutLinkResetsAllAndIsHealed(t *testing.T) {
	l, s, near, far := over(t, Options{})
	l.Cut()
	near.isReset()
	far.isReset()
	l.refused(t)
	l.Heal()
	again := l.dial(t)
	again.send("back")
	s.accept().gets("back")
}

func TestAHungLinkSwallowsBothWays(t *testing.T) {
	for name, sender := range map[string]func(near, far *end) *end{
		"a request": func(near, _ *end) *end { return near },
		"an answer": func(_, far *end) *end { return far },
	} {
		t.Run(name, func(t *testing.T) {
			l, _, near, far := over(t, Options{})
			l.Hang()
			sender(near, far).send("lost")
			l.loses(t, 1)
			l.Heal()
			near.isReset()
			far.isReset()
		})
	}
}

func TestAHungLinkHidesAnEnd(t *testing.T) {
	for name, close := range map[string]func(*end){
		"in order": func(e *end) { e.Close() },
		"by reset": func(e *end) { e.SetLinger(0); e.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l, _, near, far := over(t, Options{})
			l.Hang()
			close(near)
			l.loses(t, 1)
			l.Heal()
			far.isReset() // and did not hear an end before
		})
	}
}

func TestWhoSaidNothingOutlivesAHungLink(t *testing.T) {
	l, _, near, far := over(t, Options{})
	l.Hang()
	l.Heal()
	near.send("still")
	far.gets("still")
	far.send("here")
	near.gets("here")
}

func TestWhoConnectsToAHungLinkNeverReachesTheServer(t *testing.T) {
	l, s, _, _ := over(t, Options{})
	l.Hang()
	meanwhile := l.dial(t)
	meanwhile.send("lost")
	l.loses(t, 1)
	l.Heal()
	meanwhile.isReset()
	after := l.dial(t)
	after.send("first")
	s.accept().gets("first") // the next to be accepted is not the one before
}

func TestAHeldDirectionIsDeliveredLater(t *testing.T) {
	l, _, near, far := over(t, Options{})
	l.Hold(Answers)
	far.send("kept")
	near.send("request")
	far.gets("request")
	near.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := near.Read(make([]byte, 9)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes of an answer that is held, %v", n, err)
	}
	near.SetDeadline(time.Now().Add(limit))
	l.Heal()
	near.gets("kept")
}

func TestALostAnswerWasToARequestThatArrived(t *testing.T) {
	l, _, near, far := over(t, Options{})
	l.LoseAnswers()
	near.send("request")
	far.gets("request")
	far.send("answer")
	near.isReset()
	far.isReset()
}

func TestASlowLinkTakesItsTime(t *testing.T) {
	l, _, near, far := over(t, Options{})
	const each = 30 * time.Millisecond
	l.Slow(Pace{Latency: each})
	begun := time.Now()
	near.send("ping")
	far.gets("ping")
	far.send("pong")
	near.gets("pong")
	if took := time.Since(begun); took < 2*each {
		t.Errorf("there and back in %v", took)
	}
	l.Slow(Pace{BytesPerSecond: 1000})
	begun = time.Now()
	near.send(string(make([]byte, 100)))
	far.gets(string(make([]byte, 100)))
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("100 bytes at 1000 a second in %v", took)
	}
}

func TestHealingASlowLinkLetsGo(t *testing.T) {
	for name, pace := range map[string]Pace{
		"late": {Latency: time.Hour}, "thin": {BytesPerSecond: 1}, "both": {time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, near, far := over(t, Options{})
			l.Slow(pace)
			text := string(make([]byte, 3600))
			near.send(text)
			l.Heal()
			far.gets(text)
		})
	}
}

// Whatever a link does, short of losing anything, changes nothing about what arrives.
func TestNothingIsLostByAWaveringLink(t *testing.T) {
	l, _, near, far := over(t, Options{})
	want := make([]byte, 200<<10)
	for i := range want {
		want[i] = byte(rand.Uint32())
	}
	sent := make(chan struct{})
	go func() { // ends with sent, which is received from below
		defer close(sent)
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(5000))
			near.Write(rest[:n])
			rest = rest[n:]
			switch rand.IntN(4) {
			case 0:
				l.Slow(Pace{Latency: time.Duration(rand.IntN(3)) * time.Millisecond, BytesPerSecond: 1 << 20})
			case 1:
				l.Hold(Both)
			default:
				l.Heal()
			}
		}
		l.Heal()
		near.CloseWrite()
	}()
	if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes, %v", len(got), len(want), err)
	}
	<-sent
}

func TestWithoutAServerClientsAreReset(t *testing.T) {
	s := listen(t)
	l := newLink(t, s.Addr().String(), Options{})
	s.Close()
	l.refused(t)
}

func TestAnswersCanBeAltered(t *testing.T) {
	_, _, near, far := over(t, Options{AlterAnswers: func(b []byte) { copy(b, bytes.ReplaceAll(b, []byte("7"), []byte("8"))) }})
	near.send("7")
	far.gets("7")
	far.send("17")
	near.gets("18")
}

func TestClosingEndsAllWhateverTheHealth(t *testing.T) {
	for name, misbehave := range map[string]func(*Link){
		"healthy": func(*Link) {}, "hung": (*Link).Hang, "held": func(l *Link) { l.Hold(Both) },
		"slow": func(l *Link) { l.Slow(Pace{time.Hour, 1}) }, "cut": (*Link).Cut,
	} {
		t.Run(name, func(t *testing.T) {
			l, _, near, far := over(t, Options{})
			misbehave(l)
			_, cut := io.WriteString(near, "under way")
			for range 2 {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			if cut == nil {
				near.isReset()
			}
			if _, err := io.Copy(io.Discard, far); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the server sees %v", err)
			}
			if c, err := net.Dial("tcp", l.Addr()); err == nil {
				c.Close()
				t.Error("it still listens")
			}
		})
	}
}
