package voice

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// keys in the order of their RFC 4733 event codes.
const keys = "0123456789*#ABCD"

// keyVolume is the power of a key's tone in dB below full scale, as phones send it.
const keyVolume = 10

// KeyEvent is one report of a telephone event: a key that is, or was, held down
// (RFC 4733 §2.3).
type KeyEvent struct {
	// Key is one of 0-9 * # A-D.
	Key byte
	// End says that the key was let go.
	End bool
	// Duration is how long the key is down so far, in samples of 1/8000 s.
	Duration uint16
}

// IsKey reports whether c is a key that a phone can send: 0-9 * # A-D.
func IsKey(c byte) bool { return strings.IndexByte(keys, c) >= 0 }

// Append appends the event's wire form to b and returns the longer slice. The key
// must satisfy IsKey.
func (e KeyEvent) Append(b []byte) []byte {
	flags := byte(keyVolume)
	if e.End {
		flags |= 0x80
	}
	b = append(b, byte(strings.IndexByte(keys, e.Key)), flags)
	return binary.BigEndian.AppendUint16(b, e.Duration)
}

// ParseKeyEvent reads the payload of a telephone-event packet.
func ParseKeyEvent(payload []byte) (KeyEvent, error) {
	if len(payload) < 4 {
		return KeyEvent{}, fmt.Errorf("telephone event of %d bytes, want 4", len(payload))
	}
	if int(payload[0]) >= len(keys) {
		return KeyEvent{}, fmt.Errorf("telephone event %d is no key", payload[0])
	}
	return KeyEvent{
		Key:      keys[payload[0]],
		End:      payload[1]&0x80 != 0,
		Duration: binary.BigEndian.Uint16(payload[2:]),
	}, nil
}
