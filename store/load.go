package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store/customers"
	"ringside/store/projection"
	"ringside/store/queuelog"
)

// Load reads everything that a new owner must know, before its first Commit: also of agents, extensions and queues that have left the floor plan
// since, so that the floor can end what it has no place for any more.
func (o *owner) Load(ctx context.Context) (engine.Remembered, error) {
	if err := o.take(ctx); err != nil {
		return engine.Remembered{}, fmt.Errorf("load the floor: %w", err)
	}
	defer o.give()
	if err := o.connected(ctx); err != nil {
		return engine.Remembered{}, fmt.Errorf("load the floor: %w", err)
	}
	r, err := o.load(ctx)
	if err != nil {
		return engine.Remembered{}, fmt.Errorf("load the floor: %w", o.unread(err))
	}
	o.version.Store(r.Version)
	inside := make([]queueapp.CallID, 0, len(r.Visits))
	for _, v := range r.Visits {
		inside = append(inside, v.Call)
	}
	past, err := o.past(ctx, r)
	if err != nil {
		return engine.Remembered{}, fmt.Errorf("load the floor: read the queue_log: %w", o.unread(err))
	}
	o.rows, o.told = projection.New(inside...), queuelog.New(past)
	o.follow(r.Plan)
	return r, nil
}

// Plan reads the floor plan that was applied last, and its version. An Apply that is committed after puts that version on
// record as the one in force. Customers are looked up where it says from now on.
func (o *owner) Plan(ctx context.Context) (floorplan.Plan, int64, error) {
	if err := o.take(ctx); err != nil {
		return floorplan.Plan{}, 0, fmt.Errorf("read the floor plan: %w", err)
	}
	defer o.give()
	if err := o.connected(ctx); err != nil {
		return floorplan.Plan{}, 0, fmt.Errorf("read the floor plan: %w", err)
	}
	plan, version, err := readPlan(ctx, o.conn, o.floor)
	if err != nil {
		return floorplan.Plan{}, 0, fmt.Errorf("read the floor plan: %w", o.unread(err))
	}
	o.version.Store(version)
	o.follow(plan)
	return plan, version, nil
}

func (o *owner) load(ctx context.Context) (r engine.Remembered, err error) {
	if _, err := o.conn.Exec(ctx, stmtProve, o.floor, o.epoch, 0, 0, nil, nil); err != nil {
		return r, err
	}
	r.Floor = o.floor
	if r.Plan, r.Version, err = readPlan(ctx, o.conn, o.floor); err != nil {
		return r, err
	}
	var last *time.Time
	err = o.conn.QueryRow(ctx, "SELECT next_step, next_entry, last_at FROM queueapp.floors WHERE name = $1", o.floor).
		Scan(&r.NextStep, &r.NextEntry, &last)
	if err != nil {
		return r, err
	}
	r.LastAt = known(last)
	if r.Agents, err = gather(ctx, o, scanAgent, agentsSQL); err != nil {
		return r, err
	}
	if r.Members, err = gather(ctx, o, scanMember, membersSQL); err != nil {
		return r, err
	}
	if r.Visits, err = gather(ctx, o, scanVisit, visitsSQL); err != nil {
		return r, err
	}
	spared, err := gather(ctx, o, scanSpared, sparedSQL)
	if err != nil {
		return r, err
	}
	for _, s := range spared {
		for i := range r.Visits {
			if r.Visits[i].Call == s.call {
				r.Visits[i].Spared = append(r.Visits[i].Spared, s.Spared)
			}
		}
	}
	open, err := gather(ctx, o, scanAttempt, attemptsSQL)
	if err != nil {
		return r, err
	}
	r.Homes = make(map[queueapp.CallID]queueapp.SwitchName, len(open))
	for _, a := range open {
		r.Attempts = append(r.Attempts, a.RestoreAttempt)
		r.Homes[a.Attempt.Call] = a.home
	}
	if r.Unsent, err = gather(ctx, o, scanOutgoing, unsentSQL); err != nil {
		return r, err
	}
	if err := o.lately(ctx, &r); err != nil {
		return r, err
	}
	if r.Meetings, err = o.meetings(ctx, r.Plan); err != nil {
		return r, err
	}
	r.Seqs, err = o.seqs(ctx)
	return r, err
}

