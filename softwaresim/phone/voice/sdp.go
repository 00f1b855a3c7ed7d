package voice

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// KeyType is the payload type that a phone offers for telephone events.
const KeyType uint8 = 101

// Session is what an SDP body (RFC 8866) says of the one audio stream of a call.
type Session struct {
	// Addr is where the side that wrote it wants its RTP.
	Addr netip.AddrPort
	// Codecs are the G.711 payload types, ULaw and ALaw, in its order of preference.
	Codecs []uint8
	// Keys is the payload type of telephone events, 0 where it takes none.
	Keys uint8
	// Direction is sendrecv, sendonly, recvonly or inactive, as seen by its writer.
	Direction string
}

// Marshal writes the session as an SDP body; id names it and version counts its
// changes (RFC 3264 §8).
func (s Session) Marshal(id uint64, version int) []byte {
	formats, maps := "", ""
	for _, c := range s.Codecs {
		name := "PCMU"
		if c == ALaw {
			name = "PCMA"
		}
		formats += fmt.Sprintf(" %d", c)
		maps += fmt.Sprintf("a=rtpmap:%d %s/8000\r\n", c, name)
	}
	if s.Keys != 0 {
		formats += fmt.Sprintf(" %d", s.Keys)
		maps += fmt.Sprintf("a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", s.Keys, s.Keys)
	}
	host := "IN IP4 " + s.Addr.Addr().String()
	if s.Addr.Addr().Is6() {
		host = "IN IP6 " + s.Addr.Addr().String()
	}
	return fmt.Appendf(nil, "v=0\r\no=softwaresim %d %d %s\r\ns=softwaresim\r\nc=%s\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP%s\r\n%sa=ptime:20\r\na=%s\r\n",
		id, version, host, host, s.Addr.Port(), formats, maps, s.Direction)
}

// Answer is what a phone says to an offer: the first codec of the offer that it
// speaks, and the offered direction seen from here.
func (s Session) Answer(local netip.AddrPort, speaks []uint8) (Session, error) {
	for _, c := range s.Codecs {
		if slices.Contains(speaks, c) {
			return Session{Addr: local, Codecs: []uint8{c}, Keys: s.Keys, Direction: mirror(s.Direction)}, nil
		}
	}
	return Session{}, errors.New("no G.711 in the offer")
}

func mirror(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}

// ParseSession reads an SDP body. It takes the first audio stream, and of it what a
// phone here needs.
func ParseSession(body []byte) (Session, error) {
	s := Session{Direction: "sendrecv"}
	var host netip.Addr
	var port uint16
	inAudio, seen := false, false
	for line := range strings.Lines(string(body)) {
		kind, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if !ok {
			continue
		}
		switch {
		case kind == "m":
			inAudio = false
			if !seen && strings.HasPrefix(value, "audio ") {
				var err error
				if port, s.Codecs, err = parseAudio(value); err != nil {
					return Session{}, err
				}
				inAudio, seen = true, true
			}
		case kind == "c" && (inAudio || !seen):
			addr, err := parseConnection(value)
			if err != nil {
				return Session{}, err
			}
			host = addr
		case kind == "a" && (inAudio || !seen):
			s.attribute(value)
		}
	}
	if !seen || !host.IsValid() {
		return Session{}, errors.New("no audio stream with an address in the SDP")
	}
	s.Addr = netip.AddrPortFrom(host, port)
	return s, nil
}

// parseAudio reads "audio 4000 RTP/AVP 0 8 101": the port and the G.711 types.
func parseAudio(value string) (port uint16, codecs []uint8, err error) {
	fields := strings.Fields(value)
	if len(fields) < 4 {
		return 0, nil, fmt.Errorf("SDP line m=%q is cut short", value)
	}
	number, _, _ := strings.Cut(fields[1], "/")
	p, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return 0, nil, fmt.Errorf("SDP line m=%q: its port: %w", value, err)
	}
	for _, f := range fields[3:] {
		switch f {
		case "0":
			codecs = append(codecs, ULaw)
		case "8":
			codecs = append(codecs, ALaw)
		}
	}
	return uint16(p), codecs, nil
}

// parseConnection reads "IN IP4 127.0.0.1".
func parseConnection(value string) (netip.Addr, error) {
	fields := strings.Fields(value)
	if len(fields) != 3 {
		return netip.Addr{}, fmt.Errorf("SDP line c=%q is no address", value)
	}
	host, _, _ := strings.Cut(fields[2], "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("SDP line c=%q: %w", value, err)
	}
	return addr, nil
}

func (s *Session) attribute(value string) {
	switch value {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.Direction = value
		return
	}
	format, ok := strings.CutPrefix(value, "rtpmap:")
	if !ok {
		return
	}
	number, encoding, _ := strings.Cut(format, " ")
	if strings.EqualFold(strings.TrimSpace(encoding), "telephone-event/8000") {
		if n, err := strconv.ParseUint(number, 10, 7); err == nil {
			s.Keys = uint8(n)
		}
	}
}
