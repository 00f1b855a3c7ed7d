package store

import (
	"context"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
)

// The statements of a commit, by the names under which the owner's connection has them prepared.
const (
	stmtProve   = "prove"
	stmtLeave   = "leave"
	stmtAttempt = "attempt"
	stmtLogOff  = "logoff"
	stmtUnpause = "unpause"
	stmtHold    = "hold"
	stmtUnhold  = "unhold"
	stmtServe   = "serve"
	stmtAbsent  = "absent"
	stmtMove    = "move"
	stmtCaller  = "caller"
	stmtChannel = "channel"
	stmtHanded  = "handed"
	stmtSeat    = "seat"
	stmtEnter   = "enter"
	stmtOffer   = "offer"
	stmtOffered = "offered"
	stmtLeg     = "leg"
	stmtSession = "session"
	stmtPause   = "pause"
	stmtWrapUp  = "wrapup"
	stmtMisses  = "misses"
	stmtRecord  = "record"
	stmtSent    = "sent"
	stmtJournal = "journal"
	stmtMention = "mention"
	stmtLogged  = "logged"
)

// writtenByOwner is the constraint that prove breaks where the epoch is another owner's: a plain statement costs half of
// what a function that raises an error does.
const writtenByOwner = "floors_are_written_by_their_owner"

// statements gives what each name stands for.
func statements() map[string]string {
	all := closing()
	maps.Copy(all, opening())
	maps.Copy(all, noting())
	return all
}

// closing are the statements that change rows that are there.
func closing() map[string]string {
	return map[string]string{
		stmtProve: `
UPDATE queueapp.floors SET epoch = CASE WHEN epoch = $2 THEN epoch ELSE 0 END, beat_at = clock_timestamp(),
    next_step = greatest(next_step, $3), next_entry = greatest(next_entry, $4), last_at = greatest(last_at, $5),
    plan_version = coalesce($6, plan_version)
WHERE name = $1`,

		stmtLeave: `
WITH gone AS (
    UPDATE queueapp.visits SET ended_at = $2, outcome = $3::text::queueapp.outcome, agent = nullif($4::text, '') WHERE call = $1 AND ended_at IS NULL
    RETURNING call)
UPDATE queueapp.calls SET ended_at = $2 FROM gone WHERE id = gone.call`,

		// What is there stays; a conversation that the floor no longer believed in does not begin; and an attempt that closes
		// before its leg was asked for has ended.
		stmtAttempt: `
UPDATE queueapp.attempts SET
    published_at = coalesce(published_at, $3),
    publish = coalesce(publish, nullif($4::text, '')::queueapp.publish_result),
    rang_at = coalesce(rang_at, $5),
    alerted_at = coalesce(alerted_at, $6),
    answered_at = coalesce(answered_at, $7, CASE WHEN handed_from IS NOT NULL AND closed_at IS NULL THEN $8::timestamptz END),
    connected_at = CASE WHEN closed_at IS NULL AND (handed_from IS NOT NULL OR coalesce(answered_at, $7) IS NOT NULL)
        THEN coalesce(connected_at, $8::timestamptz) ELSE connected_at END,
    closed_at = coalesce(closed_at, $9, $12),
    reason = CASE WHEN closed_at IS NULL THEN nullif($10::text, '')::queueapp.revoke_reason ELSE reason END,
    ended_by = CASE WHEN closed_at IS NULL THEN nullif($11::text, '')::queueapp.ended_by ELSE ended_by END,
    ended_at = coalesce(ended_at, CASE WHEN coalesce(rang_at, $5) IS NULL THEN coalesce(closed_at, $9) END, $12),
    cause = coalesce(cause, nullif($13::text, '')::queueapp.end_cause),
    q850 = coalesce(nullif($14::integer, 0), q850)
WHERE call = $1 AND n = $2`,

		stmtLogOff: `
WITH absent AS (UPDATE queueapp.absences SET ended_at = $3 WHERE floor = $1 AND agent = $2 AND ended_at IS NULL)
UPDATE queueapp.sessions SET ended_at = $3 WHERE floor = $1 AND agent = $2 AND ended_at IS NULL`,

		stmtUnpause: `UPDATE queueapp.pauses SET ended_at = $3 WHERE floor = $1 AND agent = $2 AND queue = $4 AND ended_at IS NULL`,

		stmtUnhold: `UPDATE queueapp.holds SET ended_at = $3 WHERE call = $1 AND attempt = $2 AND ended_at IS NULL`,

		stmtServe: `UPDATE queueapp.absences SET ended_at = $3 WHERE floor = $1 AND agent = $2 AND queue = $4 AND ended_at IS NULL`,

		stmtCaller: `UPDATE queueapp.calls SET customers = $2, data = $3 WHERE id = $1`,

		stmtChannel: `UPDATE queueapp.calls SET channel = $2 WHERE id = $1`,

		stmtMove: `UPDATE queueapp.visits SET priority = $2 WHERE call = $1 AND ended_at IS NULL`,
	}
}

