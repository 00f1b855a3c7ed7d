package phone

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/watch"
)

// Side is who did something: this phone or the other side.
type Side string

// The two sides of a call, and Nobody where a message was lost.
const (
	Us     Side = "us"
	Them   Side = "them"
	Nobody Side = "nobody"
)

// Outcome is how a call ended.
type Outcome struct {
	// Answered says whether it had been answered, and Talked for how long.
	Answered bool          `json:"answered"`
	Talked   time.Duration `json:"talked_ns,omitempty"`
	// By is who ended it, by hanging up, giving up or refusing.
	By Side `json:"by"`
	// Code is the final response to the INVITE: 200, or that of the refusal, 487 for
	// a caller who gave up, 408 where nothing came.
	Code int `json:"code"`
	// Reason is the Reason header of the message that ended it, or what went wrong.
	Reason string `json:"reason,omitempty"`
}

// Call is one call at a phone, in or out. All methods are safe for concurrent use.
//
// A goroutine of its own lives through the call: it alone reads the mailbox and owns
// the fields of the second group.
type Call struct {
	ua      *UA
	phone   *Phone // nil for a call from the trunk
	number  string // of the phone, or of the caller
	inbound bool
	from    Party
	to      string
	id      string
	key     string // of its dialog
	media   *voice.Stream
	feed    watch.Feed[Event]
	box     *watch.Mailbox[message]

	dialog   dialog
	invite   *served // of a call in
	version  int     // of our SDP
	far      voice.Session
	answerAt time.Time
	referral *referral // the transfer that is not over, or nil

	hangup     chan struct{} // closed when this side wants it to end
	onceHangup sync.Once
	changes    chan change    // re-INVITEs that are asked for
	referrals  chan *referral // transfers that are asked for
	told       chan verdict   // what Answer or Refuse said
	answered   chan struct{}  // closed when the 200 was sent or received
	done       chan struct{}
	outcome    Outcome // written before done is closed
}

func (u *UA) newCall(number string, from Party, to string, d dialog) *Call {
	return &Call{
		ua: u, number: number, from: from, to: to, dialog: d, id: d.callID, key: d.key(),
		feed:      watch.Feed[Event]{Keep: true},
		box:       watch.NewMailbox[message](),
		hangup:    make(chan struct{}),
		changes:   make(chan change),
		referrals: make(chan *referral),
		told:      make(chan verdict, 1),
		answered:  make(chan struct{}),
		done:      make(chan struct{}),
	}
}

// ID is the SIP Call-ID.
func (c *Call) ID() string { return c.id }

// From is the caller as the INVITE's From header shows it.
func (c *Call) From() Party { return c.from }

// To is the number that was called.
func (c *Call) To() string { return c.to }

// Inbound reports whether the call came to this phone.
func (c *Call) Inbound() bool { return c.inbound }

// String names the call for logs and messages.
func (c *Call) String() string { return fmt.Sprintf("call %s from %s to %q", c.id, c.from, c.to) }

// Events returns what has happened to the call so far.
func (c *Call) Events() []Event { return c.feed.Events() }

// Watch delivers all events of the call from its first on, also those that have
// happened already.
func (c *Call) Watch() *Watch { return &Watch{c.feed.Watch()} }

// Done is closed when the call is over.
func (c *Call) Done() <-chan struct{} { return c.done }

// Outcome is how the call ended, the zero value before Done is closed.
func (c *Call) Outcome() Outcome {
	select {
	case <-c.done:
		return c.outcome
	default:
		return Outcome{}
	}
}

// AwaitAnswer waits until the call is answered. If it ends first, the error says how
// and wraps ErrOver.
func (c *Call) AwaitAnswer(ctx context.Context) error {
	select {
	case <-c.answered:
		return nil
	default:
	}
	select {
	case <-c.answered:
		return nil
	case <-c.done:
		return fmt.Errorf("call to %s not answered: %d %s: %w", c.to, c.outcome.Code, c.outcome.Reason, ErrOver)
	case <-ctx.Done():
		return fmt.Errorf("wait for call to %s to be answered: %w", c.to, context.Cause(ctx))
	}
}

// AwaitEnd waits until the call is over and returns how it ended.
func (c *Call) AwaitEnd(ctx context.Context) (Outcome, error) {
	select {
	case <-c.done:
		return c.outcome, nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("wait for call to %s to end: %w", c.to, context.Cause(ctx))
	}
}