// gather reads rows that are asked for by the floor's name.
func gather[T any](ctx context.Context, o *owner, scan pgx.RowToFunc[T], sql string) ([]T, error) {
	rows, err := o.conn.Query(ctx, sql, o.floor)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

const agentsSQL = `
SELECT a.agent, coalesce(s.extension, ''), p.agent IS NOT NULL, coalesce(p.reason, ''), t.last_call, t.wrap_until, coalesce(t.misses, 0),
    CASE WHEN t.last_call >= s.began_at THEN t.calls ELSE 0 END, CASE WHEN t.last_call >= s.began_at THEN t.talked ELSE interval '0' END
FROM (SELECT agent FROM queueapp.sessions WHERE floor = $1 AND ended_at IS NULL
    UNION SELECT agent FROM queueapp.pauses WHERE floor = $1 AND ended_at IS NULL AND queue = ''
    UNION SELECT agent FROM queueapp.agent_states WHERE floor = $1) a
LEFT JOIN queueapp.sessions s ON s.floor = $1 AND s.agent = a.agent AND s.ended_at IS NULL
LEFT JOIN queueapp.pauses p ON p.floor = $1 AND p.agent = a.agent AND p.ended_at IS NULL AND p.queue = ''
LEFT JOIN queueapp.agent_states t ON t.floor = $1 AND t.agent = a.agent
ORDER BY a.agent`

func scanAgent(row pgx.CollectableRow) (a queueapp.RestoreAgent, err error) {
	var last, wrap *time.Time
	err = row.Scan(&a.Agent, &a.Extension, &a.Paused, &a.Reason, &last, &wrap, &a.NoAnswers, &a.Calls, &a.Talked)
	a.LastCall, a.WrapUntil = known(last), known(wrap)
	return a, err
}

// membersSQL finds whoever is logged on, but not for a queue, or paused for it alone.
const membersSQL = `
SELECT coalesce(p.queue, a.queue), coalesce(p.agent, a.agent), a.agent IS NOT NULL, p.agent IS NOT NULL, coalesce(p.reason, '')
FROM (SELECT * FROM queueapp.pauses WHERE floor = $1 AND ended_at IS NULL AND queue <> '') p
FULL JOIN (SELECT * FROM queueapp.absences WHERE floor = $1 AND ended_at IS NULL) a ON a.agent = p.agent AND a.queue = p.queue
ORDER BY 2, 1`

func scanMember(row pgx.CollectableRow) (m queueapp.RestoreMember, err error) {
	err = row.Scan(&m.Queue, &m.Agent, &m.Out, &m.Paused, &m.Reason)
	return m, err
}

const visitsSQL = `
SELECT v.call::text, v.queue, v.entry, v.priority, v.entered_at, v.deadline, c.switch, c.channel, c.number, c.name, c.dialled,
    c.customers::text, c.data::text, v.needs::text, v.only_agent, coalesce((SELECT max(a.n) FROM queueapp.attempts a WHERE a.call = v.call), 0),
    coalesce((SELECT a.agent FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n AND a.handed_from IS NULL
        AND a.ended_by = 'transfer'), '')
FROM queueapp.visits v JOIN queueapp.calls c ON c.id = v.call
WHERE v.floor = $1 AND v.ended_at IS NULL
ORDER BY v.entry`

func scanVisit(row pgx.CollectableRow) (v queueapp.RestoreVisit, err error) {
	var found, data, needs string
	err = row.Scan(&v.Call, &v.Queue, &v.Entry, &v.Priority, &v.Entered, &v.Deadline, &v.Switch, &v.Channel, &v.Caller.Number,
		&v.Caller.Name, &v.Caller.Dialled, &found, &data, &needs, &v.Agent, &v.Attempts, &v.Answered)
	if err != nil {
		return v, err
	}
	v.Timeout = v.Deadline.Sub(v.Entered)
	if v.Customers, err = customers.Decode(found); err != nil {
		return v, fmt.Errorf("call %s: %w", v.Call, err)
	}
	if v.Data, err = customers.DecodeData(data); err != nil {
		return v, fmt.Errorf("call %s: %w", v.Call, err)
	}
	if v.Needs, err = decodeNeeds(needs); err != nil {
		return v, fmt.Errorf("call %s: %w", v.Call, err)
	}
	return v, nil
}

// sparedSQL finds who let an open visit pass so lately that it is not offered to them again yet.
const sparedSQL = `
SELECT a.call::text, a.agent, max(a.closed_at + q.retry)
FROM queueapp.visits v JOIN queueapp.attempts a ON a.call = v.call AND a.visit = v.n
JOIN queueapp.queues q ON q.floor = v.floor AND q.name = v.queue
WHERE v.floor = $1 AND v.ended_at IS NULL AND a.agent IS NOT NULL AND a.reason IN ('no-answer', 'busy', 'refused', 'unreachable')
    AND a.closed_at + q.retry > clock_timestamp()
GROUP BY a.call, a.agent ORDER BY 1, 2`

type spared struct {
	call queueapp.CallID
	queueapp.Spared
}

func scanSpared(row pgx.CollectableRow) (s spared, err error) {
	err = row.Scan(&s.call, &s.Agent, &s.Until)
	return s, err
}

const attemptsSQL = `
SELECT a.call::text, a.n, coalesce(a.agent, ''), coalesce(a.extension, ''), a.state, a.offered_at, a.rang_at, a.answered_at, a.connected_at, c.switch,
    coalesce((SELECT sum(h.ended_at - h.began_at) FROM queueapp.holds h WHERE h.call = a.call AND h.attempt = a.n), interval '0'),
    (SELECT h.began_at FROM queueapp.holds h WHERE h.call = a.call AND h.attempt = a.n AND h.ended_at IS NULL),
    coalesce(a.handed_from, 0),
    CASE WHEN a.handed_from IS NULL THEN '' ELSE coalesce((SELECT l.channel FROM queueapp.legs l WHERE l.call = a.call AND l.attempt = a.n), '') END,
    a.pulled
FROM queueapp.attempt_report a JOIN queueapp.calls c ON c.id = a.call WHERE a.floor = $1 AND a.ended_at IS NULL
ORDER BY a.offered_at, a.call, a.n`

// openAttempt is an attempt and the switch of its call.
type openAttempt struct {
	queueapp.RestoreAttempt
	home queueapp.SwitchName
}

func scanAttempt(row pgx.CollectableRow) (a openAttempt, err error) {
	var rang, answered, connected, held *time.Time
	err = row.Scan(&a.Attempt.Call, &a.Attempt.N, &a.Agent, &a.Extension, &a.State, &a.Offered, &rang, &answered, &connected, &a.home,
		&a.Holds, &held, &a.From, &a.Channel, &a.Pulled)
	a.Rang, a.Answered, a.Connected, a.HeldSince = known(rang), known(answered), known(connected), known(held)
	return a, err
}

const unsentSQL = `
SELECT call::text, seq, attempt, extension, event, payload, at FROM queueapp.outbox
WHERE floor = $1 AND done_at IS NULL ORDER BY at, call, seq`

func scanOutgoing(row pgx.CollectableRow) (r engine.Outgoing, err error) {
	err = row.Scan(&r.Call, &r.Seq, &r.Attempt.N, &r.Extension, &r.Event, &r.Payload, &r.At)
	r.Attempt.Call = r.Call
	return r, err
}

// seqs reads the highest seq of every call that has an open visit or attempt.
func (o *owner) seqs(ctx context.Context) (map[queueapp.CallID]int64, error) {
	rows, err := o.conn.Query(ctx, `SELECT o.call::text, max(o.seq) FROM queueapp.outbox o
		WHERE o.call IN (SELECT call FROM queueapp.visits WHERE floor = $1 AND ended_at IS NULL
			UNION SELECT call FROM queueapp.attempts WHERE floor = $1 AND ended_at IS NULL)
		GROUP BY o.call`, o.floor)
	if err != nil {
		return nil, err
	}
	seqs := map[queueapp.CallID]int64{}
	var call queueapp.CallID
	var seq int64
	_, err = pgx.ForEachRow(rows, []any{&call, &seq}, func() error { seqs[call] = seq; return nil })
	return seqs, err
}

func known(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
