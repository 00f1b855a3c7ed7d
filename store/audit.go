package store

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
)

// audits are the invariants of DESIGN §6 that the tables alone can prove or refute: each query gives a line for every
// case in which one does not hold. $1 is the floor.
func audits() map[string]string {
	return map[string]string{
		"an agent had two open attempts": `
			SELECT format('agent %s: %s.%s and %s.%s', a.agent, a.call, a.n, b.call, b.n)
			FROM queueapp.attempts a JOIN queueapp.attempts b ON a.floor = b.floor AND a.agent = b.agent AND (a.call, a.n) < (b.call, b.n)
			WHERE a.floor = $1 AND a.offered_at < coalesce(b.ended_at, 'infinity') AND b.offered_at < coalesce(a.ended_at, 'infinity')`,
		"an extension had two open attempts": `
			SELECT format('extension %s: %s.%s and %s.%s', a.extension, a.call, a.n, b.call, b.n)
			FROM queueapp.attempts a JOIN queueapp.attempts b ON a.floor = b.floor AND a.extension = b.extension AND (a.call, a.n) < (b.call, b.n)
			WHERE a.floor = $1 AND a.offered_at < coalesce(b.ended_at, 'infinity') AND b.offered_at < coalesce(a.ended_at, 'infinity')`,
		"a visit was connected to more than one agent": `
			SELECT format('%s visit %s: %s agents', call, visit, count(*)) FROM queueapp.attempts
			WHERE floor = $1 AND connected_at IS NOT NULL AND handed_from IS NULL GROUP BY call, visit HAVING count(*) > 1`,
		"a phone was rung before its publish was settled": `
			SELECT format('%s.%s', a.call, a.n) FROM queueapp.attempts a
			WHERE a.floor = $1 AND a.rang_at IS NOT NULL AND a.handed_from IS NULL AND (a.publish IS NULL OR a.published_at > a.rang_at)
			AND NOT EXISTS ( -- the owner died before it had written what its leg shows to have happened
				SELECT FROM queueapp.journal j
				WHERE j.floor = a.floor AND j.call = a.call AND j.event LIKE 'restore-attempt ' || a.call || '.' || a.n || ' %')`,
		"a record was opened or closed more or less than once": `
			SELECT format('%s.%s: offered %s, closed %s', a.call, a.n, o.offered, o.closed)
			FROM queueapp.attempts a CROSS JOIN LATERAL (
				SELECT CASE WHEN a.handed_from IS NULL OR bool_or(event = 'offered') THEN count(*) FILTER (WHERE event = 'offered')
				       ELSE count(*) FILTER (WHERE event = 'answered') END AS offered, -- they talk already where somebody has brought them together
				       count(*) FILTER (WHERE event IN ('revoked', 'ended', 'transferred')) AS closed
				FROM queueapp.outbox WHERE call = a.call AND attempt = a.n) o
			WHERE a.floor = $1 AND (o.offered > 1 OR o.closed > 1
				OR o.offered = 1 AND o.closed <> (a.closed_at IS NOT NULL)::int
				OR o.offered = 0 AND a.publish IS NOT NULL) -- else it closed before it opened, or with an owner who died as it did`,
		"an answered visit has no conversation": `
			SELECT format('%s visit %s', v.call, v.n) FROM queueapp.visits v
			WHERE v.floor = $1 AND (v.outcome = 'answered') AND NOT EXISTS (
				SELECT FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n AND a.connected_at IS NOT NULL AND a.agent IS NOT DISTINCT FROM v.agent)`,
		"a conversation's visit was not answered": `
			SELECT format('%s.%s: %s', a.call, a.n, v.outcome) FROM queueapp.attempts a JOIN queueapp.visits v ON v.call = a.call AND v.n = a.visit
			WHERE a.floor = $1 AND a.connected_at IS NOT NULL AND v.outcome <> 'answered'`,
		"the same caller was offered to the same agent again too soon": `
			SELECT format('%s: agent %s after %s', a.call, a.agent, b.offered_at - a.closed_at)
			FROM queueapp.attempts a JOIN queueapp.attempts b ON b.call = a.call AND b.visit = a.visit AND b.agent = a.agent AND b.n > a.n
			JOIN queueapp.queues q ON q.floor = a.floor AND q.name = a.queue
			WHERE a.floor = $1 AND a.reason IN ('no-answer', 'busy', 'refused', 'unreachable') AND b.handed_from IS NULL AND NOT b.pulled AND b.offered_at < a.closed_at + q.retry - interval '1 ms'`,
		"a caller came or went twice in the queue_log": `
			SELECT format('%s in %s: %s in step %s', callid, queuename, event, step) FROM (
				SELECT *, lag(event = 'ENTERQUEUE') OVER (PARTITION BY callid, queuename ORDER BY step, n) AS came
				FROM queueapp.queue_log WHERE floor = $1 AND event IN ('ENTERQUEUE', ` + ends + `)) e
			WHERE (event = 'ENTERQUEUE') = came`,
		"a visit is not in the queue_log": `
			SELECT format('%s visit %s: entered %s, ended %s', v.call, v.n, v.entered_at, v.ended_at) FROM queueapp.visits v
			WHERE v.floor = $1 AND v.entered_at > (SELECT min(time) FROM queueapp.queue_log WHERE floor = $1)
			AND coalesce(v.outcome::text, '') NOT IN ('full', 'no-agents', 'unknown-queue', 'closed') AND v.ended_at IS DISTINCT FROM v.entered_at
			AND (NOT EXISTS (SELECT FROM queueapp.queue_log l
					WHERE l.floor = v.floor AND l.time = v.entered_at AND l.queuename = v.queue AND l.event = 'ENTERQUEUE')
				OR v.ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM queueapp.attempts t -- of which the queue_log tells no more
					WHERE t.call = v.call AND t.visit = v.n AND t.handed_from IS NOT NULL)
				AND NOT EXISTS (SELECT FROM queueapp.queue_log l
					WHERE l.floor = v.floor AND l.time = v.ended_at AND l.queuename = v.queue AND l.event IN (` + ends + `)))`,
	}
}

