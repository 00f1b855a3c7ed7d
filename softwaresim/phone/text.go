package phone

import (
	"fmt"
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
	case Reinvited:
		return "media changed by the other side: " + e.Reason
	case MediaReceived:
		return "first sound received"
	case KeySent:
		return fmt.Sprintf("key %s sent", e.Key)
	case KeyReceived:
		return fmt.Sprintf("key %s received", e.Key)
	case Ended:
		return e.ending()
	}
	return string(e.Kind)
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
