package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store/queuelog"
)

// QueueLogged delivers a value when this process has written entries of the queue_log. One reader at a time hears of them.
func (s *Store) QueueLogged() <-chan struct{} { return s.logged }

// QueueLog reads a floor's queue_log after a place, in order, most entries at most.
func (s *Store) QueueLog(ctx context.Context, floor string, after queuelog.Place, most int) (entries []queuelog.Entry, err error) {
	err = s.use(ctx, "read the queue_log", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT step, n, time, callid, queuename, agent, event, data1, data2, data3, data4, data5
			FROM queueapp.queue_log WHERE floor = $1 AND (step, n) > ($2, $3) ORDER BY step, n LIMIT $4`, floor, after.Step, after.N, most)
		if err != nil {
			return err
		}
		entries, err = pgx.CollectRows(rows, scanLogged)
		return err
	})
	return entries, err
}

// QueueLogEnd gives the place of a floor's last entry; zero: there is none.
func (s *Store) QueueLogEnd(ctx context.Context, floor string) (end queuelog.Place, err error) {
	err = s.use(ctx, "read the end of the queue_log", func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `SELECT step, n FROM queueapp.queue_log WHERE floor = $1 ORDER BY step DESC, n DESC LIMIT 1`, floor).
			Scan(&end.Step, &end.N)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return end, err
}

func scanLogged(row pgx.CollectableRow) (e queuelog.Entry, err error) {
	data := make([]string, queuelog.Fields)
	err = row.Scan(&e.Step, &e.N, &e.Time, &e.Call, &e.Queue, &e.Agent, &e.Event, &data[0], &data[1], &data[2], &data[3], &data[4])
	e.Data = queuelog.Trim(e.Event, data)
	return e, err
}

// past reads what the queue_log goes on from. A caller's entry is found by its time, which is the visit's own: callers of two
// Asterisks can have channels of one name.
func (o *owner) past(ctx context.Context, r engine.Remembered) (past queuelog.Past, err error) {
	rows, err := o.conn.Query(ctx, `
		SELECT v.call::text, l.data3::integer FROM queueapp.visits v JOIN queueapp.calls c ON c.id = v.call
		JOIN queueapp.queue_log l ON l.floor = v.floor AND l.time = v.entered_at AND l.callid = c.channel AND l.queuename = v.queue
		WHERE v.floor = $1 AND v.ended_at IS NULL AND l.event = 'ENTERQUEUE' AND l.data3 ~ '^[0-9]+$'`, o.floor)
	if err != nil {
		return past, err
	}
	past.Original = map[queueapp.CallID]int{}
	var call queueapp.CallID
	var place int
	if _, err = pgx.ForEachRow(rows, []any{&call, &place}, func() error { past.Original[call] = place; return nil }); err != nil {
		return past, err
	}
	rows, err = o.conn.Query(ctx, `SELECT agent, began_at FROM queueapp.sessions WHERE floor = $1 AND ended_at IS NULL`, o.floor)
	if err != nil {
		return past, err
	}
	past.Began = map[queueapp.AgentID]time.Time{}
	var agent queueapp.AgentID
	var began time.Time
	if _, err = pgx.ForEachRow(rows, []any{&agent, &began}, func() error { past.Began[agent] = began; return nil }); err != nil {
		return past, err
	}
	past.Plan, err = o.inForce(ctx, r)
	return past, err
}

// inForce reads the floor plan that the last owner told its floor. Where that is of a release whose plans cannot be read any
// more it is taken for the one to come: then the queue_log does not say who has joined or left a queue meanwhile.
func (o *owner) inForce(ctx context.Context, r engine.Remembered) (queueapp.Plan, error) {
	var version int64
	var source string
	err := o.conn.QueryRow(ctx, `SELECT f.plan_version, coalesce(p.source, '') FROM queueapp.floors f
		LEFT JOIN queueapp.plans p ON p.floor = f.name AND p.version = f.plan_version WHERE f.name = $1`, o.floor).Scan(&version, &source)
	switch {
	case err != nil:
		return queueapp.Plan{}, err
	case version == 0:
		return queueapp.Plan{}, nil
	case version == r.Version:
		return r.Plan.Floor, nil
	}
	plan, err := floorplan.Parse(fmt.Sprintf("floor plan %d of %s", version, o.floor), []byte(source))
	if err != nil {
		o.log.Warn("the queue_log will not say who has joined or left a queue since the last floor plan", "err", err)
		return r.Plan.Floor, nil
	}
	return plan.Floor, nil
}
