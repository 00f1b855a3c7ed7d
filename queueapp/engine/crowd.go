package engine

import (
	"sync/atomic"
	"time"

	"ringside/queueapp"
)

// The bounds past which new calls are given back to the dialplan, so that those who are in are served (DESIGN §4.11).
const (
	lagLimit    = time.Second // how late the loop may be, and the writer
	inputLimit  = inBound / 2 // how many inputs may wait for it
	behindLimit = 1 << 13     // how many turns of the floor may wait to be written: a busy floor makes some thousand in 3 s
	telling     = 64          // how many turns a batch must have for its time to tell what one takes
)

// Why a new call is turned away.
const (
	awayOutage   = "outage"   // the database is away
	awayOverload = "overload" // too much waits already
)

// reportEvery is how often the log says how many were turned away.
const reportEvery = 10 * time.Second

// crowd tells, without waiting for the loop, whether new calls can be taken. It may be used concurrently.
type crowd struct {
	oldest   atomic.Int64 // when the input came that the loop is at, in Unix nanoseconds; 0: it waits for one
	behind   atomic.Int64 // how many turns wait to be written
	pace     atomic.Int64 // how many nanoseconds it took to write one, lately
	outage   atomic.Int64 // how many were turned away since the last report, and why
	overload atomic.Int64
}

// working notes what the loop is at.
func (c *crowd) working(since time.Time) { c.oldest.Store(since.UnixNano()) }

// idle notes that nothing waits for the loop.
func (c *crowd) idle() { c.oldest.Store(0) }

// wrote notes how long a batch took. A few turns that took long met a database that paused, not one that is slow.
func (c *crowd) wrote(turns int, took time.Duration) {
	if turns >= telling {
		c.pace.Store(int64(took) / int64(turns))
	}
}

// overloaded reports whether a new call would have to wait for the loop, or for the writer.
func (t *tenure) overloaded(now time.Time) bool {
	oldest, behind := t.crowd.oldest.Load(), t.crowd.behind.Load()
	return oldest != 0 && now.UnixNano()-oldest > int64(lagLimit) || len(t.in) > inputLimit ||
		behind > behindLimit || behind*t.crowd.pace.Load() > int64(lagLimit)
}

// turnAway gives a new call back to the dialplan at once. Nothing durable is needed for that.
func (t *tenure) turnAway(sw Switch, ch Channel, why string) {
	giveBack(sw, ch.ID)
	t.turnedAway(why)
}

func giveBack(sw Switch, ch queueapp.ChannelID) {
	outcome := queueapp.OutcomeUnavailable
	sw.Continue(ch, nil, Variable{"QUEUEAPP_OUTCOME", string(outcome)}, Variable{"QUEUESTATUS", outcome.QueueStatus()}, dialplanRules())
}

func (t *tenure) turnedAway(why string) {
	n := &t.crowd.overload
	if why == awayOutage {
		n = &t.crowd.outage
	}
	n.Add(1)
	if t.Observer != nil {
		t.Observer.TurnedAway(why)
	}
}

// reportCrowd says now and then how many were turned away.
func (t *tenure) reportCrowd(now time.Time) {
	if now.Sub(t.reported) < reportEvery || t.crowd.outage.Load()+t.crowd.overload.Load() == 0 {
		return
	}
	t.reported = now
	t.log.Warn("new calls were given back to the dialplan", "overload", t.crowd.overload.Swap(0), "outage", t.crowd.outage.Swap(0),
		"inputs", len(t.in), "unwritten", len(t.batch.Steps))
}
