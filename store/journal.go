package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/store/projection"
)

// Entry is a step as the journal keeps it.
type Entry struct {
	queueapp.Step
	Floor string
	Epoch int64 // of the owner at the time
}

// Journal reads every step that a call had a part in, in order: those whose event is about it, and those whose effects are.
// A call that nobody knows has none.
func (s *Store) Journal(ctx context.Context, call queueapp.CallID) ([]Entry, error) {
	return s.journal(ctx, `
		SELECT floor, epoch, n, at, event, effects FROM queueapp.journal WHERE call = $1::text::uuid
		UNION ALL
		SELECT j.floor, j.epoch, j.n, j.at, j.event, j.effects FROM queueapp.journal_mentions m JOIN queueapp.journal j USING (floor, n)
		WHERE m.call = $1::text::uuid
		ORDER BY n`, string(call))
}

// Steps reads the journal of a floor from one step to another, both included.
func (s *Store) Steps(ctx context.Context, floor string, from, to int64) ([]Entry, error) {
	return s.journal(ctx, `SELECT floor, epoch, n, at, event, effects FROM queueapp.journal
		WHERE floor = $1 AND n BETWEEN $2 AND $3 ORDER BY n`, floor, from, to)
}

// Before reads what the owner of an entry had journalled before it, in order, from when it got the floor on. Of more than
// most steps it reads none.
func (s *Store) Before(ctx context.Context, e Entry, most int) ([]Entry, error) {
	entries, err := s.journal(ctx, `SELECT floor, epoch, n, at, event, effects FROM queueapp.journal
		WHERE floor = $1 AND epoch = $2 AND n < $3 ORDER BY n LIMIT $4`, e.Floor, e.Epoch, e.N, most+1)
	if len(entries) > most {
		return nil, err
	}
	return entries, err
}

func (s *Store) journal(ctx context.Context, sql string, args ...any) (entries []Entry, err error) {
	err = s.use(ctx, "read the journal", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		entries, err = pgx.CollectRows(rows, scanEntry)
		return err
	})
	return entries, err
}

func scanEntry(row pgx.CollectableRow) (Entry, error) {
	var e Entry
	var n int64
	var at time.Time
	var event string
	var effects []string
	if err := row.Scan(&e.Floor, &e.Epoch, &n, &at, &event, &effects); err != nil {
		return e, err
	}
	step, err := projection.Read(n, at, event, effects)
	if err != nil {
		return e, fmt.Errorf("step %d: %w", n, err)
	}
	e.Step = step
	return e, nil
}

// mostCalls is how many calls CallsBeginning gives at most: more is no help to whoever must choose.
const mostCalls = 10

// CallsBeginning gives the calls whose id begins with these hexadecimal digits, dashes aside, the latest first, ten at most.
func (s *Store) CallsBeginning(ctx context.Context, prefix string) (calls []queueapp.CallID, err error) {
	digits := strings.ToLower(strings.ReplaceAll(prefix, "-", ""))
	if digits == "" || len(digits) > 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("%.40q is no begin of a call's id: write its first digits, 0-9 and a-f", prefix)
	}
	pad := func(with string) string { return digits + strings.Repeat(with, 32-len(digits)) }
	err = s.use(ctx, "find calls", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id::text FROM queueapp.calls WHERE id BETWEEN $1::text::uuid AND $2::text::uuid
			ORDER BY id DESC LIMIT $3`, pad("0"), pad("f"), mostCalls)
		if err != nil {
			return err
		}
		calls, err = pgx.CollectRows(rows, pgx.RowTo[queueapp.CallID])
		return err
	})
	return calls, err
}
