package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"ringside/softwaresim/phone"
)

// enter measures from a caller's INVITE to an agent's, all agents being free. Queue()
// calls the agent without answering the caller, Ringside answers; the caller's
// INVITE is the one moment that both have.
func enter(ctx context.Context, f *floor, w way, n int) ([]time.Duration, error) {
	return enterAfter(ctx, f, w, n, 0)
}

// enterIdle is enter on a machine that has had nothing to do: each call finds processes
// that sleep and caches that others have used.
func enterIdle(ctx context.Context, f *floor, w way, n int) ([]time.Duration, error) {
	return enterAfter(ctx, f, w, n, rest)
}

func enterAfter(ctx context.Context, f *floor, w way, n int, rest time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	for range n {
		if err := pause(ctx, rest); err != nil {
			return nil, err
		}
		d, err := enterOnce(ctx, f, w)
		if err != nil && !errors.Is(err, errLost) {
			return nil, err
		}
		if err == nil {
			times = append(times, d)
		}
		if err := f.clear(ctx); err != nil {
			return nil, err
		}
	}
	return times, nil
}

func enterOnce(ctx context.Context, f *floor, w way) (time.Duration, error) {
	agents := f.agents.Watch()
	defer agents.Close()
	call, err := f.caller.Dial(ctx, w.number)
	if err != nil {
		return 0, err
	}
	invited, err := await(ctx, agents, phone.InviteReceived)
	if err != nil {
		return 0, err
	}
	sent := call.Events()[0].At
	_, err = await(ctx, agents, phone.AckReceived)
	return invited.At.Sub(sent), err
}

// waiting is how many callers wait while an agent hangs up.
const waiting = 2

// next measures from an agent's BYE to the next INVITE at any agent's phone, all
// agents being busy and callers waiting.
func next(ctx context.Context, f *floor, w way, n int) ([]time.Duration, error) {
	var times []time.Duration
	for n > 0 {
		taken, err := f.hangUps(ctx, w, n)
		if err != nil && !errors.Is(err, errLost) {
			return nil, err
		}
		times = append(times, taken...)
		n -= len(taken)
		if err != nil {
			n-- // the one that was lost
		}
		if err := f.clear(ctx); err != nil {
			return nil, err
		}
		if err := pause(ctx, rest); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// hangUps fills the floor and takes n samples, or as many as it can before one is lost.
// The time between two hang-ups is drawn, so that it cannot fall into step with
// Queue()'s polling.
func (f *floor) hangUps(ctx context.Context, w way, n int) (times []time.Duration, err error) {
	agents := f.agents.Watch()
	defer agents.Close()
	talking, err := f.fill(ctx, agents, w)
	if err != nil {
		return nil, err
	}
	for range n {
		if err := pause(ctx, 150*time.Millisecond+rand.N(700*time.Millisecond)); err != nil {
			return nil, err
		}
		d, taken, err := f.hangUp(ctx, agents, talking[0])
		if err != nil {
			return times, err
		}
		times = append(times, d)
		talking = append(talking[1:], taken)
		if _, err := f.caller.Dial(ctx, w.number); err != nil {
			return times, err
		}
	}
	return times, nil
}

// fill makes every agent talk and lets callers wait. It returns the agents' calls.
func (f *floor) fill(ctx context.Context, agents *phone.Watch, w way) ([]*phone.Call, error) {
	var talking []*phone.Call
	for range f.agents.Phones() {
		if _, err := f.caller.Dial(ctx, w.number); err != nil {
			return nil, err
		}
		acked, err := await(ctx, agents, phone.AckReceived)
		if err != nil {
			return nil, err
		}
		talking = append(talking, acked.Call)
	}
	for range waiting {
		if _, err := f.caller.Dial(ctx, w.number); err != nil {
			return nil, err
		}
	}
	return talking, nil
}

// hangUp hangs up one agent's call and returns the time until the next INVITE, and the
// call that it began.
func (f *floor) hangUp(ctx context.Context, agents *phone.Watch, call *phone.Call) (time.Duration, *phone.Call, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := call.Hangup(limited); err != nil {
		return 0, nil, errors.Join(errLost, err)
	}
	bye, err := await(ctx, agents, phone.ByeSent)
	if err != nil {
		return 0, nil, err
	}
	invited, err := await(ctx, agents, phone.InviteReceived)
	if err != nil {
		return 0, nil, err
	}
	_, err = await(ctx, agents, phone.AckReceived)
	return invited.At.Sub(bye.At), invited.Call, err
}
