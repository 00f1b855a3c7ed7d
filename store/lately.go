package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/transcript"
)

// How far back a new owner reads the journal. A caller is sent on within milliseconds of the end of a visit being durable,
// but an owner may die more than once over it; agents are left alone for seconds, or as long as the floor plan says.
const (
	latelySpan  = 30 * time.Second
	latelySteps = 50_000 // at most, of a floor on which very much happens
)

// lately is what the journal's last steps say, in order: the tables have no index by time, which every call would pay for.
type lately struct {
	leaving  []engine.Leaving
	restored map[queueapp.AttemptID]bool // taken over from an owner before
	turns    []turn
}

// turn is an offer that failed, or an agent who logged on or came back from a pause: that ends every delay.
type turn struct {
	at      time.Time
	attempt queueapp.AttemptID
	why     queueapp.RevokeReason
	agent   queueapp.AgentID // where it is no offer
}

// lately tells who was to be sent on, and which agents are to be left alone.
func (o *owner) lately(ctx context.Context, r *engine.Remembered) error {
	l, err := o.readLately(ctx, r)
	if err != nil {
		return fmt.Errorf("read the end of the journal: %w", err)
	}
	r.Leaving = l.leaving
	if err := o.places(ctx, r.Leaving); err != nil {
		return fmt.Errorf("read who was to be sent on: %w", err)
	}
	if err := o.delays(ctx, l, r); err != nil {
		return fmt.Errorf("read who is to be left alone: %w", err)
	}
	return nil
}

func (o *owner) readLately(ctx context.Context, r *engine.Remembered) (l lately, err error) {
	span := latelySpan
	for _, q := range r.Plan.Floor.Queues {
		span = max(span, q.NoAnswerDelay, q.BusyDelay, q.RejectDelay, q.UnreachableDelay)
	}
	rows, err := o.conn.Query(ctx, `SELECT j.at, e, i = 1 FROM queueapp.journal j, unnest(array_prepend(j.event, j.effects)) WITH ORDINALITY AS u (e, i)
		WHERE j.floor = $1 AND j.n >= $2 AND j.at > $3 AND CASE WHEN i = 1 THEN e LIKE 'restore-attempt %'
			ELSE e LIKE 'leave %' OR e LIKE 'revoke %' OR e LIKE 'logged-on %' OR e LIKE 'unpaused %' END
		ORDER BY j.n, i`, o.floor, r.NextStep-latelySteps, r.LastAt.Add(-span))
	if err != nil {
		return l, err
	}
	l.restored = map[queueapp.AttemptID]bool{}
	var at time.Time
	var text string
	var event bool
	_, err = pgx.ForEachRow(rows, []any{&at, &text, &event}, func() error { l.take(at, text, event); return nil })
	return l, err
}

// take reads a line. One that another release wrote and this one cannot read tells nothing: its caller is a new call, and
// its agent is not left alone.
func (l *lately) take(at time.Time, text string, event bool) {
	if event {
		if ev, err := transcript.ParseEvent(text); err == nil {
			l.restored[ev.(queueapp.RestoreAttempt).Attempt] = true
		}
		return
	}
	effect, err := transcript.ParseEffect(text)
	if err != nil {
		return
	}
	switch e := effect.(type) {
	case queueapp.Leave:
		if e.Then != queueapp.ThenNothing {
			l.leaving = append(l.leaving, engine.Leaving{Leave: e})
		}
	case queueapp.Revoke:
		if e.Reason != queueapp.RevokeLost || !l.restored[e.Attempt] {
			l.turns = append(l.turns, turn{at: at, attempt: e.Attempt, why: e.Reason})
		}
	case queueapp.LoggedOn:
		l.turns = append(l.turns, turn{agent: e.Agent})
	case queueapp.Unpaused:
		l.turns = append(l.turns, turn{agent: e.Agent})
	}
}

// places reads where the callers are, or were.
func (o *owner) places(ctx context.Context, all []engine.Leaving) error {
	calls := make([]string, 0, len(all))
	for _, l := range all {
		calls = append(calls, string(l.Call))
	}
	rows, err := o.conn.Query(ctx, `SELECT id::text, switch, channel FROM queueapp.calls WHERE id = ANY($1::text[]::uuid[])`, calls)
	if err != nil {
		return err
	}
	found := map[queueapp.CallID]engine.Leaving{}
	var id queueapp.CallID
	var l engine.Leaving
	if _, err := pgx.ForEachRow(rows, []any{&id, &l.Switch, &l.Channel}, func() error { found[id] = l; return nil }); err != nil {
		return err
	}
	for i := range all {
		all[i].Switch, all[i].Channel = found[all[i].Call].Switch, found[all[i].Call].Channel
	}
	return nil
}

// delays tells until when agents are to be left alone after offers that failed (DESIGN §4.5).
func (o *owner) delays(ctx context.Context, l lately, r *engine.Remembered) error {
	calls, ns := make([]string, 0, len(l.turns)), make([]int, 0, len(l.turns))
	for _, t := range l.turns {
		if t.agent == "" {
			calls, ns = append(calls, string(t.attempt.Call)), append(ns, t.attempt.N)
		}
	}
	rows, err := o.conn.Query(ctx, `SELECT a.call::text, a.n, a.agent, a.queue
		FROM unnest($1::text[]::uuid[], $2::int[]) AS r (call, n) JOIN queueapp.attempts a ON a.call = r.call AND a.n = r.n
		WHERE a.handed_from IS NULL AND NOT a.pulled`, calls, ns)
	if err != nil {
		return err
	}
	type offer struct {
		agent queueapp.AgentID
		queue queueapp.QueueName
	}
	offers := map[queueapp.AttemptID]offer{}
	var id queueapp.AttemptID
	var of offer
	if _, err := pgx.ForEachRow(rows, []any{&id.Call, &id.N, &of.agent, &of.queue}, func() error { offers[id] = of; return nil }); err != nil {
		return err
	}
	for _, t := range l.turns {
		of := offers[t.attempt]
		agent := queueapp.AgentID(string(t.agent) + string(of.agent)) // one of them is empty
		d := delayOf(r.Plan.Floor.Queues, of.queue, t.why)
		for i := range r.Agents {
			switch a := &r.Agents[i]; {
			case a.Agent != agent:
			case t.agent != "":
				a.Delayed, a.Why = time.Time{}, ""
			case d > 0:
				a.Delayed, a.Why = t.at.Add(d), t.why
			}
		}
	}
	return nil
}

// delayOf is how long a queue has an agent left alone after an offer that failed so; 0 where that is nobody's fault, and
// where the queue is gone.
func delayOf(queues []queueapp.Queue, name queueapp.QueueName, why queueapp.RevokeReason) time.Duration {
	for _, q := range queues {
		if q.Name != name {
			continue
		}
		switch why {
		case queueapp.RevokeNoAnswer:
			return q.NoAnswerDelay
		case queueapp.RevokeBusy:
			return q.BusyDelay
		case queueapp.RevokeRefused:
			return q.RejectDelay
		case queueapp.RevokeUnreachable, queueapp.RevokeLost:
			return q.UnreachableDelay
		case queueapp.RevokeCallerGone, queueapp.RevokeElsewhere, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn:
		}
	}
	return 0
}
