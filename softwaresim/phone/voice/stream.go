package voice

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"ringside/softwaresim/watch"
)

// frameTime is how much sound a packet holds.
const frameTime = 20 * time.Millisecond

// Media says what a phone sends and how closely it listens. The zero value is an
// ordinary phone with nobody speaking: G.711 µ-law before A-law, silence, a packet
// every 20 ms.
type Media struct {
	// ALaw prefers G.711 A-law.
	ALaw bool
	// Tone is the frequency in hertz of the tone sent, 0 for silence. Give each party
	// one of its own, 100 Hz apart or more, and AwaitTone tells who is heard.
	Tone float64
	// Every is the time between audio packets, 20 ms if zero. A longer one makes a
	// choppy but cheap call, for load tests. Keys are not affected.
	Every time.Duration
	// Deaf leaves what comes unread, for load tests: no media events, no Heard.
	Deaf bool
}

func (m Media) codecs() []uint8 {
	if m.ALaw {
		return []uint8{ALaw, ULaw}
	}
	return []uint8{ULaw, ALaw}
}

// Heard counts what came by RTP during a call.
type Heard struct {
	// Packets of audio, and how many of them were loud: music or speech, not silence.
	Packets int `json:"packets"`
	Loud    int `json:"loud"`
	// First and Last are when the first and the last audio packet came.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Quietest is the longest time without a loud packet, from the first loud packet
	// to the last packet.
	Quietest time.Duration `json:"quietest_ns"`
	// Strays counts datagrams that were no RTP or came from elsewhere.
	Strays int `json:"strays,omitempty"`

	lastLoud time.Time
}

// Events is told what happens to a stream. Its functions are called from the stream's
// goroutines, one at a time each, and must not call the stream.
type Events struct {
	// First: the first packet of sound came.
	First func(at time.Time)
	// KeyReceived and KeySent: a key, 0-9 * # A-D, was let go.
	KeyReceived func(at time.Time, key byte)
	KeySent     func(at time.Time, key byte)
}

// Stream is the RTP of one call: a socket, a goroutine that sends and one that
// receives. All methods are safe for concurrent use.
type Stream struct {
	conn   *net.UDPConn
	local  netip.AddrPort
	media  Media
	events Events

	keys chan keyPress
	stop chan struct{}
	wg   sync.WaitGroup

	mu        sync.Mutex
	started   bool
	closed    bool
	remote    netip.AddrPort
	codec     uint8
	keyType   uint8
	held      bool // the other side does not want to hear us
	heard     Heard
	listeners map[*listener]struct{}
	keyStamp  uint32 // of the key event that was last reported
	keySeen   bool
}

type listener struct {
	hear func(frame []int16) bool
	done chan struct{}
}

// keyPress asks the sender for one key; sent is closed when the key was let go.
type keyPress struct {
	key  byte
	down time.Duration
	sent chan struct{}
}

// Open opens a socket on the host for a call's RTP. It sends and receives
// nothing before Start.
func Open(host netip.Addr, media Media, events Events) (*Stream, error) {
	if media.Every <= 0 {
		media.Every = frameTime
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, 0)))
	if err != nil {
		return nil, fmt.Errorf("open a socket for RTP: %w", err)
	}
	return &Stream{
		conn:      conn,
		local:     netip.AddrPortFrom(host, uint16(conn.LocalAddr().(*net.UDPAddr).Port)),
		media:     media,
		events:    events,
		keys:      make(chan keyPress),
		stop:      make(chan struct{}),
		listeners: make(map[*listener]struct{}),
	}, nil
}

// Offer is the session that this side proposes.
func (s *Stream) Offer() Session {
	return Session{Addr: s.local, Codecs: s.media.codecs(), Keys: KeyType, Direction: "sendrecv"}
}

// Answer is the session with which this side answers the far side's offer.
func (s *Stream) Answer(offer Session) (Session, error) {
	return offer.Answer(s.local, s.media.codecs())
}

