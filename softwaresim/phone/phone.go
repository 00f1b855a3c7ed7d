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

// Account is an extension: its number, which is also its SIP user, and its password.
type Account struct {
	Number   string
	Password string
}

// Behaviour is what a phone does with a call that comes in. The zero value answers at
// once and stays until told or until the other side hangs up.
type Behaviour struct {
	// Ring is how long the phone rings before it does what it does.
	Ring time.Duration
	// Never makes it ring until the caller gives up, or Call.Answer or Call.Refuse
	// says otherwise.
	Never bool
	// Refuse is the code of a final response to refuse with: 486 busy, 603 declined,
	// 480 unavailable. 0 answers.
	Refuse int
	// Forward is the number of the switch that a refusal with 302 (Moved Temporarily)
	// sends the caller on to.
	Forward string
	// Talk is how long it stays in the call before it hangs up, 0 for ever.
	Talk time.Duration
}

// AnswerAfter rings for that time and answers.
func AnswerAfter(ring time.Duration) Behaviour { return Behaviour{Ring: ring} }

// AnswerThenHangup rings, answers, and hangs up after talking.
func AnswerThenHangup(ring, talk time.Duration) Behaviour { return Behaviour{Ring: ring, Talk: talk} }

// RefuseWith refuses at once with the code of a final response, such as 486.
func RefuseWith(code int) Behaviour { return Behaviour{Refuse: code} }

// ForwardTo sends callers on at once to another number.
func ForwardTo(number string) Behaviour {
	return Behaviour{Refuse: sip.StatusMovedTemporarily, Forward: number}
}

// NeverAnswer rings until the caller gives up.
func NeverAnswer() Behaviour { return Behaviour{Never: true} }

// Phone is an extension's phone. All methods are safe for concurrent use.
type Phone struct {
	ua      *UA
	account Account
	line    string // the user part of its Contact
	feed    watch.Feed[Event]

	mu        sync.Mutex
	behave    func(*Call) Behaviour
	media     voice.Media
	lines     int
	busy      int // calls that are going on
	register  registration
	stopAgain func() // ends the registering again, and waits for it
}

// NewPhone makes a phone for an extension. It takes calls once it is registered. Two
// phones may have the same number: two contacts of one extension.
func (u *UA) NewPhone(a Account, b Behaviour) *Phone {
	p := &Phone{ua: u, account: a, media: u.config.Media, lines: 1,
		behave: func(*Call) Behaviour { return b }}
	u.mu.Lock()
	defer u.mu.Unlock()
	p.line = escapeUser(a.Number)
	for n := 2; u.phones[p.line] != nil; n++ {
		p.line = fmt.Sprintf("%s-%d", escapeUser(a.Number), n)
	}
	u.phones[p.line] = p
	return p
}

// Number is the extension's number.
func (p *Phone) Number() string { return p.account.Number }

// Behave sets what the phone does with the calls that come from now on.
func (p *Phone) Behave(b Behaviour) { p.BehaveBy(func(*Call) Behaviour { return b }) }

// BehaveBy lets f decide for each call that comes from now on.
func (p *Phone) BehaveBy(f func(*Call) Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behave = f
}

// SetMedia sets what the phone sends in the calls that begin from now on.
func (p *Phone) SetMedia(m voice.Media) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.media = m
}

// SetLines sets how many calls the phone takes at a time, 1 at first. One more is
// refused with 486 (Busy Here), after its INVITE was noted.
func (p *Phone) SetLines(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = n
}

// Watch delivers the events of this phone and its calls from now on.
func (p *Phone) Watch() *Watch { return &Watch{p.feed.Watch()} }

// Dial calls a number from the extension, with its credentials. It returns when the
// INVITE was sent; the call goes on whatever becomes of ctx.
func (p *Phone) Dial(ctx context.Context, number string) (*Call, error) {
	p.mu.Lock()
	media := p.media
	p.mu.Unlock()
	return p.ua.dial(ctx, p, Party{Number: p.account.Number}, number, media, p.account.Password)
}

// occupy takes one of the phone's lines for a call and says what to do with it.
func (p *Phone) occupy(c *Call) (voice.Media, func() Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy++
	if p.busy > p.lines {
		return p.media, func() Behaviour { return RefuseWith(sip.StatusBusyHere) }
	}
	behave := p.behave
	return p.media, func() Behaviour { return behave(c) }
}

func (p *Phone) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
}
