package engine

import (
	"errors"
	"fmt"
	"time"

	"ringside/queueapp"
)

// ErrAway says that the database is away, so that nothing can be promised now.
var ErrAway = errors.New("the database is away: nothing can be changed until it is back")

// maxUnwritten is how many turns of the floor may wait to be written: some 100 MB. Past that a new begin, from what the
// database and the switches know, costs less than what is left of this one.
const maxUnwritten = 100_000

// silence is for how long nothing has shown that the floor is ours and can be written.
func (t *tenure) silence() time.Duration {
	since := t.confirmed
	if at := t.Lease.lastConfirmed(); at.After(since) {
		since = at // a loop that is late is no database that is away
	}
	if t.writing && len(t.written) == 0 && t.handed.Before(since) {
		since = t.handed
	}
	return t.Now().Sub(since)
}

// mind holds the floor while ownership is in doubt or the database away, and gives waiting callers back when that has
// lasted too long (DESIGN §4.1, §4.10). A process that was frozen has held nothing yet: it first asks whose the floor is.
func (t *tenure) mind() {
	switch quiet := t.silence(); {
	case quiet > beatLimit && !t.unsure:
		t.hold()
	case quiet <= beatLimit && t.unsure:
		t.unhold()
	}
	if t.unsure && t.Now().Sub(t.heldAt) >= t.plan.Settings.Outage-beatLimit {
		t.giveUp()
	}
}

// hold stops offers. What rings goes on ringing, and whoever talks, talks.
func (t *tenure) hold() {
	t.unsure, t.heldAt = true, t.Now()
	t.log.Warn("the database is away: nobody is offered a call and new calls go on in the dialplan until it is back",
		"confirmed", t.confirmed, "waiting_callers_go_on_after", t.plan.Settings.Outage)
	t.turn(queueapp.Hold{Why: "the database is away"})
	for _, c := range t.calls {
		t.proceed(c)
	}
	t.feel()
}

// unhold lets offers be made again. What was heard meanwhile is written first, or with them.
func (t *tenure) unhold() {
	t.log.Info("the database is back", "held", t.Now().Sub(t.heldAt), "unwritten", len(t.batch.Steps))
	t.unsure, t.gaveUp = false, false
	t.turn(queueapp.Unhold{})
	held := t.suspended
	t.suspended = nil
	for _, f := range held {
		f()
	}
	t.feel()
}

// whenSure does f now, or as soon as it is certain again that the floor is ours.
func (t *tenure) whenSure(f func()) {
	if t.unsure {
		t.suspended = append(t.suspended, f)
		return
	}
	f()
}

// proceed has a call go on that waits for a database that is away. A caller and the agent who has answered are brought
// together, who was left by the other is hung up, and whoever a call was sent on to is rung: the attempt is durable, so whoever
// owns the floor would do the same. Where the wait for the database is over, who has left the queue leaves.
func (t *tenure) proceed(c *call) {
	if !t.unsure {
		return
	}
	for _, a := range c.attempts {
		if a.answered {
			t.bridge(c, a)
		}
		t.instruct(c, a)
		if a.half != nil {
			t.letRing(c, a)
		}
	}
	if c.left != nil && (t.gaveUp || c.left.Then != queueapp.ThenContinue) {
		t.leave(c)
	}
}

// giveUp gives the callers who wait back to the dialplan. Those whose phone rings have an agent, and who talks is served;
// those of a switch that is not heard may be another owner's by now.
func (t *tenure) giveUp() {
	if !t.gaveUp {
		t.gaveUp = true
		t.log.Warn("the database does not come back: waiting callers go on in the dialplan", "held", t.Now().Sub(t.heldAt))
		for _, c := range t.calls {
			t.proceed(c)
		}
	}
	for _, v := range t.floor.Calls() {
		c := t.calls[v.Call]
		if c == nil || v.Attempt != 0 && v.State != string(queueapp.StatusOffered) {
			continue
		}
		if _, up := t.upSwitches[c.sw.Name()]; up {
			t.turn(queueapp.Withdraw{Call: v.Call, Outcome: queueapp.OutcomeUnavailable})
		}
	}
}

// overfull ends the tenure where too much waits to be written.
func (t *tenure) overfull() error {
	if len(t.batch.Steps) <= maxUnwritten {
		return nil
	}
	return fmt.Errorf("%w: the database is away, and %d events wait to be written", errTenureOver, len(t.batch.Steps))
}
