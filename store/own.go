package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store/postgres"
)

// The times of ownership (DESIGN §4.1).
const (
	pollInterval     = 100 * time.Millisecond // between a standby's attempts to take the lock
	beatLimit        = 5 * time.Second        // without a beat, after which a standby ends the owner's connection
	lockTimeout      = 2 * time.Second        // how long a write waits for a table that somebody has locked
	statementTimeout = 5 * time.Second
)

// Own waits until this process owns the floor, raises its epoch and returns the one connection that may write. It polls:
// waiting inside PostgreSQL for the lock would hold back the clean-up of the floor's busiest row for as long as it takes. An
// owner from whom no beat was seen for 5 s has its connection ended. waiting, which may be nil, is called once, with the
// owner's name, where another process owns the floor now. An error means that the database cannot be reached or used;
// trying again may help, except for migrations.ErrOld and migrations.ErrNew.
//
// An epoch that is the last one plus one means that nobody else owned the floor in between.
func (s *Store) Own(ctx context.Context, floor string, waiting func(owner string)) (engine.Owner, error) {
	plans := make(chan struct{}, 1)
	c := ownerConfig{floor: floor, plans: plans, follow: s.followPlan, log: s.config.Log}
	c.changed = func() {
		select {
		case plans <- struct{}{}:
		default: // one is waiting to be heard already
		}
	}
	c.logged = func() {
		select {
		case s.logged <- struct{}{}:
		default: // whoever is to hear of it has yet to look
		}
	}
	c.connect = func(ctx context.Context) (*pgx.Conn, error) { return s.direct(ctx, floor, c.changed) }
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("own floor %s: %w", floor, err)
	}
	o, err := s.own(ctx, c, conn, waiting)
	if err != nil {
		conn.Close(context.WithoutCancel(ctx)) // the first error says more
		return nil, fmt.Errorf("own floor %s: %w", floor, err)
	}
	return o, nil
}

func (s *Store) own(ctx context.Context, c ownerConfig, conn *pgx.Conn, waiting func(string)) (*owner, error) {
	if err := checkDirect(ctx, conn); err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, conn); err != nil {
		return nil, err
	}
	if err := s.await(ctx, conn, c.floor, waiting); err != nil {
		return nil, err
	}
	epoch, next, err := s.raise(ctx, conn, c.floor)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, conn); err != nil {
		return nil, err
	}
	return newOwner(c, conn, epoch, next), nil
}

var errPooler = errors.New("the address leads to a connection pooler, which cannot hold the floor's lock: " +
	"give [postgres] dsn PostgreSQL's own port")

// checkDirect refuses a pooler: behind one the backend's own idea of its pid is not what the connection was told.
func checkDirect(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	if pid != conn.PgConn().PID() {
		return errPooler
	}
	return nil
}

// await returns once this connection holds the floor's lock.
func (s *Store) await(ctx context.Context, conn *pgx.Conn, floor string, waiting func(string)) error {
	key := lockKey(floor)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	var seen pulse
	for told := false; ; {
		asked := time.Now() // a standby that is frozen behind the answer must not think that the owner was
		got, owner, beat, err := try(ctx, conn, floor, key)
		if err != nil || got {
			return err
		}
		if !told && waiting != nil {
			waiting(owner)
		}
		told = true
		if seen.stale(beat, asked) {
			if err := s.terminate(ctx, conn, floor, owner, beat); err != nil {
				return err
			}
			seen = pulse{}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}

func try(ctx context.Context, conn *pgx.Conn, floor string, key int64) (got bool, owner string, beat time.Time, err error) {
	var name *string
	var at *time.Time
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1), f.owner, f.beat_at
		FROM (SELECT) AS one LEFT JOIN queueapp.floors f ON f.name = $2`, key, floor).Scan(&got, &name, &at)
	owner = "another process"
	if name != nil {
		owner = *name
	}
	if at != nil {
		beat = *at
	}
	return got, owner, beat, err
}

// pulse is the last beat that a standby saw, and when it first saw it by its own clock: the two machines' clocks, and the
// database's, need not agree.
type pulse struct{ beat, since time.Time }

func (p *pulse) stale(beat, now time.Time) bool {
	if p.since.IsZero() || !beat.Equal(p.beat) {
		*p = pulse{beat, now}
		return false
	}
	return now.Sub(p.since) >= beatLimit
}

// locks finds the sessions that hold the advisory lock $1. PostgreSQL keeps its two halves.
const locks = ` FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND l.classid = ($1::bigint >> 32 & 4294967295)::oid AND l.objid = ($1::bigint & 4294967295)::oid`

// Holder tells which process owns the floor now; ok is false where none does.
func (s *Store) Holder(ctx context.Context, floor string) (owner string, ok bool, err error) {
	err = s.use(ctx, "ask who owns the floor", func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT EXISTS (SELECT`+locks+`),
			coalesce((SELECT owner FROM queueapp.floors WHERE name = $2), 'another process')`, lockKey(floor), floor).Scan(&ok, &owner)
	})
	return owner, ok, err
}

// terminate ends the connection of an owner that is frozen or unreachable: whatever it still sends, it cannot write any more.
// One that has beaten since is left alone.
func (s *Store) terminate(ctx context.Context, conn *pgx.Conn, floor, owner string, beat time.Time) error {
	var pids []uint32
	err := conn.QueryRow(ctx, "SELECT array_agg(l.pid) FILTER (WHERE pg_terminate_backend(l.pid))"+locks+
		" AND NOT EXISTS (SELECT FROM queueapp.floors WHERE name = $2 AND beat_at > $3)", lockKey(floor), floor, beat).Scan(&pids)
	if err != nil {
		return fmt.Errorf("end the connection of %s, which does not beat: %w", owner, postgres.Explain(s.address, err))
	}
	if len(pids) > 0 {
		s.config.Log.Warn("ended the connection of an owner that does not beat", "owner", owner, "pids", pids)
	}
	return nil
}

// followPlan makes the look-ups go where the plan says that the engine has just read.
func (s *Store) followPlan(plan floorplan.Plan) {
	if err := s.UseCustomers(plan.Customers); err != nil {
		s.config.Log.Error("customers are looked up as before: the floor plan names a place that cannot be used", "err", err)
	}
}

// raise makes this process the owner. From here on nobody can write with an epoch from before.
func (s *Store) raise(ctx context.Context, conn *pgx.Conn, floor string) (epoch, next int64, err error) {
	err = conn.QueryRow(ctx, `INSERT INTO queueapp.floors AS f (name, epoch, owner, owned_since, beat_at)
		VALUES ($1, 1, $2, clock_timestamp(), clock_timestamp())
		ON CONFLICT (name) DO UPDATE SET
			epoch = f.epoch + 1, owner = excluded.owner, owned_since = excluded.owned_since, beat_at = excluded.beat_at
		RETURNING epoch, next_step`, floor, s.config.Process).Scan(&epoch, &next)
	if err != nil {
		return 0, 0, fmt.Errorf("raise the epoch: %w", postgres.Explain(s.address, err))
	}
	return epoch, next, nil
}

// lockKey is the floor's advisory lock: PostgreSQL's locks have numbers, not names.
func lockKey(floor string) int64 {
	sum := sha256.Sum256([]byte("ringside floor " + floor))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