// ends are the queue_log's events with which a caller's stay ends.
const ends = `'COMPLETEAGENT', 'COMPLETECALLER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER', 'ABANDON', 'EXITEMPTY', 'EXITWITHKEY', 'EXITWITHTIMEOUT', 'WITHDRAW'`

// leftovers are what is open: nothing of it may be there when no caller is.
func leftovers() map[string]string {
	return map[string]string{
		"a visit is open":     `SELECT format('%s %s entered %s', call, queue, entered_at) FROM queueapp.visits WHERE floor = $1 AND ended_at IS NULL`,
		"an attempt is open":  `SELECT format('%s.%s agent %s, offered %s', call, n, agent, offered_at) FROM queueapp.attempts WHERE floor = $1 AND ended_at IS NULL`,
		"a call is open":      `SELECT id::text FROM queueapp.calls WHERE floor = $1 AND ended_at IS NULL`,
		"a record is to send": `SELECT format('%s seq %s %s to %s', call, seq, event, extension) FROM queueapp.outbox WHERE floor = $1 AND done_at IS NULL`,
	}
}

// Audit says where the tables contradict the floor's invariants (DESIGN §6), in words. With settled set no caller is
// on the floor, and nothing may be open either. It reads whole tables: it is for tests and for whoever doubts.
func (s *Store) Audit(ctx context.Context, floor string, settled bool) ([]string, error) {
	checks := audits()
	if settled {
		maps.Copy(checks, leftovers())
	}
	return s.audit(ctx, floor, checks)
}

// Leftovers says what is open of a floor, in words: the part of Audit that can be asked often.
func (s *Store) Leftovers(ctx context.Context, floor string) ([]string, error) {
	return s.audit(ctx, floor, leftovers())
}

func (s *Store) audit(ctx context.Context, floor string, checks map[string]string) (found []string, err error) {
	err = s.use(ctx, "audit the tables", func(conn *pgx.Conn) error {
		for what, query := range checks {
			rows, err := conn.Query(ctx, query, floor)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			for _, line := range lines {
				found = append(found, what+": "+line)
			}
		}
		return nil
	})
	return found, err
}

