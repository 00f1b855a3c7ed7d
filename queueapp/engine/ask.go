package engine

import (
	"context"
	"errors"
	"fmt"

	"ringside/queueapp"
)

// ErrUnknownQueue says that the floor plan has no such queue.
var ErrUnknownQueue = errors.New("no such queue")

// ErrUnknownCall says that no such call is on the floor.
var ErrUnknownCall = errors.New("no such call")

// ask runs f on the loop and waits for it.
func (e *Engine) ask(ctx context.Context, f func(*tenure)) error {
	t, err := e.current()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	select {
	case t.in <- t.dated(func() { f(t); close(done) }):
	case <-t.over:
		return ErrNotOwner
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-t.over:
		return ErrNotOwner
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Agents lists the agents.
func (e *Engine) Agents(ctx context.Context) (views []queueapp.AgentView, err error) {
	err = e.ask(ctx, func(t *tenure) { views = t.floor.Agents() })
	return views, err
}

// Queues lists the queues.
func (e *Engine) Queues(ctx context.Context) (views []queueapp.QueueView, err error) {
	err = e.ask(ctx, func(t *tenure) { views = t.floor.Queues() })
	return views, err
}

// Calls lists the calls that wait or talk.
func (e *Engine) Calls(ctx context.Context) (views []queueapp.CallView, err error) {
	err = e.ask(ctx, func(t *tenure) { views = t.floor.Calls() })
	return views, err
}

// Explain says who would get the queue's next call, and why nobody else.
func (e *Engine) Explain(ctx context.Context, q queueapp.QueueName) (candidates []queueapp.Candidate, err error) {
	known := false
	err = e.ask(ctx, func(t *tenure) { candidates, known = t.floor.Explain(q) })
	if err == nil && !known {
		err = fmt.Errorf("%w: %s", ErrUnknownQueue, q)
	}
	return candidates, err
}

// Command tells the floor of an operator's wish and returns, once it is durable, what followed. A [queueapp.Refused]
// among the effects says that nothing changed. While the database is away nothing can be changed: [ErrAway].
func (e *Engine) Command(ctx context.Context, ev queueapp.Event) ([]queueapp.Effect, error) {
	var effects []queueapp.Effect
	durable, away := make(chan struct{}), false
	err := e.ask(ctx, func(t *tenure) {
		if away = t.unsure; away {
			return
		}
		effects = t.turn(ev)
		t.whenDurable(func() { close(durable) })
	})
	if err != nil {
		return nil, err
	}
	if away {
		return nil, ErrAway
	}
	t, err := e.current()
	if err != nil {
		return nil, err
	}
	select {
	case <-durable:
		return effects, nil
	case <-t.over:
		return nil, fmt.Errorf("%w: it is not known whether this took effect", ErrNotOwner)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// HangUp hangs a caller up.
func (e *Engine) HangUp(ctx context.Context, id queueapp.CallID) error {
	known := false
	err := e.ask(ctx, func(t *tenure) {
		if c := t.calls[id]; c != nil && !c.gone {
			known = true
			c.sw.HangUp(c.channel.ID, "normal")
		}
	})
	if err == nil && !known {
		err = fmt.Errorf("%w: %s", ErrUnknownCall, id)
	}
	return err
}

// Release sends every waiting caller back to the dialplan, and says how many: the last resort before the floor is closed.
// Where the database is away it does not wait for it.
func (e *Engine) Release(ctx context.Context) (n int, err error) {
	durable := make(chan struct{})
	err = e.ask(ctx, func(t *tenure) {
		t.gaveUp = t.unsure
		for _, v := range t.floor.Calls() {
			if v.State != string(queueapp.StatusTalking) {
				t.turn(queueapp.Withdraw{Call: v.Call, Outcome: queueapp.OutcomeUnavailable})
				n++
			}
		}
		if t.unsure {
			close(durable)
			return
		}
		t.whenDurable(func() { close(durable) })
	})
	if err != nil {
		return 0, err
	}
	select {
	case <-durable:
		return n, nil
	case <-ctx.Done():
		return n, ctx.Err()
	}
}
