package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/floorplan"
)

// tenure is one period of owning the floor. All fields below the line belong to the loop's goroutine.
type tenure struct {
	Options
	owner    Owner
	log      *slog.Logger
	crm      CRM
	switches map[queueapp.SwitchName]Switch
	inOrder  []Switch        // the same, as configured
	ctx      context.Context // of run: lookups end with it
	in       chan func()     // what the loop is to do
	batches  chan Batch      // to the writer; one at a time
	written  chan error      // from the writer
	over     chan struct{}   // closed when the loop has ended: nobody listens any more
	lookups  sync.WaitGroup
	lead     atomic.Int64 // the floor plan's, for the goroutines of publishes
	health   atomic.Pointer[health]
	crowd    crowd

	floor     *queueapp.Floor
	plan      floorplan.Plan
	version   int64
	texts     floorplan.Texts
	hours     map[queueapp.QueueName]floorplan.Calendar // of queues that are not always open
	nextStep  int64
	nextEntry int64
	batch     Batch // to be written next
	after     []func()
	last      []func()  // to be done behind all that
	since     time.Time // when the batch began to wait for company
	writing   bool
	inFlight  []func()  // to be done when the batch that is being written is durable
	handed    time.Time // when the writer got it
	handedN   int       // how many steps it has
	confirmed time.Time // when the last beat or commit began that was confirmed
	unsure    bool      // held for want of either
	heldAt    time.Time // since when
	gaveUp    bool      // and so long that waiting callers are given back
	suspended []func()  // to be done when it is not any more

	calls      map[queueapp.CallID]*call
	channels   map[channelAt]*call              // callers' channels
	others     map[channelAt]queueapp.AttemptID // legs that transfers have brought
	halves     map[channelAt]Channel            // of such legs, the far ones that have come before the near ones
	devices    map[device][]queueapp.ExtensionID
	shown      map[queueapp.ExtensionID][]*attempt // whose records may be open on an extension's node
	owed       map[RecordKey]*attempt              // closes that the last owner may not have delivered
	remembered []queueapp.RestoreVisit             // until the first switch has told what lives there
	homes      map[queueapp.CallID]queueapp.SwitchName
	attempts   map[queueapp.CallID][]queueapp.RestoreAttempt // remembered ones: at most one is not ending
	seqs       map[queueapp.CallID]int64
	visited    map[channelAt]visited // calls that went on in the dialplan
	leaving    map[channelAt]Leaving // visits that ended last, until their switch has told
	upSwitches map[queueapp.SwitchName]bool
	started    map[queueapp.SwitchName]time.Time // since when Asterisk runs, of those that were heard
	watchers   map[chan<- Notice]struct{}
	guard      *ivr.Guard // who guessed wrong codes, by number
	reported   time.Time  // when the log last said how many calls were turned away
	lamps      lamps
	acquainted acquainted
}

// inBound is how many inputs may wait for the loop. Adapters wait when it is full, and queue on their side.
const inBound = 16384

func newTenure(ctx context.Context, o Options, owner Owner, switches []Switch) (*tenure, error) {
	rem, err := owner.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the last owner of the floor left: %w", err)
	}
	t := &tenure{
		Options: o, owner: owner, log: o.Log.With("floor", o.Floor), crm: o.CRM,
		switches: map[queueapp.SwitchName]Switch{}, inOrder: switches,
		in: make(chan func(), inBound), batches: make(chan Batch, 1), written: make(chan error, 1), over: make(chan struct{}),
		floor: queueapp.NewFloor(), nextStep: rem.NextStep, nextEntry: rem.NextEntry, confirmed: o.Now(),
		calls: map[queueapp.CallID]*call{}, channels: map[channelAt]*call{},
		others: map[channelAt]queueapp.AttemptID{}, halves: map[channelAt]Channel{},
		devices: map[device][]queueapp.ExtensionID{}, attempts: map[queueapp.CallID][]queueapp.RestoreAttempt{}, seqs: rem.Seqs,
		leaving: map[channelAt]Leaving{}, visited: map[channelAt]visited{}, shown: map[queueapp.ExtensionID][]*attempt{}, owed: map[RecordKey]*attempt{}, watchers: map[chan<- Notice]struct{}{},
		upSwitches: map[queueapp.SwitchName]bool{}, started: map[queueapp.SwitchName]time.Time{},
		guard: ivr.NewGuard(mostGuessers), lamps: lamps{next: o.Now().Add(lampsRest)},
	}
	for _, sw := range switches {
		t.switches[sw.Name()] = sw
	}
	t.feel()
	t.crm.Begin()
	return t, t.remember(rem)
}

// post gives the loop something to do. It waits where the loop is behind, and drops it where the tenure is over.
func (t *tenure) post(f func()) {
	select {
	case t.in <- t.dated(f):
	case <-t.over:
	}
}

// dated has the loop note, as it does f, since when that waited.
func (t *tenure) dated(f func()) func() {
	at := t.Now()
	return func() { t.crowd.working(at); f() }
}

// loop is the one goroutine that owns the floor. It never waits for anybody but its inputs.
func (t *tenure) loop(ctx context.Context) error {
	defer close(t.over)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if err := t.overfull(); err != nil {
			return err
		}
		t.flush()
		t.light()
		t.wakeAt(timer)
		if len(t.in) == 0 {
			t.crowd.idle()
		}
		select {
		case f := <-t.in:
			f()
			t.drain()
		case err := <-t.written:
			if err := t.durable(err); err != nil {
				return err
			}
		case <-timer.C:
			t.wake()
		case <-t.owner.PlanChanged():
			t.reload()
		case <-ctx.Done():
			return t.lastWrite()
		}
	}
}

