package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringside/queueapp/engine"
)

// What a write can fail with, besides a [Violation] and what PostgreSQL says.
var (
	// ErrNotOwner says that somebody else has taken the floor: nothing was written, and nothing ever will be.
	ErrNotOwner = fmt.Errorf("its epoch is another owner's: %w", engine.ErrNotOwner)
	// ErrLost says that the owning connection is dead. Nothing was written by the call that returns it.
	ErrLost = errors.New("the connection that owns the floor is lost")
	// ErrUnknownOutcome says that the connection died between the write and PostgreSQL's answer: it may have been written.
	// The next owner's Load tells: what was written has a number below its NextStep.
	ErrUnknownOutcome = errors.New("the connection was lost before the answer: it may have been written")
	// ErrReleased says that the floor was given up with Release.
	ErrReleased = errors.New("the floor was given up")
)

// Violation says that a write broke a rule of the tables. Nothing was written.
type Violation struct {
	Rule   string // the constraint's name, such as attempts_one_open_for_each_agent
	Detail string // which row, in PostgreSQL's words
}

// Error names the rule and the row.
func (v *Violation) Error() string { return "rule " + v.Rule + " is broken: " + v.Detail }

// integrityViolation is PostgreSQL's class of SQLSTATEs for broken constraints.
const integrityViolation = "23"

// Commit writes a batch in one transaction and one round trip. It returns nil when the batch is durable. What else it can
// return: [ErrNotOwner], a [Violation] or another error of PostgreSQL's, and [ErrLost]: nothing was written;
// [ErrUnknownOutcome]: it may have been. A ctx that ends meanwhile costs the connection. An empty batch does nothing.
func (o *owner) Commit(ctx context.Context, b engine.Batch) error {
	if len(b.Steps) == 0 && len(b.Records) == 0 && len(b.Sent) == 0 {
		return nil
	}
	batch := o.batch(b)
	if err := o.take(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	defer o.give()
	return o.settle("commit", o.conn.SendBatch(ctx, batch).Close())
}

func (o *owner) batch(b engine.Batch) *pgx.Batch {
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
	return &w.batch
}

// settle turns what a write ended with into what the engine must know. The caller has the turn.
func (o *owner) settle(what string, err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && !o.conn.IsClosed() {
		switch {
		case pg.ConstraintName == writtenByOwner:
			err = fmt.Errorf("%s: %w", what, ErrNotOwner)
			o.lose(err)
			return err
		case pg.Code[:2] == integrityViolation:
			return fmt.Errorf("%s: %w", what, &Violation{Rule: pg.ConstraintName, Detail: pg.Message + ": " + pg.Detail})
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	if pgconn.SafeToRetry(err) {
		if o.conn.IsClosed() {
			o.lose(err)
			return fmt.Errorf("%s: %w: %w", what, ErrLost, err)
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	o.lose(err)
	return fmt.Errorf("%s: %w: %w", what, ErrUnknownOutcome, err)
}

// unread turns what reading ended with into what the engine must know. The caller has the turn.
func (o *owner) unread(what string, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == writtenByOwner {
		return o.settle(what, err)
	}
	if o.conn.IsClosed() {
		o.lose(err)
		return fmt.Errorf("%s: %w: %w", what, ErrLost, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
