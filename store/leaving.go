package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/transcript"
)

// A caller is sent on within milliseconds of the end of a visit being durable, but behind what waits for its channel, and
// an owner may die more than once over it.
const (
	leavingSpan  = 30 * time.Second
	leavingSteps = 50_000 // at most, of a floor on which very much happens
)

// leaving reads which visits ended last whose callers were to be sent on or hung up, in that order.
func (o *owner) leaving(ctx context.Context, next int64, last time.Time) ([]engine.Leaving, error) {
	rows, err := o.conn.Query(ctx, `SELECT e FROM queueapp.journal j, unnest(j.effects) WITH ORDINALITY AS u (e, i)
		WHERE j.floor = $1 AND j.n >= $2 AND j.at > $3 AND e LIKE 'leave %' ORDER BY j.n, u.i`, o.floor, next-leavingSteps, last.Add(-leavingSpan))
	if err != nil {
		return nil, err
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	var all []engine.Leaving
	var calls []string
	for _, text := range texts {
		e, err := transcript.ParseEffect(text)
		if l, ok := e.(queueapp.Leave); err == nil && ok && l.Then != queueapp.ThenNothing {
			all = append(all, engine.Leaving{Leave: l})
			calls = append(calls, string(l.Call))
		}
	}
	return all, o.channels(ctx, all, calls)
}

// channels reads where the callers are, or were.
func (o *owner) channels(ctx context.Context, all []engine.Leaving, calls []string) error {
	type place struct {
		on queueapp.SwitchName
		ch queueapp.ChannelID
	}
	rows, err := o.conn.Query(ctx, `SELECT id::text, switch, channel FROM queueapp.calls WHERE id = ANY($1::text[]::uuid[])`, calls)
	if err != nil {
		return err
	}
	places := map[queueapp.CallID]place{}
	var id queueapp.CallID
	var p place
	if _, err := pgx.ForEachRow(rows, []any{&id, &p.on, &p.ch}, func() error { places[id] = p; return nil }); err != nil {
		return err
	}
	for i := range all {
		all[i].Switch, all[i].Channel = places[all[i].Call].on, places[all[i].Call].ch
	}
	return nil
}