// Told is what the tables tell of one attempt, and of the visit that it belongs to, for whoever compares it with what the
// phone, the CRM and the caller saw. What is not known is zero.
type Told struct {
	Attempt   queueapp.AttemptID
	Visit     int
	Number    string // the caller's
	Agent     queueapp.AgentID
	Extension queueapp.ExtensionID
	Publish   queueapp.PublishResult

	Offered, Published, Rang, Alerted, Answered, Connected, Closed, Ended time.Time

	Reason  queueapp.RevokeReason
	EndedBy queueapp.EndedBy
	Cause   queueapp.EndCause
	Q850    int
	From    int // the attempt that was transferred, of which this one came; 0: none
}

// Attempts reads the attempts of a floor that were offered at a time or after it, in that order.
func (s *Store) Attempts(ctx context.Context, floor string, since time.Time) ([]Told, error) {
	return readAll(ctx, s, "read the attempts", func(row pgx.CollectableRow) (t Told, err error) {
		var offered, published, rang, alerted, answered, connected, closed, ended *time.Time
		err = row.Scan(&t.Attempt.Call, &t.Attempt.N, &t.Visit, &t.Number, &t.Agent, &t.Extension, &t.Publish, &offered, &published,
			&rang, &alerted, &answered, &connected, &closed, &ended, &t.Reason, &t.EndedBy, &t.Cause, &t.Q850, &t.From)
		for into, from := range map[*time.Time]*time.Time{
			&t.Offered: offered, &t.Published: published, &t.Rang: rang, &t.Alerted: alerted, &t.Answered: answered,
			&t.Connected: connected, &t.Closed: closed, &t.Ended: ended,
		} {
			if from != nil {
				*into = *from
			}
		}
		return t, err
	}, `
		SELECT a.call::text, a.n, a.visit, c.number, coalesce(a.agent, ''), coalesce(a.extension, ''), coalesce(a.publish::text, ''), a.offered_at, a.published_at,
			a.rang_at, a.alerted_at, a.answered_at, a.connected_at, a.closed_at, a.ended_at, coalesce(a.reason::text, ''),
			coalesce(a.ended_by::text, ''), coalesce(a.cause::text, ''), coalesce(a.q850, 0), coalesce(a.handed_from, 0)
		FROM queueapp.attempts a JOIN queueapp.calls c ON c.id = a.call
		WHERE a.floor = $1 AND a.offered_at >= $2 ORDER BY a.offered_at, a.call, a.n`, floor, since)
}

// Stay is what the tables tell of one visit. What is not known is zero.
type Stay struct {
	Call           queueapp.CallID
	Visit          int
	Number         string // the caller's
	Queue          queueapp.QueueName
	Entered, Ended time.Time
	Outcome        queueapp.Outcome
	Agent          queueapp.AgentID // who answered
}

// Visits reads the visits of a floor that began at a time or after it, in that order.
func (s *Store) Visits(ctx context.Context, floor string, since time.Time) ([]Stay, error) {
	return readAll(ctx, s, "read the visits", func(row pgx.CollectableRow) (v Stay, err error) {
		var ended *time.Time
		err = row.Scan(&v.Call, &v.Visit, &v.Number, &v.Queue, &v.Entered, &ended, &v.Outcome, &v.Agent)
		if ended != nil {
			v.Ended = *ended
		}
		return v, err
	}, `
		SELECT v.call::text, v.n, c.number, v.queue, v.entered_at, v.ended_at, coalesce(v.outcome::text, ''), coalesce(v.agent, '')
		FROM queueapp.visits v JOIN queueapp.calls c ON c.id = v.call
		WHERE v.floor = $1 AND v.entered_at >= $2 ORDER BY v.entered_at, v.call, v.n`, floor, since)
}

// readAll reads all rows of a query.
func readAll[T any](ctx context.Context, s *Store, what string, scan pgx.RowToFunc[T], sql string, args ...any) (all []T, err error) {
	err = s.use(ctx, what, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scan)
		return err
	})
	return all, err
}
