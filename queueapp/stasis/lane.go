package stasis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/failpoint"
)

// maxLane is how many commands may wait for one channel: a channel that is sent more is in a loop, or Asterisk hangs.
const maxLane = 100

var (
	errClosed = errors.New("the switch is not running")
	errFull   = errors.New("too many commands wait for this channel")
	errStale  = errors.New("it waited too long to be sent")
)

// job is one command in a lane.
type job struct {
	command string // as engine.Failed names it
	channel queueapp.ChannelID
	do      func(ctx context.Context, l *lane) error
	failed  func(err error) // called instead of telling engine.Failed
}

// lane is what waits for one channel. A goroutine works it off and ends when nothing is left.
type lane struct {
	lanes *lanes
	jobs  []job
	added chan struct{} // rung when a job came
}

// lanes keep the commands of each channel in order and run those of different channels side by side.
type lanes struct {
	mu      sync.Mutex
	ctx     context.Context // the life of Run; nil when closed
	lanes   map[queueapp.ChannelID]*lane
	working sync.WaitGroup
}

func newLanes() *lanes { return &lanes{lanes: make(map[queueapp.ChannelID]*lane)} }

func (l *lanes) open(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx = ctx
}

// close refuses further jobs and waits for those that are under way: the context of open must have ended.
func (l *lanes) close() {
	l.mu.Lock()
	l.ctx = nil
	l.mu.Unlock()
	l.working.Wait()
}

func (l *lanes) push(key queueapp.ChannelID, j job) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil || l.ctx.Err() != nil {
		return errClosed
	}
	if ln := l.lanes[key]; ln != nil {
		if len(ln.jobs) >= maxLane {
			return errFull
		}
		ln.jobs = append(ln.jobs, j)
		select {
		case ln.added <- struct{}{}:
		default:
		}
		return nil
	}
	ln := &lane{lanes: l, jobs: []job{j}, added: make(chan struct{}, 1)}
	l.lanes[key] = ln
	ctx := l.ctx
	l.working.Go(func() { ln.work(ctx, key) })
	return nil
}

func (l *lane) work(ctx context.Context, key queueapp.ChannelID) {
	for {
		j, ok := l.next(ctx, key)
		if !ok {
			return
		}
		failpoint.Here("do", j.command)
		if err := j.do(ctx, l); err != nil && ctx.Err() == nil {
			j.failed(err)
		}
		failpoint.Here("done", j.command)
	}
}

func (l *lane) next(ctx context.Context, key queueapp.ChannelID) (job, bool) {
	l.lanes.mu.Lock()
	defer l.lanes.mu.Unlock()
	if len(l.jobs) == 0 || ctx.Err() != nil {
		delete(l.lanes.lanes, key)
		return job{}, false
	}
	j := l.jobs[0]
	l.jobs = l.jobs[1:]
	return j, true
}

// waits reports whether a command waits in the lane behind the one that is under way.
func (l *lane) waits(command string) bool {
	l.lanes.mu.Lock()
	defer l.lanes.mu.Unlock()
	for _, j := range l.jobs {
		if j.command == command {
			return true
		}
	}
	return false
}

// order puts a command into the lane of its channel; where it is refused there, it has failed.
func (s *Switch) order(key queueapp.ChannelID, j job) {
	if j.failed == nil {
		j.failed = func(err error) { s.tellFailed(engine.Failed{Command: j.command, Channel: j.channel}, err) }
	}
	if err := s.lanes.push(key, j); err != nil {
		j.failed(fmt.Errorf("%s: %w", j.command, err))
	}
}

func (s *Switch) tellFailed(what engine.Failed, err error) {
	what.Status, what.Err = statusOf(err), err
	s.inbox.put(func(l *live) { l.sink(what) })
}

func (s *Switch) soon() time.Time { return time.Now().Add(s.timing.Stale) }
