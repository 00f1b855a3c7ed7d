package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ringside/queueapp"
	"ringside/queueapp/failpoint"
)

// Options is what an engine is made of. All fields but Observer and Lease are needed.
type Options struct {
	Floor    string // the floor's name
	Memory   Memory
	Switches func() ([]Switch, error) // fresh ones: each owns one event stream, for one period of owning the floor
	CRM      CRM
	Observer Observer
	Lease    *Lease // what the switches and the CRM ask before they act; the engine keeps it
	Log      *slog.Logger
	Now      func() time.Time
	NewID    func() queueapp.CallID // a fresh UUIDv7
}

// Engine owns a floor as long as this process may, and waits for it as long as another does. Its methods may be called
// concurrently.
type Engine struct {
	opt Options

	mu     sync.Mutex
	tenure *tenure // nil while another process owns the floor
	state  State
	why    string
}

// State is what an engine is doing.
type State string

// What an engine can be doing.
const (
	Starting State = "starting"
	Standby  State = "standby" // another process owns the floor
	Active   State = "active"
	Stopping State = "stopping"
)

// ErrNotOwner says that this process does not own the floor, so that it can neither tell nor do anything.
var ErrNotOwner = errors.New("this process does not own the floor")

// New returns an engine that does nothing until Run.
func New(o Options) *Engine {
	if o.Lease == nil {
		o.Lease = NewLease(o.Now)
	}
	return &Engine{opt: o, state: Starting, why: "waiting for the database"}
}

// Run owns the floor and works until ctx ends, then gives it up and leaves all calls to the next owner. While the database
// is away it holds the floor; where another process has owned it since it lets go of everything and waits to own it again.
// It returns nil when ctx ends, and an error only where trying again cannot help.
func (e *Engine) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := e.own(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, errTenureOver):
			return err
		}
		e.opt.Log.Warn("the floor is not ours; trying to own it again", "floor", e.opt.Floor, "why", err)
		select {
		case <-time.After(ownAgain):
		case <-ctx.Done():
		}
	}
	return nil
}

// ownAgain is the pause before another attempt to own the floor: a database that comes back is found soon.
const ownAgain = 250 * time.Millisecond

// errTenureOver ends a tenure that another may follow.
var errTenureOver = errors.New("ownership ended")

// own is one tenure: from getting the floor to losing it.
func (e *Engine) own(ctx context.Context) error {
	e.set(nil, Starting, "waiting for the database")
	defer e.opt.Lease.end()
	owner, err := e.opt.Memory.Own(ctx, e.opt.Floor, func(other string) {
		e.set(nil, Standby, "floor owned by "+other)
		e.opt.Log.Info("standing by", "floor", e.opt.Floor, "owner", other)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errTenureOver, err)
	}
	failpoint.Here("recovery", "owned")
	switches, err := e.opt.Switches()
	if err != nil {
		return errors.Join(err, owner.Release(context.WithoutCancel(ctx)))
	}
	t, err := newTenure(ctx, e.opt, owner, switches)
	if err != nil {
		return fmt.Errorf("%w: %w", errTenureOver, errors.Join(err, owner.Release(context.WithoutCancel(ctx))))
	}
	failpoint.Here("recovery", "loaded")
	e.set(t, Active, "")
	err = t.run(ctx)
	if ctx.Err() != nil {
		e.set(nil, Stopping, "giving the floor up")
	} else {
		e.set(nil, Starting, "the floor was lost")
	}
	if err != nil && ctx.Err() != nil {
		e.opt.Log.Warn("what was heard last could not be written; the next owner finds out from the switches", "err", err)
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if rerr := owner.Release(release); rerr != nil && ctx.Err() != nil {
		e.opt.Log.Warn("the floor could not be given up in order", "err", rerr)
	}
	return err
}

func (e *Engine) set(t *tenure, s State, why string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tenure, e.state, e.why = t, s, why
}

// current gives the tenure, or ErrNotOwner.
func (e *Engine) current() (*tenure, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tenure == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotOwner, e.why)
	}
	return e.tenure, nil
}

// run works until ctx ends or the floor is lost. Everything it starts has ended when it returns.
func (t *tenure) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	t.ctx = ctx
	g.Go(func() error { return t.loop(ctx) })
	g.Go(func() error { return t.write(ctx) })
	g.Go(func() error { return t.beat(ctx) })
	g.Go(func() error { return t.crm.Run(ctx, t.sent) })
	for _, sw := range t.inOrder {
		g.Go(func() error {
			return sw.Run(ctx, func(ev SwitchEvent) { t.hear(sw, ev) })
		})
	}
	g.Go(func() error {
		select {
		case <-t.owner.Lost():
			return fmt.Errorf("%w: another process has owned the floor since", errTenureOver)
		case <-ctx.Done():
			return nil
		}
	})
	err := g.Wait()
	t.lookups.Wait()
	return err
}

// beat proves once a second that the floor is ours, and tells the lease and the loop.
func (t *tenure) beat(ctx context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for confirmed := true; ; {
		var err error
		if confirmed, err = t.beatOnce(ctx, confirmed); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// beatOnce says whether the beat was confirmed, as the one before was or not. It fails where the floor is lost.
func (t *tenure) beatOnce(ctx context.Context, before bool) (confirmed bool, err error) {
	bounded, cancel := context.WithTimeout(ctx, beatPatience)
	defer cancel()
	begun := t.Now()
	err = t.owner.Beat(bounded)
	if err != nil && bounded.Err() == nil && !errors.Is(err, ErrNotOwner) {
		err = t.owner.Beat(bounded) // a connection that was lost says nothing of the floor; a new one does
	}
	switch {
	case ctx.Err() != nil:
		return false, nil
	case errors.Is(err, ErrNotOwner):
		return false, fmt.Errorf("%w: %w", errTenureOver, err)
	}
	select {
	case <-t.owner.Lost(): // that ends the tenure, and must not look like a database that is away
		return false, nil
	default:
	}
	t.Lease.Renew(begun, err == nil)
	if err != nil {
		if before {
			t.log.Warn("ownership could not be confirmed", "err", err)
		}
		return false, nil
	}
	t.post(func() { t.sure(begun) })
	return true, nil
}

const (
	beatEvery    = time.Second     // how often ownership is confirmed (DESIGN §4.1)
	beatPatience = time.Second     // how long a beat is waited for before it counts as an answer that nobody gave
	beatLimit    = 3 * time.Second // without a confirmation for this long nothing new is ordered
)
