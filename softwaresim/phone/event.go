package phone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ringside/softwaresim/phone/voice"
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
	// Reinvited: the other side changed the call's media; Reason is the new direction.
	Reinvited Kind = "reinvited"

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
var ErrOver = voice.ErrClosed

// Watch delivers events in the order in which they happened. It never loses one and
// never holds up the phone: what is not yet read waits in memory. Close it when done.
// One goroutine at a time may call Next.
type Watch struct {
	box    *mailbox[Event]
	leave  func(*Watch)
	passed []Kind // what Next skipped, for its error message
}

// Next returns the next event of one of the given kinds, or the next of any kind if
// none is given; events of other kinds before it are skipped. It waits for it until
// ctx is done. The error is ErrOver where no such event can come any more.
func (w *Watch) Next(ctx context.Context, kinds ...Kind) (Event, error) {
	for {
		e, err := w.box.take(ctx)
		if err != nil {
			return Event{}, w.failure(kinds, err)
		}
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			w.passed = w.passed[:0]
			return e, nil
		}
		w.passed = append(w.passed, e.Kind)
	}
}

func (w *Watch) failure(kinds []Kind, cause error) error {
	return fmt.Errorf("wait for %s, seen so far: %s: %w",
		kindNames(kinds, "any event"), kindNames(w.passed, "nothing"), cause)
}

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

// Close ends the watch. It is safe to call more than once.
func (w *Watch) Close() { w.leave(w) }

// feed hands events to its watches. With keep it remembers them, so that a watch
// that begins late still sees all.
type feed struct {
	keep bool

	mu      sync.Mutex
	kept    []Event
	over    bool
	watches map[*Watch]struct{}
}

func (f *feed) watch() *Watch {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &Watch{box: newMailbox[Event](), leave: f.unwatch}
	for _, e := range f.kept {
		w.box.put(e)
	}
	if f.over {
		w.box.finish()
	}
	if f.watches == nil {
		f.watches = make(map[*Watch]struct{})
	}
	f.watches[w] = struct{}{}
	return w
}

func (f *feed) unwatch(w *Watch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watches, w)
}

func (f *feed) publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	if f.keep {
		f.kept = append(f.kept, e)
	}
	for w := range f.watches {
		w.box.put(e)
	}
}

// finish says that nothing will be published any more.
func (f *feed) finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for w := range f.watches {
		w.box.finish()
	}
}

// events returns what was kept so far.
func (f *feed) events() []Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.kept)
}

// mailbox is a queue without bounds: putting never blocks and nothing is lost. Many
// goroutines may put, one takes.
type mailbox[T any] struct {
	wake chan struct{} // has something in it when there may be something to take

	mu    sync.Mutex
	queue []T
	over  bool
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{wake: make(chan struct{}, 1)} }

func (m *mailbox[T]) put(v T) {
	m.mu.Lock()
	m.queue = append(m.queue, v)
	m.mu.Unlock()
	m.nudge()
}

// finish says that nothing will be put any more.
func (m *mailbox[T]) finish() {
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	m.nudge()
}

func (m *mailbox[T]) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// next takes what is first, if there is anything.
func (m *mailbox[T]) next() (v T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		return v, false
	}
	v, m.queue = m.queue[0], m.queue[1:]
	return v, true
}

// take takes what is first and waits for it until ctx is done. The error is ErrOver
// once nothing can come any more.
func (m *mailbox[T]) take(ctx context.Context) (T, error) {
	for {
		if v, ok := m.next(); ok {
			return v, nil
		}
		m.mu.Lock()
		over := m.over && len(m.queue) == 0
		m.mu.Unlock()
		var none T
		if over {
			return none, ErrOver
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
	}
}
