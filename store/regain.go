package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringside/migrations"
	"ringside/queueapp/engine"
	"ringside/store/postgres"
)

const (
	regainLimit = 2 * time.Second // for one attempt to be connected and to hold the lock again
	againFirst  = 50 * time.Millisecond
	againMost   = 500 * time.Millisecond
)

var (
	// errPassing is around what may be tried again: nothing of it was written, or o.doubt says what may have been.
	errPassing = errors.New("the database is away")
	errHeld    = errors.New("the floor's lock is still held by the connection that was lost")
)

// ErrForgotten says that the database has not got what it had confirmed before: it was set back to an earlier time, or a
// copy that was behind took its place.
var ErrForgotten = errors.New("the database has lost what it had confirmed")

// connected makes sure that the floor's connection is alive. One that was lost is made again: it is the owner's once it holds
// the lock and the epoch is still ours, since then nobody has owned the floor in between. The caller has the turn.
func (o *owner) connected(ctx context.Context) error {
	if !o.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, regainLimit)
	defer cancel()
	defer context.AfterFunc(o.life, cancel)()
	conn, err := o.connect(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errPassing, err)
	}
	if err := o.regain(ctx, conn); err != nil {
		conn.Close(context.WithoutCancel(ctx)) // the first error says more
		if o.over(err) {
			o.lose(err)
			return err
		}
		return fmt.Errorf("%w: %w", errPassing, postgres.Explain(conn.Config(), err))
	}
	o.mu.Lock()
	o.conn = conn
	o.mu.Unlock()
	o.log.Info("the floor's connection stands again, and nobody has owned the floor in between", "epoch", o.epoch)
	o.changed() // what was notified meanwhile was not heard
	return nil
}

// over reports whether an error means that the floor is not ours any more, or that this process must begin anew.
func (o *owner) over(err error) bool {
	return errors.Is(err, ErrNotOwner) || errors.Is(err, ErrForgotten) || errors.Is(err, migrations.ErrOld) ||
		errors.Is(err, migrations.ErrNew) || errors.Is(err, errPooler) || errors.Is(err, pgx.ErrNoRows)
}

// regain takes the lock and reads, behind that, whose the floor is and what was written: the lock is free only when the lost
// connection's last transaction has ended.
func (o *owner) regain(ctx context.Context, conn *pgx.Conn) error {
	if err := checkDirect(ctx, conn); err != nil {
		return err
	}
	if err := checkSchema(ctx, conn); err != nil {
		return err
	}
	var got bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey(o.floor)).Scan(&got); err != nil {
		return err
	}
	var epoch, next int64
	err := conn.QueryRow(ctx, "SELECT epoch, next_step FROM queueapp.floors WHERE name = $1", o.floor).Scan(&epoch, &next)
	switch {
	case err != nil:
		return err
	case epoch != o.epoch:
		return fmt.Errorf("epoch %d: %w", epoch, ErrNotOwner)
	case !got:
		return errHeld
	case next != o.next && next != o.doubt:
		return fmt.Errorf("%w: its next step is %d, not %d", ErrForgotten, next, o.next)
	}
	o.found = next
	return prepare(ctx, conn)
}

// written reports whether a batch whose outcome was not known is there. The caller has the turn.
func (o *owner) written(ctx context.Context, b engine.Batch) (there bool, err error) {
	switch {
	case len(b.Steps) > 0:
		return o.found == o.doubt, nil
	case len(b.Records) > 0:
		last := b.Records[len(b.Records)-1]
		err = o.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM queueapp.outbox WHERE call = $1::text::uuid AND seq = $2)",
			string(last.Call), last.Seq).Scan(&there)
		return there, err
	}
	return false, nil // what was sent may be noted twice
}

// passing reports whether PostgreSQL refused for a reason that goes by itself: a time-out, a lock, a lack of room, an
// operator, a server that only reads as it is about to take over (its appendix A).
func passing(pg *pgconn.PgError) bool {
	for _, class := range []string{"08", "25006", "40", "53", "55P03", "57", "58"} {
		if strings.HasPrefix(pg.Code, class) {
			return true
		}
	}
	return false
}
