package engine

import (
	"context"
	"time"

	"ringside/queueapp"
)

// Notice is one turn of the floor, for whoever watches; it may not be durable yet. The first that a watcher gets has no
// event: its N is that of the last turn before.
type Notice struct {
	N         int64
	At        time.Time
	Step      queueapp.Step
	Recording *RecordingNotice // in place of a turn: then N is that of the last one before
}

// watchBuffer is how many notices a watcher may lag behind; one that lags more is let go.
const watchBuffer = 256

// Watch delivers every turn of the floor from now on, until ctx ends, the floor is lost or the watcher lags too far
// behind: then the channel is closed.
func (e *Engine) Watch(ctx context.Context) (<-chan Notice, error) {
	ch := make(chan Notice, watchBuffer)
	t, err := e.current()
	if err != nil {
		return nil, err
	}
	if err := e.ask(ctx, func(t *tenure) {
		ch <- Notice{N: t.nextStep, At: t.Now()} // there is room
		t.watchers[ch] = struct{}{}
	}); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { t.post(func() { t.unwatch(ch) }) })
	return ch, nil
}

func (t *tenure) notify(n Notice) {
	for ch := range t.watchers {
		select {
		case ch <- n:
		default:
			t.unwatch(ch)
		}
	}
}

func (t *tenure) unwatch(ch chan<- Notice) {
	if _, watches := t.watchers[ch]; watches {
		delete(t.watchers, ch)
		close(ch)
	}
}
