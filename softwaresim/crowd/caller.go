package crowd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"ringside/softwaresim/phone"
)

// step is a moment of a call at which its caller may hang up, in order.
type step int

const (
	atInvite step = iota
	atTrying
	atAnswer
	atKeys
	atCode
	atMusic
	atRing
	atUp
	atTalk
	never // as long as patience lasts
)

// caller is one who calls.
type caller struct {
	*running
	rng     *rand.Rand
	who     phone.Party
	until   step
	dialled string
	call    *phone.Call
}

// call is one caller: through the menu or straight into the queue, who hangs up at a step drawn beforehand, a little later.
func (r *running) call(ctx context.Context, n int64) {
	rng := r.chance(uint64(n))
	c := &caller{running: r, rng: rng, who: phone.Party{Name: fmt.Sprintf("Caller %d", n), Number: fmt.Sprintf("66%06d", n)},
		until: step(rng.IntN(int(never) + 3)), dialled: r.Dial.Queue}
	if rng.IntN(2) == 0 {
		c.dialled = r.Dial.IVR
	}
	rings := r.UA.Watch()
	defer rings.Close()
	var err error
	if c.call, err = r.UA.Caller(c.who).Dial(ctx, c.dialled); err != nil {
		r.fail(err)
		return
	}
	// A crowd that is broken off must not leave calls behind.
	defer func() { r.fail(c.call.Hangup(context.WithoutCancel(ctx))) }()
	c.live(ctx, rings)
}

// live goes through the steps until the one at which the caller hangs up.
func (c *caller) live(ctx context.Context, rings *phone.Watch) {
	life := c.call.Watch()
	defer life.Close()
	if c.until == atInvite {
		return
	}
	if _, err := life.Next(ctx, phone.Trying, phone.Answered); err != nil || c.until == atTrying {
		c.fail(err)
		return
	}
	if c.call.AwaitAnswer(ctx) != nil || c.until == atAnswer {
		c.linger(ctx, 30*time.Millisecond)
		return
	}
	if c.dialled == c.Dial.IVR && !c.keys(ctx) || c.until == atMusic {
		c.linger(ctx, 300*time.Millisecond)
		return
	}
	switch c.until {
	case atRing, atUp, atTalk:
		c.awaitStep(ctx, rings)
		c.linger(ctx, map[step]time.Duration{atRing: 200 * time.Millisecond, atUp: 30 * time.Millisecond, atTalk: time.Second}[c.until])
	default:
		c.linger(ctx, Patience+3*time.Second)
	}
}

// keys presses what a caller may press, and reports whether it is to go on.
func (c *caller) keys(ctx context.Context) bool {
	fast := phone.KeyTiming{Down: 60 * time.Millisecond, Gap: 60 * time.Millisecond}
	press := func(keys string) { c.fail(c.call.Press(ctx, keys, fast)) }
	anything := make([]byte, c.rng.IntN(8))
	for i := range anything {
		anything[i] = "0123456789*#"[c.rng.IntN(12)]
	}
	switch {
	case c.until == atKeys:
		press("1")
		return false
	case c.until == atCode:
		press("111")
		return false
	case c.rng.IntN(4) == 0:
		press(string(anything))
	case c.rng.IntN(4) == 0:
		press("4")
	case c.rng.IntN(3) == 0:
		press("19999#" + "2222#")
	default:
		press("1" + "1111#")
	}
	return true
}

// linger lets a little time pass, while the call lasts.
func (c *caller) linger(ctx context.Context, most time.Duration) {
	c.fail(c.call.Play(ctx, []phone.Step{{Wait: upTo(c.rng, most)}}, phone.KeyTiming{}))
}

// awaitStep waits until an agent's phone rings for this caller, or is answered, or the call is over.
func (c *caller) awaitStep(ctx context.Context, rings *phone.Watch) {
	patience, cancel := context.WithTimeout(ctx, Patience+time.Second)
	defer cancel()
	for {
		e, err := rings.Next(patience, phone.InviteReceived, phone.Answered, phone.Ended)
		switch {
		case err != nil:
			return
		case e.Call == c.call && e.Kind == phone.Ended:
			return
		case e.Call == nil || !e.Call.Inbound() || e.Call.From().Number != c.who.Number:
		case e.Kind == phone.Answered, e.Kind == phone.InviteReceived && c.until == atRing:
			return
		}
	}
}
