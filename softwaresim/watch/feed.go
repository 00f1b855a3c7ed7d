package watch

import (
	"context"
	"slices"
	"sync"
)

// Feed hands events to all who watch. Its zero value is ready; all methods are safe for
// concurrent use.
type Feed[E any] struct {
	// Keep makes the feed remember all events, so that a watch that begins late still
	// sees the first. Set it before the first event.
	Keep bool

	mu      sync.Mutex
	kept    []E
	over    bool
	watches map[*Watch[E]]struct{}
}

// Watch delivers events in the order in which they were published: all, if the feed
// keeps them, else those from now on. One goroutine at a time may use it.
type Watch[E any] struct {
	box  *Mailbox[E]
	feed *Feed[E]
}

// Watch begins a watch. Close it when done with it.
func (f *Feed[E]) Watch() *Watch[E] {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &Watch[E]{box: NewMailbox[E](), feed: f}
	for _, e := range f.kept {
		w.box.Put(e)
	}
	if f.over {
		w.box.Finish()
	}
	if f.watches == nil {
		f.watches = make(map[*Watch[E]]struct{})
	}
	f.watches[w] = struct{}{}
	return w
}

// Publish hands an event to all watches. After Finish it does nothing.
func (f *Feed[E]) Publish(e E) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	if f.Keep {
		f.kept = append(f.kept, e)
	}
	for w := range f.watches {
		w.box.Put(e)
	}
}

// Finish says that nothing will be published any more.
func (f *Feed[E]) Finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for w := range f.watches {
		w.box.Finish()
	}
}

// Events returns what was kept so far.
func (f *Feed[E]) Events() []E {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.kept)
}

// Next returns the next event that fits, and skips those before it. It waits for it
// until ctx is done. The error is ErrOver where none can come any more.
func (w *Watch[E]) Next(ctx context.Context, fits func(E) bool) (E, error) {
	for {
		e, err := w.box.Take(ctx)
		if err != nil || fits(e) {
			return e, err
		}
	}
}

// Close ends the watch. It is safe to call more than once.
func (w *Watch[E]) Close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	delete(w.feed.watches, w)
}