// Hangup ends the call, whatever it is doing: it sends a CANCEL before the answer of a
// call out, refuses a ringing call in with 603, sends a BYE after the answer. It waits
// until the call is over or ctx is done. Hanging up a call that is over does nothing.
func (c *Call) Hangup(ctx context.Context) error {
	c.wantEnd()
	_, err := c.AwaitEnd(ctx)
	return err
}

// wantEnd has the call hung up, without waiting.
func (c *Call) wantEnd() { c.onceHangup.Do(func() { close(c.hangup) }) }

// Press presses keys, any of 0-9 * # A-D, one after the other with the timing, and
// waits until the last one was let go.
func (c *Call) Press(ctx context.Context, keys string, t KeyTiming) error {
	t = t.orDefault()
	for i := range len(keys) {
		if i > 0 {
			if err := c.pause(ctx, t.Gap); err != nil {
				return err
			}
		}
		if err := c.media.Press(ctx, keys[i], t.Down); err != nil {
			return err
		}
	}
	return nil
}

// pause lets time pass while the call lasts.
func (c *Call) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.done:
		return fmt.Errorf("pause: %w", ErrOver)
	case <-ctx.Done():
		return fmt.Errorf("pause: %w", context.Cause(ctx))
	}
}

// AwaitLoud waits until n more packets of sound have come that are not silence, 50 of
// them a second: music is playing, or somebody speaks.
func (c *Call) AwaitLoud(ctx context.Context, n int) error { return c.media.AwaitLoud(ctx, n) }

// AwaitSilence waits until n packets in a row have come that are silence.
func (c *Call) AwaitSilence(ctx context.Context, n int) error { return c.media.AwaitSilence(ctx, n) }

// AwaitTone waits until n more packets have come that hold a tone of the frequency in
// hertz: the party whose Media.Tone it is, is heard here.
func (c *Call) AwaitTone(ctx context.Context, hertz float64, n int) error {
	return c.media.AwaitTone(ctx, hertz, n)
}

// Heard returns what has come by RTP so far.
func (c *Call) Heard() voice.Heard { return c.media.Heard() }

// openMedia opens the call's sound, which begins with the answer.
func (c *Call) openMedia(m voice.Media) (err error) {
	c.media, err = voice.Open(c.ua.wire.local.Addr(), m, voice.Events{
		First:       func(at time.Time) { c.note(Event{At: at, Kind: MediaReceived}) },
		KeyReceived: func(at time.Time, key byte) { c.note(Event{At: at, Kind: KeyReceived, Key: string(key)}) },
		KeySent:     func(at time.Time, key byte) { c.note(Event{At: at, Kind: KeySent, Key: string(key)}) },
	})
	return err
}

// note records an event and hands it to all who watch.
func (c *Call) note(e Event) {
	e.Phone, e.CallID, e.Call = c.number, c.id, c
	c.feed.Publish(e)
	if c.phone != nil {
		c.phone.feed.Publish(e)
	}
	c.ua.feed.Publish(e)
}

// establish notes the answer and begins the media. The time is that of the 200.
func (c *Call) establish(at time.Time, far voice.Session) {
	c.answerAt, c.far = at, far
	c.note(Event{At: at, Kind: Answered, Code: sip.StatusOK})
	c.media.Start(far)
	close(c.answered)
}

// finish ends the call: it closes the media, notes the end, and forgets the call. It
// is the last thing that the call's goroutine does.
func (c *Call) finish(at time.Time, o Outcome) {
	if !c.answerAt.IsZero() {
		o.Answered, o.Talked = true, at.Sub(c.answerAt)
	}
	if c.inbound && o.Answered {
		c.invite.acknowledged() // or so late that the 200 need not be repeated
	}
	c.outcome = o
	c.overTransfer(at, o.By)
	heard := c.media.Close()
	c.ua.forget(c)
	c.note(Event{At: at, Kind: Ended, Code: o.Code, Reason: o.Reason, Outcome: &o, Heard: &heard})
	c.feed.Finish()
	close(c.done)
}

// contactUser is the user part of our Contact.
func (c *Call) contactUser() string {
	if c.phone != nil {
		return c.phone.line
	}
	return escapeUser(c.number)
}