// drain takes what has come in meanwhile, so that one commit carries it all.
func (t *tenure) drain() {
	for range 256 {
		select {
		case f := <-t.in:
			f()
		default:
			return
		}
	}
}

// turn tells the floor what happened and follows its effects up.
func (t *tenure) turn(ev queueapp.Event) []queueapp.Effect {
	now := t.Now().Truncate(time.Microsecond) // as the journal keeps it
	t.lamps.behind = true
	effects := t.floor.Handle(now, ev)
	if len(effects) == 0 && !worthKeeping(ev) {
		return nil
	}
	t.nextStep++
	step := queueapp.Step{N: t.nextStep, At: now, Event: ev, Effects: effects}
	t.batch.Steps = append(t.batch.Steps, step)
	t.crowd.behind.Store(int64(len(t.batch.Steps)))
	for _, e := range effects {
		t.follow(now, e)
	}
	if t.Observer != nil {
		t.Observer.Stepped(step)
	}
	t.notify(Notice{N: step.N, At: step.At, Step: step})
	return effects
}

// worthKeeping reports whether an event belongs in the journal although nothing followed from it.
func worthKeeping(ev queueapp.Event) bool {
	switch ev.(type) {
	case queueapp.Tick, queueapp.Device:
		return false
	default:
		return true
	}
}

func (t *tenure) wakeAt(timer *time.Timer) {
	next := t.floor.Next()
	d := beatEvery / 2 // for want of a beat
	if !t.since.IsZero() {
		d = lull
	}
	if !next.IsZero() {
		d = min(d, max(0, next.Sub(t.Now())))
	}
	if t.lamps.due(t.plan) {
		d = min(d, max(0, t.lamps.next.Sub(t.Now())))
	}
	timer.Reset(d)
}

// wake gives the floor its tick when it wants one, and has it held while ownership is in doubt.
func (t *tenure) wake() {
	now := t.Now()
	t.feel()
	if next := t.floor.Next(); !next.IsZero() && !next.After(now) {
		t.turn(queueapp.Tick{})
	}
	t.mind()
	t.reportCrowd(now)
}

// sure takes a confirmation that was asked for then.
func (t *tenure) sure(begun time.Time) {
	if begun.After(t.confirmed) {
		t.confirmed = begun
	}
	t.mind()
}

// whenDurable has f done once everything in the next batch is durable.
func (t *tenure) whenDurable(f func()) { t.after = append(t.after, f) }

// lastWhenDurable is whenDurable behind all else of the batch. A conversation's close is sent so: the agent's next phone
// call waits for its own record, which has the same node.
func (t *tenure) lastWhenDurable(f func()) { t.last = append(t.last, f) }

// lull is how long what nobody waits for may stay unwritten: so it comes in fewer, larger batches, and not in the way
// of the ring that it tells of.
const lull = 10 * time.Millisecond

// flush hands what there is to the writer, unless it still writes, or nobody waits for it yet: then the batch grows.
func (t *tenure) flush() {
	if t.writing || len(t.batch.Steps)+len(t.batch.Records)+len(t.batch.Sent)+len(t.after)+len(t.last) == 0 {
		return
	}
	if len(t.after)+len(t.last) == 0 {
		if t.since.IsZero() {
			t.since = t.Now()
		}
		if t.Now().Sub(t.since) < lull {
			return
		}
	}
	t.since = time.Time{}
	t.handedN = len(t.batch.Steps)
	t.batches <- t.batch
	t.inFlight = append(append(t.inFlight[:0], t.after...), t.last...)
	t.after, t.last, t.batch = t.after[:0], t.last[:0], Batch{}
	t.crowd.behind.Store(0)
	t.writing, t.handed = true, t.Now()
}

// durable follows a commit: what waited for it is done.
func (t *tenure) durable(err error) error {
	t.writing = false
	if err != nil {
		if t.Observer != nil {
			t.Observer.CommitFailed()
		}
		return fmt.Errorf("%w: write the journal: %w", errTenureOver, err)
	}
	t.crowd.wrote(t.handedN, t.Now().Sub(t.handed))
	if t.Observer != nil {
		t.Observer.Committed(t.Now().Sub(t.handed), t.handedN)
	}
	for i, f := range t.inFlight {
		f()
		t.inFlight[i] = nil
	}
	t.sure(t.handed)
	return nil
}

// lastLimit is how long what is left may take to be written when the tenure ends.
const lastLimit = 3 * time.Second

// write commits batches, one at a time, until ctx ends. A commit takes as long as the database is away.
func (t *tenure) write(ctx context.Context) error {
	beyond, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastLimit, cancel) })()
	for {
		select {
		case b := <-t.batches:
			around("commit", b)
			err := t.owner.Commit(beyond, b)
			around("committed", b)
			t.written <- err
			if err != nil {
				return nil // the loop ends the tenure
			}
		case <-t.over:
			return nil
		}
	}
}

// around is where a build with failpoints may die for any of what is written together.
func around(moment string, b Batch) {
	if !failpoint.Built {
		return
	}
	for _, s := range b.Steps {
		failpoint.Here(moment, s.Event)
	}
}

// lastWrite lets the commit in flight end and writes what is left, so that the next owner finds everything. What would
// have followed is left to it.
func (t *tenure) lastWrite() error {
	if t.writing {
		if err := <-t.written; err != nil {
			return fmt.Errorf("%w: write the journal: %w", errTenureOver, err)
		}
	}
	if len(t.batch.Steps)+len(t.batch.Records)+len(t.batch.Sent) == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), lastLimit)
	defer cancel()
	if err := t.owner.Commit(bounded, t.batch); err != nil && !errors.Is(err, ErrNotOwner) {
		return fmt.Errorf("write the end of the journal: %w", err)
	}
	return nil
}
