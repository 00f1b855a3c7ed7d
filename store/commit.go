package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringside/queueapp/engine"
)

// What a write can fail with, besides a [Violation] and what PostgreSQL says.
var (
	// ErrNotOwner says that somebody else has taken the floor: nothing was written, and nothing ever will be.
	ErrNotOwner = fmt.Errorf("its epoch is another owner's: %w", engine.ErrNotOwner)
	// ErrLost says that the floor was lost before. Nothing was written by the call that returns it.
	ErrLost = errors.New("the floor is lost")
	// ErrUnknownOutcome says that it was given up between the write and PostgreSQL's answer: it may have been written.
	// The next owner's Load tells: what was written has a number below its NextStep.
	ErrUnknownOutcome = errors.New("given up before the answer: it may have been written")
	// ErrReleased says that the floor was given up with Release.
	ErrReleased = errors.New("the floor was given up")
)

// errUnanswered says that the connection was lost between a write and its answer.
var errUnanswered = errors.New("the connection was lost before the answer")

// Violation says that a write broke a rule of the tables. Nothing was written.
type Violation struct {
	Rule   string // the constraint's name, such as attempts_one_open_for_each_agent
	Detail string // which row, in PostgreSQL's words
}

// Error names the rule and the row.
func (v *Violation) Error() string { return "rule " + v.Rule + " is broken: " + v.Detail }

// integrityViolation is PostgreSQL's class of SQLSTATEs for broken constraints.
const integrityViolation = "23"

// mostUnanswered is how often a batch may take the connection with it: it may be the batch that does it.
const mostUnanswered = 5

// Commit writes a batch in one transaction and one round trip. It returns nil when the batch is durable, however long the
// database was away: a connection that was lost is made again, and a batch whose outcome is not known is looked for and
// never written twice. What else it can return: [ErrNotOwner], [ErrForgotten], a [Violation], another error of
// PostgreSQL's that waiting does not mend, and [ErrLost]: nothing was written; where ctx ends first, its error;
// [ErrUnknownOutcome] where the batch may have been written then, or has cost too many connections. An empty batch does
// nothing.
func (o *owner) Commit(ctx context.Context, b engine.Batch) error {
	if len(b.Steps) == 0 && len(b.Records) == 0 && len(b.Sent) == 0 {
		return nil
	}
	batch, logs := o.batch(b)
	inDoubt, unanswered := false, 0
	for pause := againFirst; ; pause = min(2*pause, againMost) {
		err := o.write(ctx, batch, b, &inDoubt)
		if errors.Is(err, errUnanswered) {
			unanswered++
		}
		switch {
		case err == nil:
			if logs {
				o.logged()
			}
			return nil
		case inDoubt && (ctx.Err() != nil || unanswered == mostUnanswered):
			return fmt.Errorf("commit: %w: %w", ErrUnknownOutcome, err)
		case !errors.Is(err, errPassing):
			return fmt.Errorf("commit: %w", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// write tries once. inDoubt is whether the batch may have been written by a try before.
func (o *owner) write(ctx context.Context, batch *pgx.Batch, b engine.Batch, inDoubt *bool) error {
	if err := o.take(ctx); err != nil {
		return err
	}
	defer o.give()
	if err := o.connected(ctx); err != nil {
		return err
	}
	if *inDoubt {
		there, err := o.written(ctx, b)
		switch {
		case err != nil:
			return o.unread(err)
		case there:
			o.confirm(b)
			return nil
		}
		*inDoubt, o.doubt = false, 0
	}
	err := o.settle(o.conn.SendBatch(ctx, batch).Close())
	switch {
	case err == nil:
		o.confirm(b)
	case errors.Is(err, errUnanswered):
		*inDoubt, o.doubt = true, o.after(b)
		err = fmt.Errorf("%w: %w", errPassing, err)
	}
	return err
}

// confirm notes that a batch is durable.
func (o *owner) confirm(b engine.Batch) { o.next, o.doubt = o.after(b), 0 }

// after is the step that follows a batch.
func (o *owner) after(b engine.Batch) int64 {
	if len(b.Steps) == 0 {
		return o.next
	}
	return max(o.next, b.Steps[len(b.Steps)-1].N+1)
}

// batch makes the statements of a batch, and reports whether entries of the queue_log are among them.
func (o *owner) batch(b engine.Batch) (batch *pgx.Batch, logs bool) {
	var w writer
	w.floor, w.epoch = o.floor, o.epoch
	w.prove(b.Steps, o.version.Load())
	for _, rows := range o.rows.Project(b.Steps) {
		w.closings(rows)
		w.openings(rows)
		w.agents(rows)
	}
	w.outbox(b.Records, b.Sent)
	w.journal(b.Steps)
	entries := o.told.Fold(b.Steps)
	w.queueLog(entries)
	return &w.batch, len(entries) > 0
}

// settle turns what a write ended with into what it means: errPassing where nothing was written and trying again may help,
// errUnanswered where it may have been written. The caller has the turn.
func (o *owner) settle(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && !o.conn.IsClosed() {
		switch {
		case pg.ConstraintName == writtenByOwner:
			o.lose(ErrNotOwner)
			return ErrNotOwner
		case pg.Code[:2] == integrityViolation:
			return &Violation{Rule: pg.ConstraintName, Detail: pg.Message + ": " + pg.Detail}
		case passing(pg):
			return fmt.Errorf("%w: %w", errPassing, err)
		}
		return err
	}
	if !o.conn.IsClosed() && pgconn.SafeToRetry(err) {
		return err // it was never sent: the caller's time is over, or the batch is not to be sent
	}
	if !o.conn.IsClosed() {
		o.conn.Close(expired()) // its answer would be taken for that of another write
	}
	o.broken(err)
	if pgconn.SafeToRetry(err) {
		return fmt.Errorf("%w: %w", errPassing, err)
	}
	return fmt.Errorf("%w: %w", errUnanswered, err)
}

// unread turns what reading ended with into what it means. The caller has the turn.
func (o *owner) unread(err error) error {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.ConstraintName == writtenByOwner:
		return o.settle(err)
	case o.conn.IsClosed():
		o.broken(err)
		return fmt.Errorf("%w: %w", errPassing, err)
	case pg != nil && passing(pg):
		return fmt.Errorf("%w: %w", errPassing, err)
	}
	return err
}

// expired is a context that has ended: what is done with it does not wait for a server that may not answer.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
