package stasis

import (
	"context"
	"sync"
)

// maxFrames is how many events may wait in memory: 500 s of the busiest floor that DESIGN §7 asks for, some 130 MB. Past
// that nobody reads them any more, and the connection is given up for a fresh listing.
const maxFrames = 100_000

// item is an event as it came, with the connection that it came by, or something to do between two events.
type item struct {
	frame  []byte
	stream int
	do     func(*live)
}

// inbox is what one goroutine works off in order: frames from the websocket and results from the lanes.
type inbox struct {
	limit int
	more  chan struct{}

	mu     sync.Mutex
	items  []item
	frames int // that wait or are held
}

func newInbox(limit int) *inbox {
	return &inbox{limit: limit, more: make(chan struct{}, 1)}
}

// put adds something to do. It never blocks.
func (b *inbox) put(do func(*live)) {
	b.mu.Lock()
	b.items = append(b.items, item{do: do})
	b.mu.Unlock()
	b.ring()
}

// take adds an event; it reports false where too many wait.
func (b *inbox) take(stream int, frame []byte) bool {
	b.mu.Lock()
	full := b.frames >= b.limit
	if !full {
		b.frames++
		b.items = append(b.items, item{stream: stream, frame: frame})
	}
	b.mu.Unlock()
	b.ring()
	return !full
}

// release says that n events wait no longer.
func (b *inbox) release(n int) {
	b.mu.Lock()
	b.frames -= n
	b.mu.Unlock()
}

func (b *inbox) ring() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *inbox) all() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = nil
	return items
}

// serve hands every item to handle, in order and one at a time, until ctx ends.
func (b *inbox) serve(ctx context.Context, handle func(item)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.more:
		}
		for _, it := range b.all() {
			if ctx.Err() != nil {
				return
			}
			handle(it)
		}
	}
}
