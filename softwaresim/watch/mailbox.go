// Package watch hands events from those to whom they happen to those who wait for
// them: in order, losing none, and without ever holding up the one for the other.
package watch

import (
	"context"
	"errors"
	"sync"
)

// ErrOver is returned where nothing can come any more.
var ErrOver = errors.New("it is over")

// Mailbox is a queue without bounds: putting never blocks and nothing is lost. Many
// goroutines may put, one at a time may take. Make it with NewMailbox.
type Mailbox[T any] struct {
	wake chan struct{}

	mu    sync.Mutex
	queue []T
	over  bool
}

// NewMailbox makes an empty mailbox.
func NewMailbox[T any]() *Mailbox[T] { return &Mailbox[T]{wake: make(chan struct{}, 1)} }

// Wake has something in it when there may be something to take: for a select. After it
// was received, Next must be called until it has nothing.
func (m *Mailbox[T]) Wake() <-chan struct{} { return m.wake }

// Put puts one more thing into the mailbox.
func (m *Mailbox[T]) Put(v T) {
	m.mu.Lock()
	m.queue = append(m.queue, v)
	m.mu.Unlock()
	m.nudge()
}

// Finish says that nothing will be put any more.
func (m *Mailbox[T]) Finish() {
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	m.nudge()
}

func (m *Mailbox[T]) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Next takes what came first, if there is anything.
func (m *Mailbox[T]) Next() (v T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		return v, false
	}
	v, m.queue = m.queue[0], m.queue[1:]
	return v, true
}

// Take takes what came first and waits for it until ctx is done. The error is ErrOver
// once the mailbox is finished and empty, or why ctx is done.
func (m *Mailbox[T]) Take(ctx context.Context) (T, error) {
	for {
		if v, ok := m.Next(); ok {
			return v, nil
		}
		var none T
		if m.finished() {
			return none, ErrOver
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
	}
}

func (m *Mailbox[T]) finished() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.over && len(m.queue) == 0
}
