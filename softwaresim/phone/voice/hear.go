package voice

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"ringside/softwaresim/watch"
)

// receive hears what comes until the stream is closed.
func (s *Stream) receive() {
	buf := make([]byte, 2048)
	var samples []int16
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error for something sent; the stream goes on
		}
		packet, err := Parse(buf[:n])
		if err != nil || !s.isFar(from) {
			s.stray()
			continue
		}
		samples = s.take(packet, samples[:0])
	}
}

// isFar reports whether a datagram is from where the far side said it would send.
func (s *Stream) isFar(from netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return from.Port() == s.remote.Port() && from.Addr().Unmap() == s.remote.Addr().Unmap()
}

func (s *Stream) stray() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard.Strays++
}

// take counts one packet, hands its sound to who listens, and notes keys. It returns
// samples for use again.
func (s *Stream) take(packet Packet, samples []int16) []int16 {
	now := time.Now()
	s.mu.Lock()
	if packet.Type == s.keyType && s.keyType != 0 {
		key, ended := s.keyEnded(packet)
		s.mu.Unlock()
		if ended {
			s.events.KeyReceived(now, key)
		}
		return samples
	}
	if packet.Type != ULaw && packet.Type != ALaw {
		s.heard.Strays++
		s.mu.Unlock()
		return samples
	}
	samples = Decode(samples, packet.Type, packet.Payload)
	first := s.heard.Packets == 0
	s.heard.count(now, Loud(samples))
	for l := range s.listeners {
		if l.hear(samples) {
			delete(s.listeners, l)
			close(l.done)
		}
	}
	s.mu.Unlock()
	if first {
		s.events.First(now)
	}
	return samples
}

func (h *Heard) count(now time.Time, loud bool) {
	if h.Packets == 0 {
		h.First = now
	}
	h.Packets++
	h.Last = now
	if !h.lastLoud.IsZero() {
		h.Quietest = max(h.Quietest, now.Sub(h.lastLoud))
	}
	if loud {
		h.Loud++
		h.lastLoud = now
	}
}

// keyEnded reports the key that a packet says was let go, once for each key.
func (s *Stream) keyEnded(packet Packet) (byte, bool) {
	event, err := ParseKeyEvent(packet.Payload)
	if err != nil {
		s.heard.Strays++
		return 0, false
	}
	if !event.End || s.keySeen && s.keyStamp == packet.Timestamp {
		return 0, false
	}
	s.keySeen, s.keyStamp = true, packet.Timestamp
	return event.Key, true
}

// AwaitLoud waits until n more packets of sound have come that are not silence, 50 of
// them a second: music is playing, or somebody speaks.
func (s *Stream) AwaitLoud(ctx context.Context, n int) error {
	return s.awaitFrames(ctx, fmt.Sprintf("%d loud packets", n), n, Loud)
}

// AwaitSilence waits until n packets in a row have come that are silence.
func (s *Stream) AwaitSilence(ctx context.Context, n int) error {
	run := 0
	return s.hear(ctx, fmt.Sprintf("%d silent packets", n), func(frame []int16) bool {
		if run++; Loud(frame) {
			run = 0
		}
		return run >= n
	})
}

// AwaitTone waits until n more packets have come that hold a tone of the frequency in
// hertz: the party whose Media.Tone it is, is heard here.
func (s *Stream) AwaitTone(ctx context.Context, hertz float64, n int) error {
	return s.awaitFrames(ctx, fmt.Sprintf("%d packets of a %.0f Hz tone", n, hertz), n,
		func(frame []int16) bool { return Holds(frame, hertz) })
}

func (s *Stream) awaitFrames(ctx context.Context, what string, n int, is func([]int16) bool) error {
	return s.hear(ctx, what, func(frame []int16) bool {
		if is(frame) {
			n--
		}
		return n <= 0
	})
}

// hear calls f with each frame that comes from now on until it returns true. f is
// called with the stream locked: it must be quick and call nothing of it.
func (s *Stream) hear(ctx context.Context, what string, f func(frame []int16) bool) error {
	l := &listener{hear: f, done: make(chan struct{})}
	s.mu.Lock()
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	err := watch.ErrOver
	select {
	case <-l.done:
		return nil
	case <-s.stop:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return fmt.Errorf("wait for %s, heard so far %+v: %w", what, s.Heard(), err)
}
