package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store/projection"
	"ringside/store/queuelog"
)

// planChannel is where apply notifies, with the floor's name.
const planChannel = "queueapp_plan"

// idleDelay is how long the owner's connection must be unused before it is listened to: a busy one shows its death and
// brings notifications by itself, and need not be interrupted for each write.
const idleDelay = 20 * time.Millisecond

// owner is the one connection that may write for a floor. Whoever uses it takes the turn; while nobody does, a goroutine
// waits for PostgreSQL to say something. A connection that is lost is made again by whoever next wants to beat or to write:
// a process that does neither must not keep the floor from a standby.
type owner struct {
	ownerConfig
	epoch   int64
	version atomic.Int64 // of the plan that was read last
	lost    chan struct{}
	life    context.Context // until Release
	end     context.CancelFunc
	idle    *time.Timer
	running sync.WaitGroup // the watcher, and a beat
	release sync.Once

	turn  chan struct{}         // holds a value while the connection is in use; it is needed for what follows
	conn  *pgx.Conn             // replaced with mu held, too
	next  int64                 // the step that follows what is known to be durable
	doubt int64                 // what it will be if a write whose outcome is not known took place; 0: there is none
	found int64                 // what it was when the connection was made again
	rows  *projection.Projector // what Load has begun and only Commit goes on with
	told  *queuelog.Fold        // the same

	mu        sync.Mutex
	wanted    int                // who waits for the turn
	interrupt context.CancelFunc // ends the watcher's waiting; nil while it does not wait
	why       error              // of the loss
}

// ownerConfig is what an owner needs of its store.
type ownerConfig struct {
	floor   string
	connect func(context.Context) (*pgx.Conn, error)
	plans   <-chan struct{}      // a new floor plan was written
	changed func()               // puts a value into plans
	logged  func()               // told when entries of the queue_log are durable; must not block
	follow  func(floorplan.Plan) // told of each plan that is read
	log     *slog.Logger
}

var _ engine.Owner = (*owner)(nil)

func newOwner(c ownerConfig, conn *pgx.Conn, epoch, next int64) *owner {
	o := &owner{
		ownerConfig: c, epoch: epoch, next: next, lost: make(chan struct{}),
		idle: time.NewTimer(idleDelay), turn: make(chan struct{}, 1), conn: conn,
		rows: projection.New(), told: queuelog.New(queuelog.Past{}),
	}
	o.life, o.end = context.WithCancel(context.Background())
	o.running.Go(o.watch)
	return o
}

func onPlan(floor string, changed func()) pgconn.NotificationHandler {
	return func(_ *pgconn.PgConn, n *pgconn.Notification) {
		if n.Channel == planChannel && n.Payload == floor {
			changed()
		}
	}
}

// Epoch rises with every owner.
func (o *owner) Epoch() int64 { return o.epoch }

// PlanChanged delivers a value when apply has written a new floor plan.
func (o *owner) PlanChanged() <-chan struct{} { return o.plans }

// Lost is closed when another process has owned the floor since, or when this one must begin anew.
func (o *owner) Lost() <-chan struct{} { return o.lost }

