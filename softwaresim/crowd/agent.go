package crowd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"ringside/softwaresim/phone"
)

// agent is an agent who does as chance has it.
type agent struct {
	crowd *running
	phone *phone.Phone

	mu  sync.Mutex
	rng *rand.Rand
}

// behave says what the phone does with a call that comes.
func (a *agent) behave(ctx context.Context, call *phone.Call) phone.Behaviour {
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := upTo(a.rng, 1200*time.Millisecond)
	if a.rng.IntN(3) == 0 {
		ring = 0
	}
	switch n := a.rng.IntN(100); {
	case n < 10:
		to, hold, wait := a.crowd.Agents[a.rng.IntN(len(a.crowd.Agents))], a.rng.IntN(2) == 0, upTo(a.rng, time.Second)
		a.crowd.beside.Go(func() { a.sendOn(ctx, call, to.Number(), hold, wait) })
		return phone.AnswerAfter(ring)
	case n < 45:
		return phone.AnswerThenHangup(ring, upTo(a.rng, 1500*time.Millisecond)+time.Millisecond)
	case n < 60:
		return phone.AnswerAfter(ring)
	case n < 65:
		return phone.AnswerThenHangup(ring, time.Millisecond)
	case n < 90:
		return phone.Behaviour{Ring: ring, Refuse: []int{486, 603, 480, 404, 500}[a.rng.IntN(5)]}
	}
	return phone.NeverAnswer()
}

// sendOn has the agent, once the two talk, send the caller on to somebody's phone, some after a hold. That Asterisk refuses it
// while queueapp is away is no error: the two talk on.
func (a *agent) sendOn(ctx context.Context, call *phone.Call, to string, hold bool, wait time.Duration) {
	if call.AwaitAnswer(ctx) != nil {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	if hold {
		a.crowd.fail(call.Hold(ctx))
	}
	bounded, cancel := context.WithTimeout(ctx, codeLimit)
	defer cancel()
	_ = call.Transfer(bounded, to)
}

// draw says how long the agent does nothing, and what then.
func (a *agent) draw() (wait time.Duration, what int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return upTo(a.rng, 3*time.Second), a.rng.IntN(10)
}

// live logs on and off, pauses, is ready, unplugs the phone and plugs it in, until nobody calls any more. Whatever it
// begins it takes back, so that the floor does not run out of agents.
func (a *agent) live(ctx context.Context) {
	for {
		wait, what := a.draw()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-a.crowd.over:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
		switch what {
		case 0, 1:
			a.want(ctx, "logoff")
			a.want(ctx, "logon")
		case 2, 3:
			a.want(ctx, "pause")
			a.want(ctx, "ready")
		case 4:
			a.dial(ctx, a.crowd.Dial.Logoff)
			a.dial(ctx, a.crowd.Dial.Logon)
		case 5:
			a.dial(ctx, "*72873*7")
			a.dial(ctx, "*73239*")
		case 6:
			a.crowd.fail(a.phone.Unregister(ctx))
			a.crowd.fail(a.phone.Register(ctx))
		default: // who was paused for not answering comes back
			a.want(ctx, "ready")
		}
	}
}

func (a *agent) want(ctx context.Context, verb string) {
	a.crowd.fail(a.crowd.Command(ctx, a.phone.Number(), verb))
}

// codeLimit is how long a code may take to be heard out: a fault of some seconds may fall into it, and queueapp asks anew.
const codeLimit = 40 * time.Second

// dial dials a code and hears it out.
func (a *agent) dial(ctx context.Context, code string) {
	call, err := a.phone.Dial(ctx, code)
	if err != nil {
		a.crowd.fail(err)
		return
	}
	begun := time.Now()
	bounded, cancel := context.WithTimeout(ctx, codeLimit)
	defer cancel()
	if _, err = call.AwaitEnd(bounded); err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s dialled %s at %s, and was never hung up on: %w", a.phone.Number(), code, begun.Format("15:04:05.000"), err)
		a.crowd.fail(errors.Join(err, call.Hangup(ctx)))
		return
	}
	a.crowd.fail(err)
}
