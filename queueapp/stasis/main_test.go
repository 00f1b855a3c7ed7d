package stasis

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// pass lets time go by in a synctest bubble, and whatever follows from that.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// ear is a sink that remembers.
type ear struct {
	mu   sync.Mutex
	all  []engine.SwitchEvent // those that no test has taken yet
	more chan struct{}        // closed and replaced with each event
}

func newEar() *ear { return &ear{more: make(chan struct{})} }

func (e *ear) hear(ev engine.SwitchEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
	close(e.more)
	e.more = make(chan struct{})
}

// await takes the first event of a type that matches, waiting for it.
func await[T engine.SwitchEvent](t *testing.T, e *ear, match func(T) bool) T {
	t.Helper()
	late := time.After(patience)
	for {
		e.mu.Lock()
		for i, ev := range e.all {
			if want, ok := ev.(T); ok && (match == nil || match(want)) {
				e.all = append(e.all[:i:i], e.all[i+1:]...)
				e.mu.Unlock()
				return want
			}
		}
		more := e.more
		e.mu.Unlock()
		select {
		case <-more:
		case <-late:
			var want T
			t.Fatalf("no %T came; what came and was not expected:\n%s", want, e)
		}
	}
}

// count is how many events of a type wait that match.
func count[T engine.SwitchEvent](e *ear, match func(T) bool) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if want, ok := ev.(T); ok && (match == nil || match(want)) {
			n++
		}
	}
	return n
}

func (e *ear) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, ev := range e.all {
		fmt.Fprintf(&b, "\t%T%+v\n", ev, ev)
	}
	return b.String()
}

// tally is an Observer.
type tally struct {
	mu                         sync.Mutex
	events, unknown, malformed map[string]int
	requests                   map[string]int
}

func newTally() *tally {
	return &tally{
		events: map[string]int{}, unknown: map[string]int{}, malformed: map[string]int{}, requests: map[string]int{},
	}
}

func (c *tally) add(m map[string]int, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m[key]++
}

func (c *tally) of(m map[string]int, key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m[key]
}

func (c *tally) Event(kind string)                         { c.add(c.events, kind) }
func (c *tally) EventUnknown(kind string)                  { c.add(c.unknown, kind) }
func (c *tally) EventMalformed(kind string)                { c.add(c.malformed, kind) }
func (c *tally) Request(op string, _ time.Duration, _ int) { c.add(c.requests, op) }

// running is a Switch whose Run is under way until the test ends.
type running struct {
	*Switch
	*ear
	tally *tally
	stop  func()
}

// run runs a Switch. The test fails if Run does not return nil when it is ended.
func run(t *testing.T, s *Switch, tally *tally) *running {
	t.Helper()
	r := &running{Switch: s, ear: newEar(), tally: tally}
	r.start(t, r.hear)
	return r
}

func (r *running) start(t *testing.T, sink func(engine.SwitchEvent)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, sink) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	t.Cleanup(r.stop)
}

func logTo(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// slowSink is a sink that takes nothing until it is let.
type slowSink struct {
	blocked chan struct{}

	mu       sync.Mutex
	channels []queueapp.ChannelID
	why      error
}

func (s *slowSink) hear(e engine.SwitchEvent) {
	if _, up := e.(engine.SwitchUp); up {
		return
	}
	<-s.blocked
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := e.(engine.Arrived); ok {
		s.channels = append(s.channels, a.ID)
	}
	if down, ok := e.(engine.SwitchDown); ok {
		s.why = down.Err
	}
}

func (s *slowSink) took() []queueapp.ChannelID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.channels)
}

func (s *slowSink) down() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}