// opening are the statements that write what happens to calls.
func opening() map[string]string {
	return map[string]string{
		stmtEnter: `
WITH caller AS (
    INSERT INTO queueapp.calls (id, floor, switch, channel, number, name, dialled, customers, data, entered_at, ended_at)
    VALUES ($2::uuid, $1::text, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz, $11::timestamptz)
    ON CONFLICT (id) DO UPDATE SET switch = excluded.switch, channel = excluded.channel, number = excluded.number,
        name = excluded.name, dialled = excluded.dialled, customers = excluded.customers, data = excluded.data,
        ended_at = excluded.ended_at
)
INSERT INTO queueapp.visits (call, n, floor, queue, entry, priority, entered_at, deadline, ended_at, outcome, agent, needs, only_agent)
SELECT $2, coalesce(max(n), 0) + 1, $1, $12, $13, $14, $10, $15, $11, nullif($16::text, '')::queueapp.outcome, nullif($17::text, ''), $18, $19
FROM queueapp.visits WHERE call = $2`,

		stmtOffer: `
INSERT INTO queueapp.attempts (call, n, visit, floor, queue, agent, extension, offered_at, expires_at, pulled)
SELECT $2, $3, max(n), $1, $4, nullif($5::text, ''), $6, $7, $8, $9 FROM queueapp.visits WHERE call = $2`,

		stmtOffered: `
INSERT INTO queueapp.attempts (call, n, visit, floor, queue, agent, extension, offered_at, expires_at, published_at, publish,
    rang_at, alerted_at, answered_at, connected_at, closed_at, reason, ended_by, ended_at, cause, q850, pulled)
SELECT $2, $3, max(n), $1, $4, nullif($5::text, ''), $6, $7, $8, $9::timestamptz, nullif($10::text, '')::queueapp.publish_result, $11::timestamptz, $12::timestamptz,
    $13::timestamptz, CASE WHEN $13::timestamptz IS NOT NULL THEN $14::timestamptz END, $15::timestamptz,
    nullif($16::text, '')::queueapp.revoke_reason, nullif($17::text, '')::queueapp.ended_by, $18::timestamptz,
    nullif($19::text, '')::queueapp.end_cause, nullif($20::integer, 0), $21
FROM queueapp.visits WHERE call = $2`,

		// Of a call that was transferred nobody of the floor need have answered, and it need not be at a phone of ours.
		stmtHanded: `
INSERT INTO queueapp.attempts (call, n, visit, floor, queue, agent, extension, offered_at, expires_at, published_at, publish,
    rang_at, alerted_at, answered_at, connected_at, closed_at, reason, ended_by, ended_at, cause, q850, handed_from, dialled)
SELECT $2, $3, max(n), $1, $4, nullif($5::text, ''), nullif($6::text, ''), $7, $8, $9::timestamptz,
    nullif($10::text, '')::queueapp.publish_result, $11::timestamptz, $12::timestamptz, $13::timestamptz, $14::timestamptz,
    $15::timestamptz, nullif($16::text, '')::queueapp.revoke_reason, nullif($17::text, '')::queueapp.ended_by, $18::timestamptz,
    nullif($19::text, '')::queueapp.end_cause, nullif($20::integer, 0), $21, $22
FROM queueapp.visits WHERE call = $2`,

		stmtSeat: `UPDATE queueapp.attempts SET agent = nullif($3::text, ''), extension = nullif($4::text, '') WHERE call = $1 AND n = $2`,

		stmtLeg: `
INSERT INTO queueapp.legs (call, attempt, n, switch, channel) SELECT id, $2, $3, switch, $4 FROM queueapp.calls WHERE id = $1
ON CONFLICT DO NOTHING`,
	}
}

// noting are the statements that write what agents did, records, and the journal.
func noting() map[string]string {
	return map[string]string{
		stmtSession: `INSERT INTO queueapp.sessions (floor, agent, extension, began_at, ended_at) VALUES ($1, $2, $3, $4, $5)`,

		stmtPause: `INSERT INTO queueapp.pauses (floor, agent, reason, auto, began_at, ended_at, queue) VALUES ($1, $2, $3, $4, $5, $6, $7)`,

		stmtHold: `INSERT INTO queueapp.holds (call, attempt, began_at, ended_at) VALUES ($1, $2, $3, $4)`,

		stmtAbsent: `INSERT INTO queueapp.absences (floor, agent, queue, began_at, ended_at) VALUES ($1, $2, $3, $4, $5)`,

		stmtWrapUp: `
INSERT INTO queueapp.agent_states (floor, agent, last_call, wrap_until, calls, talked) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (floor, agent) DO UPDATE SET last_call = excluded.last_call, wrap_until = excluded.wrap_until, calls = excluded.calls,
    talked = excluded.talked`,

		stmtMisses: `
INSERT INTO queueapp.agent_states (floor, agent, misses) VALUES ($1, $2, $3)
ON CONFLICT (floor, agent) DO UPDATE SET misses = excluded.misses`,

		stmtRecord: `
INSERT INTO queueapp.outbox (floor, call, seq, attempt, extension, event, at, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,

		stmtSent: `
UPDATE queueapp.outbox SET done_at = clock_timestamp(), payload = NULL WHERE call = $1 AND seq = $2 AND done_at IS NULL`,

		stmtJournal: `
INSERT INTO queueapp.journal (floor, epoch, n, at, call, event, effects)
VALUES ($1, $2, $3, $4, nullif($5::text, '')::uuid, $6, string_to_array($7, E'\n'))`,

		stmtMention: `INSERT INTO queueapp.journal_mentions (call, floor, n) VALUES ($1, $2, $3)`,

		stmtLogged: `
INSERT INTO queueapp.queue_log (floor, step, n, time, callid, queuename, agent, event, data1, data2, data3, data4, data5)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
	}
}

// prepare makes the owner's connection know the statements, so that a commit is one round trip.
func prepare(ctx context.Context, conn *pgx.Conn) error {
	for name, sql := range statements() {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			return fmt.Errorf("prepare the statement %s: %w", name, err)
		}
	}
	if _, err := conn.Exec(ctx, "LISTEN "+planChannel); err != nil {
		return fmt.Errorf("listen for floor plans: %w", err)
	}
	return nil
}
