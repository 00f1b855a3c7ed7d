package phone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/watch"
)

// Kind says what happened at a phone or to a call. The set is open: print an
// unknown kind as it is.
type Kind string

// What can happen. "Sent" and "received" are as seen from this phone.
const (
	// Registered: the registrar accepted the phone's contact.
	Registered Kind = "registered"
	// RegisterFailed: it did not; Reason says why. The phone goes on trying.
	RegisterFailed Kind = "register-failed"
	// Unregistered: the contact was taken back.
	Unregistered Kind = "unregistered"

	// InviteSent and InviteReceived begin a call; From and To say whose.
	InviteSent     Kind = "invite-sent"
	InviteReceived Kind = "invite-received"
	// Trying, Ringing and Progress: a provisional response, with its Code: 100, 180
	// to 182, or 183 (media before the answer).
	Trying   Kind = "trying"
	Ringing  Kind = "ringing"
	Progress Kind = "progress"
	// Answered: the 200, sent by the side that was called.
	Answered Kind = "answered"
	// AckSent and AckReceived: the ACK of that 200.
	AckSent     Kind = "ack-sent"
	AckReceived Kind = "ack-received"
	// Refused: a final response other than a 200, with its Code.
	Refused Kind = "refused"
	// CancelSent and CancelReceived: the caller gives up before the answer; Reason
	// is the Reason header (RFC 3326), which says "answered elsewhere".
	CancelSent     Kind = "cancel-sent"
	CancelReceived Kind = "cancel-received"
	// ByeSent and ByeReceived end an answered call.
	ByeSent     Kind = "bye-sent"
	ByeReceived Kind = "bye-received"
	// Changed: this side changed the call's media; Reason is the new direction.
	Changed Kind = "changed"
	// Reinvited: the other side changed the call's media; Reason is the new direction.
	Reinvited Kind = "reinvited"
	// TransferSent: this side asked for a transfer of the call; To is who is to get it, also in those that follow.
	TransferSent Kind = "transfer-sent"
	// TransferProgress: the other side agreed to it, with Code 202, or told with a provisional Code how far it is.
	TransferProgress Kind = "transfer-progress"
	// Transferred and TransferRefused: its outcome, with the Code that was told, 0 if none was.
	Transferred     Kind = "transferred"
	TransferRefused Kind = "transfer-refused"

	// MediaReceived: the first RTP packet came.
	MediaReceived Kind = "media-received"
	// KeySent and KeyReceived: a key was let go (RFC 4733's end of event); Key is it.
	KeySent     Kind = "key-sent"
	KeyReceived Kind = "key-received"

	// Ended is a call's last event: Outcome says how, Heard what came by RTP.
	Ended Kind = "ended"
)

// Party is one side of a call as the other sees it: a From header's display name
// and user part, unescaped.
type Party struct {
	Name   string `json:"name,omitempty"`
	Number string `json:"number"`
}

// Event is something that happened at a phone.
type Event struct {
	// At is when: for a message that was received, the moment it arrived at the
	// socket; for one that was sent, the moment just before. It carries Go's
	// monotonic clock, so differences within a process are exact.
	At   time.Time `json:"at"`
	Kind Kind      `json:"event"`
	// Phone is the extension's number, or the caller's for a call from the trunk.
	Phone string `json:"phone"`
	// CallID is the SIP Call-ID, empty for registrations.
	CallID  string       `json:"call_id,omitempty"`
	From    *Party       `json:"from,omitempty"`
	To      string       `json:"to,omitempty"`
	Code    int          `json:"code,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	Key     string       `json:"key,omitempty"`
	Outcome *Outcome     `json:"outcome,omitempty"`
	Heard   *voice.Heard `json:"heard,omitempty"`

	// Call is the call it happened to, nil for registrations.
	Call *Call `json:"-"`
}

// AnsweredElsewhere reports whether a CANCEL or BYE says that another phone took the
// call (RFC 3326: SIP cause 200, or Q.850 cause 26), so that this one shows no missed
// call.
func (e Event) AnsweredElsewhere() bool {
	for reason := range strings.SplitSeq(e.Reason, ", ") {
		protocol, params, _ := strings.Cut(reason, ";")
		for param := range strings.SplitSeq(params, ";") {
			switch param = strings.TrimSpace(param); {
			case strings.EqualFold(protocol, "SIP") && param == "cause=200",
				strings.EqualFold(protocol, "Q.850") && param == "cause=26":
				return true
			}
		}
	}
	return false
}

// ErrOver is returned by Watch.Next when what is watched can bring no more events:
// the call ended, or the user agent was closed; and for what is asked of a call that is
// over.
var ErrOver = watch.ErrOver

// Watch delivers events in the order in which they happened. It never loses one and
// never holds up the phone: what is not yet read waits in memory. Close it when done.
// One goroutine at a time may call Next.
type Watch struct{ w *watch.Watch[Event] }

// Next returns the next event of one of the given kinds, or the next of any kind if
// none is given; events of other kinds before it are skipped. It waits for it until
// ctx is done. The error is ErrOver where no such event can come any more.
func (w *Watch) Next(ctx context.Context, kinds ...Kind) (Event, error) {
	var passed []Kind
	e, err := w.w.Next(ctx, func(e Event) bool {
		passed = append(passed, e.Kind)
		return len(kinds) == 0 || slices.Contains(kinds, e.Kind)
	})
	if err != nil {
		return Event{}, fmt.Errorf("wait for %s, seen meanwhile: %s: %w",
			kindNames(kinds, "any event"), kindNames(passed, "nothing"), err)
	}
	return e, nil
}

// Close ends the watch. It is safe to call more than once.
func (w *Watch) Close() { w.w.Close() }

func kindNames(kinds []Kind, none string) string {
	if len(kinds) == 0 {
		return none
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