// Start begins sending to and hearing the far side as its session says; once running
// it only changes where to, as after a re-INVITE.
func (s *Stream) Start(far Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(far.Codecs) > 0 {
		s.codec = far.Codecs[0]
	}
	s.remote, s.keyType = far.Addr, far.Keys
	s.held = far.Direction == "sendonly" || far.Direction == "inactive"
	if s.started || s.closed {
		return
	}
	s.started = true
	s.wg.Go(s.send)
	if !s.media.Deaf {
		s.wg.Go(s.receive)
	}
}

// Close ends the stream, waits for its goroutines, and returns what was heard.
func (s *Stream) Close() Heard {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.stop)
		s.conn.Close()
	}
	s.wg.Wait()
	return s.Heard()
}

// Heard returns what has come so far.
func (s *Stream) Heard() Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

// sender is the state of the outgoing packets.
type sender struct {
	packet Packet
	tone   Tone
	frame  [FrameSamples]int16
	wire   []byte
}

// send sends a packet of sound at once and then at each turn, and keys when asked.
func (s *Stream) send() {
	out := sender{tone: Tone{Hertz: s.media.Tone}}
	out.packet = Packet{Marker: true, SSRC: rand.Uint32(), Sequence: uint16(rand.Uint32()), Timestamp: rand.Uint32()}
	s.sendSound(&out)
	ticker := time.NewTicker(s.media.Every)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.sendSound(&out)
		case press := <-s.keys:
			s.sendKey(&out, press)
			ticker.Reset(s.media.Every)
		}
	}
}

func (s *Stream) sendSound(out *sender) {
	s.mu.Lock()
	codec, held := s.codec, s.held
	s.mu.Unlock()
	if !held {
		out.tone.Next(out.frame[:])
		out.packet.Type = codec
		out.packet.Payload = Encode(out.packet.Payload[:0], codec, out.frame[:])
		s.write(out)
	}
	out.packet.Timestamp += uint32(s.media.Every / (time.Second / 8000))
}

// sendKey sends one key as RFC 4733 §2.5 has it: a report each 20 ms with the same
// time stamp and a growing duration, the last one three times.
func (s *Stream) sendKey(out *sender, press keyPress) {
	s.mu.Lock()
	out.packet.Type = s.keyType
	s.mu.Unlock()
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	event := KeyEvent{Key: press.key}
	out.packet.Marker = true
	for event.Duration = FrameSamples; ; event.Duration += FrameSamples {
		event.End = time.Duration(event.Duration)*(time.Second/8000) >= press.down
		out.packet.Payload = event.Append(out.packet.Payload[:0])
		if event.End {
			break
		}
		s.write(out)
		select {
		case <-ticker.C:
		case <-s.stop:
			return
		}
	}
	s.events.KeySent(time.Now(), press.key)
	for range 3 {
		s.write(out)
	}
	out.packet.Timestamp += uint32(event.Duration)
	close(press.sent)
}

// write sends the packet and makes the next. A datagram that cannot be sent is lost,
// as it might be on any network.
func (s *Stream) write(out *sender) {
	s.mu.Lock()
	remote := s.remote
	s.mu.Unlock()
	out.wire = out.packet.Append(out.wire[:0])
	_, _ = s.conn.WriteToUDPAddrPort(out.wire, remote)
	out.packet.Sequence++
	out.packet.Marker = false
}

// Press sends a key, one of 0-9 * # A-D, held down that long and waits until it was let go.
func (s *Stream) Press(ctx context.Context, key byte, down time.Duration) error {
	s.mu.Lock()
	started, keyType := s.started, s.keyType
	s.mu.Unlock()
	if !started {
		return fmt.Errorf("press key %c: the call is not answered", key)
	}
	if keyType == 0 {
		return fmt.Errorf("press key %c: the other side takes no telephone events; set dtmf_mode=rfc4733 for the endpoint", key)
	}
	press := keyPress{key: key, down: max(down, frameTime), sent: make(chan struct{})}
	select {
	case s.keys <- press:
	case <-s.stop:
		return fmt.Errorf("press key %c: %w", key, watch.ErrOver)
	case <-ctx.Done():
		return fmt.Errorf("press key %c: %w", key, context.Cause(ctx))
	}
	select {
	case <-press.sent:
		return nil
	case <-s.stop:
		return fmt.Errorf("press key %c: %w", key, watch.ErrOver)
	}
}