// Beat proves on the owning connection that the floor is still ours, and tells the standbys. A connection that was lost is
// made again. When ctx ends first the beat goes on without its caller: a database that only pauses does not cost the
// connection.
func (o *owner) Beat(ctx context.Context) error {
	if err := o.take(ctx); err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	answer := make(chan error, 1)
	o.running.Go(func() {
		defer o.give()
		answer <- o.prove()
	})
	select {
	case err := <-answer:
		if err != nil {
			err = fmt.Errorf("beat: %w", err)
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("beat: %w", ctx.Err())
	}
}

func (o *owner) prove() error {
	if err := o.connected(o.life); err != nil {
		return err
	}
	_, err := o.conn.Exec(context.Background(), stmtProve, o.floor, o.epoch, 0, 0, nil, nil)
	err = o.settle(err)
	if errors.Is(err, errUnanswered) {
		return fmt.Errorf("%w: %w", errPassing, err)
	}
	return err
}

// Release gives the floor up, so that a standby takes over at once. It must be called, also after the connection was lost.
func (o *owner) Release(ctx context.Context) error {
	var first bool
	o.release.Do(func() { first = true })
	if !first {
		return nil
	}
	err := o.take(ctx)
	o.end()
	switch {
	case err == nil && o.conn.IsClosed(): // the lock went with it
		<-o.turn
	case err == nil:
		err = o.leave(ctx)
		<-o.turn
	case errors.Is(err, ErrLost):
		err = nil // it is not ours to give up any more
	default:
		o.mu.Lock()
		err = errors.Join(err, o.conn.PgConn().Conn().Close()) // somebody still waits for an answer on it
		o.mu.Unlock()
	}
	o.running.Wait()
	select {
	case <-o.conn.PgConn().CleanupDone():
	case <-ctx.Done():
	}
	if err != nil {
		return fmt.Errorf("release floor %s: %w", o.floor, err)
	}
	return nil
}

// leave gives the lock back and ends the connection: PostgreSQL would take its time to notice that we have gone.
func (o *owner) leave(ctx context.Context) error {
	_, err := o.conn.Exec(ctx, "UPDATE queueapp.floors SET owner = NULL WHERE name = $1 AND epoch = $2", o.floor, o.epoch)
	if err == nil {
		_, err = o.conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	}
	if err != nil && o.conn.IsClosed() && ctx.Err() == nil {
		return nil // it broke, and the lock went with it
	}
	return errors.Join(err, o.conn.Close(ctx))
}

// take gets the connection for the caller's own use, ending the watcher's wait where it has it.
func (o *owner) take(ctx context.Context) error {
	o.mu.Lock()
	o.wanted++
	if o.interrupt != nil {
		o.interrupt()
	}
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.wanted--
		o.mu.Unlock()
	}()
	select {
	case o.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-o.life.Done():
		<-o.turn
		return ErrReleased
	case <-o.lost:
		<-o.turn
		return o.cause()
	default:
		return nil
	}
}

func (o *owner) give() {
	o.idle.Reset(idleDelay)
	<-o.turn
}

// watch listens to the connection whenever nobody uses it: that is how its end and a new floor plan are heard of at once.
func (o *owner) watch() {
	defer o.idle.Stop()
	for {
		select {
		case <-o.life.Done():
			return
		case <-o.lost:
			return
		case <-o.idle.C:
		}
		select {
		case o.turn <- struct{}{}:
			if !o.conn.IsClosed() { // else whoever makes it again sets the timer
				o.listen()
				o.idle.Reset(idleDelay)
			}
			<-o.turn
		default: // in use: whoever uses it sets the timer again
		}
	}
}

// listen waits until somebody wants the connection, or it ends.
func (o *owner) listen() {
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	o.mu.Lock()
	if o.wanted > 0 {
		o.mu.Unlock()
		return
	}
	o.interrupt = interrupt
	o.mu.Unlock()
	var err error
	for err == nil { // each notification ends one wait
		err = o.conn.PgConn().WaitForNotification(ctx)
	}
	o.mu.Lock()
	o.interrupt = nil
	o.mu.Unlock()
	if o.conn.IsClosed() {
		o.broken(err)
	}
}

// broken says that the connection ended.
func (o *owner) broken(why error) {
	o.log.Warn("the floor's connection is lost; it will be made again", "err", why)
}

// lose notes that the floor is not ours any more. The caller has the turn.
func (o *owner) lose(why error) {
	select {
	case <-o.lost:
		return
	default:
	}
	o.mu.Lock()
	o.why = why
	o.mu.Unlock()
	if !o.conn.IsClosed() {
		o.conn.Close(expired()) // an error would say that it is closed
	}
	close(o.lost)
}

func (o *owner) cause() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fmt.Errorf("%w: %w", ErrLost, o.why)
}
