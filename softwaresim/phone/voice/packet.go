// Package voice is the sound of a phone: what it sends, a tone, silence or keys, and
// what it hears, so that a test can tell music from silence and one party from another.
//
// A Stream is the RTP of one call. Below it are RTP packets (RFC 3550), G.711 (ITU-T),
// telephone events (RFC 4733) and session descriptions (RFC 8866), without I/O.
package voice

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Payload types of RFC 3551 that a phone here speaks.
const (
	// ULaw is G.711 µ-law, the payload type "PCMU".
	ULaw uint8 = 0
	// ALaw is G.711 A-law, the payload type "PCMA".
	ALaw uint8 = 8
)

// FrameSamples is the number of samples in one packet: 20 ms at 8 kHz.
const FrameSamples = 160

// headerSize is that of the fixed RTP header, without contributing sources.
const headerSize = 12

// ErrNotRTP is returned for a datagram that is no RTP packet of version 2; RTCP
// that went astray is one such.
var ErrNotRTP = errors.New("not an RTP packet")

// Packet is one RTP packet (RFC 3550 §5.1) without contributing sources,
// extension or padding: a phone sends none, and those received are skipped.
type Packet struct {
	Marker    bool
	Type      uint8
	Sequence  uint16
	Timestamp uint32
	SSRC      uint32
	Payload   []byte
}

// Append appends the packet's wire form to b and returns the longer slice.
func (p Packet) Append(b []byte) []byte {
	second := p.Type & 0x7f
	if p.Marker {
		second |= 0x80
	}
	b = append(b, 0x80, second)
	b = binary.BigEndian.AppendUint16(b, p.Sequence)
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, p.SSRC)
	return append(b, p.Payload...)
}

// Parse reads a packet from a datagram. Its Payload is part of b. The error is
// ErrNotRTP, wrapped with what was wrong.
func Parse(b []byte) (Packet, error) {
	if len(b) < headerSize {
		return Packet{}, fmt.Errorf("%d bytes: %w", len(b), ErrNotRTP)
	}
	if b[0]>>6 != 2 {
		return Packet{}, fmt.Errorf("version %d: %w", b[0]>>6, ErrNotRTP)
	}
	if b[1] >= 192 && b[1] <= 223 { // RFC 5761 §4: these are RTCP packet types
		return Packet{}, fmt.Errorf("RTCP type %d: %w", b[1], ErrNotRTP)
	}
	payload, err := skipToPayload(b)
	if err != nil {
		return Packet{}, err
	}
	return Packet{
		Marker:    b[1]&0x80 != 0,
		Type:      b[1] & 0x7f,
		Sequence:  binary.BigEndian.Uint16(b[2:]),
		Timestamp: binary.BigEndian.Uint32(b[4:]),
		SSRC:      binary.BigEndian.Uint32(b[8:]),
		Payload:   payload,
	}, nil
}

// skipToPayload returns what is left of a datagram after contributing sources,
// header extension and padding.
func skipToPayload(b []byte) ([]byte, error) {
	start := headerSize + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < start+4 {
			return nil, fmt.Errorf("cut short in its extension: %w", ErrNotRTP)
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 {
		end -= int(b[end-1])
	}
	if start > end {
		return nil, fmt.Errorf("header longer than the datagram: %w", ErrNotRTP)
	}
	return b[start:end], nil
}
