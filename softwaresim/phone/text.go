package phone

import (
	"fmt"
	"strings"
	"time"
)

// String is the party as a From header shows it, quoted so that a hostile name cannot
// play tricks on a terminal.
func (p Party) String() string {
	if p.Name == "" {
		return printable(p.Number)
	}
	return fmt.Sprintf("%q <%s>", p.Name, printable(p.Number))
}

// printable returns s as it is if it is plain, else quoted.
func printable(s string) string {
	if q := fmt.Sprintf("%q", s); q != `"`+s+`"` {
		return q
	}
	return s
}

// Text says in a few words what happened, without the time and the phone.
func (e Event) Text() string {
	switch e.Kind {
	case RegisterFailed:
		return "not registered: " + e.Reason
	case InviteSent:
		return fmt.Sprintf("INVITE sent to %s as %s", printable(e.To), e.From)
	case InviteReceived:
		return fmt.Sprintf("INVITE received from %s", e.From)
	case Trying:
		return "100 trying"
	case Ringing:
		return "180 ringing"
	case Progress:
		return fmt.Sprintf("%d progress", e.Code)
	case Answered:
		return "200 answered"
	case AckSent:
		return "ACK sent"
	case AckReceived:
		return "ACK received"
	case Refused:
		return fmt.Sprintf("refused: %d %s", e.Code, printable(e.Reason))
	case CancelSent:
		return "CANCEL sent"
	case CancelReceived:
		return "CANCEL received" + because(e.Reason)
	case ByeSent:
		return "BYE sent"
	case ByeReceived:
		return "BYE received" + because(e.Reason)
	case Changed:
		return "media changed: " + e.Reason
	case Reinvited:
		return "media changed by the other side: " + e.Reason
	case TransferSent:
		return "REFER sent to transfer the call to " + printable(e.To)
	case TransferProgress:
		return fmt.Sprintf("transfer to %s: %d %s", printable(e.To), e.Code, printable(e.Reason))
	case Transferred:
		return "transferred to " + printable(e.To) + e.told()
	case TransferRefused:
		return "not transferred to " + printable(e.To) + e.told()
	case MediaReceived:
		return "first sound received"
	case KeySent:
		return fmt.Sprintf("key %s sent", e.Key)
	case KeyReceived:
		return fmt.Sprintf("key %s received", e.Key)
	case Ended:
		return e.ending()
	default:
		return string(e.Kind)
	}
}

// told is a final code and its reason, or only that.
func (e Event) told() string {
	if e.Code == 0 {
		return because(e.Reason)
	}
	return fmt.Sprintf(": %d %s", e.Code, printable(e.Reason))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + printable(reason)
}

// ending sums a call up.
func (e Event) ending() string {
	if e.Outcome == nil || e.Heard == nil {
		return "over"
	}
	s := fmt.Sprintf("over, not answered (%d)", e.Outcome.Code)
	if e.Outcome.Answered {
		s = fmt.Sprintf("over after %v", e.Outcome.Talked.Round(time.Millisecond))
	}
	switch e.Outcome.By {
	case Us:
		s += ", ended by this side"
	case Them:
		s += ", ended by the other side"
	case Nobody:
		s += because(e.Outcome.Reason)
	}
	if e.Heard.Packets > 0 {
		s += fmt.Sprintf("; heard %d packets of sound, %d of them loud", e.Heard.Packets, e.Heard.Loud)
	}
	return s
}

// quoteName escapes a display name for a SIP quoted-string (RFC 3261 §25.1). Any
// string is possible: a quote and a backslash are escaped, so are control
// characters; CR and LF, which no quoted-string can hold, become spaces; NUL, which
// ends a string for many a receiver, is sent as it is, escaped. Bytes that are not
// UTF-8 stay: a hostile caller's phone would not mend them either.
func quoteName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\r' || c == '\n':
			b.WriteByte(' ')
		case c == '"' || c == '\\' || c < ' ' && c != '\t' || c == 0x7f:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unquoteName takes back the escapes of a quoted-string.
func unquoteName(raw string) string {
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var b strings.Builder
	escaped := false
	for i := range len(raw) {
		if c := raw[i]; c == '\\' && !escaped {
			escaped = true
		} else {
			b.WriteByte(c)
			escaped = false
		}
	}
	return b.String()
}

// userUnreserved are the characters besides letters and digits that the user part of
// a SIP URI holds unescaped (RFC 3261 §25.1: mark and user-unreserved), less those
// that a careless receiver splits on.
const userUnreserved = "-_.!~*'()&=+$"

// escapeUser escapes any string for the user part of a SIP URI.
func escapeUser(user string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(user) {
		c := user[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte(userUnreserved, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&0x0f])
	}
	return b.String()
}

// unescapeUser takes back the escapes of a URI's user part. What is no escape stays.
func unescapeUser(user string) string {
	if !strings.Contains(user, "%") {
		return user
	}
	var b strings.Builder
	for i := 0; i < len(user); i++ {
		if user[i] == '%' && i+2 < len(user) {
			high, low := hexDigit(user[i+1]), hexDigit(user[i+2])
			if high >= 0 && low >= 0 {
				b.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		b.WriteByte(user[i])
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
