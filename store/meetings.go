package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/store/customers"
)

// meetingsSQL finds who talked with whom, by the calls that came last: their ids tell when that was, and are an index. It
// looks at so many calls that other floors have some, and some callers gave up, and at no more.
const meetingsSQL = `
SELECT c.number, c.customers::text, v.agent
FROM (SELECT * FROM queueapp.visits ORDER BY call DESC, n DESC LIMIT 2 * $2) v JOIN queueapp.calls c ON c.id = v.call
WHERE v.floor = $1 AND v.outcome = 'answered' AND v.agent IS NOT NULL
ORDER BY v.call DESC, v.n DESC LIMIT $2`

// meetings reads who talked with whom last, the first first, for the plan's queues that are sticky.
func (o *owner) meetings(ctx context.Context, plan floorplan.Plan) ([]engine.Meeting, error) {
	if !slices.ContainsFunc(plan.Floor.Queues, func(q queueapp.Queue) bool { return q.Sticky }) {
		return nil, nil
	}
	rows, err := o.conn.Query(ctx, meetingsSQL, o.floor, engine.MostMeetings)
	if err != nil {
		return nil, fmt.Errorf("read who talked with whom: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanMeeting)
	if err != nil {
		return nil, fmt.Errorf("read who talked with whom: %w", err)
	}
	slices.Reverse(all)
	return all, nil
}

func scanMeeting(row pgx.CollectableRow) (m engine.Meeting, err error) {
	var found string
	if err = row.Scan(&m.Number, &found, &m.Agent); err != nil {
		return m, err
	}
	m.Customers, err = customers.Decode(found)
	return m, err
}
