package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// ErrNoPlan says that no floor plan was ever applied.
var ErrNoPlan = errors.New("there is no floor plan yet: run `queueapp apply floorplan.toml`")

// planLock is added to a floor's lock key: applies wait for each other, not for the owner.
const planLock = 1

// Apply makes the database match a floor plan, all at once, and tells the floor's owner. source is the plan as it was
// written: [Store.Export] gives it back unchanged. It returns the version; where source is what is there already, nothing
// changes and the version is that one.
func (s *Store) Apply(ctx context.Context, floor string, plan floorplan.Plan, source []byte) (version int64, err error) {
	err = s.change(ctx, "apply the floor plan", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockKey(floor)+planLock); err != nil {
			return err
		}
		before, last, err := lastPlan(ctx, tx, floor)
		if err != nil && !errors.Is(err, ErrNoPlan) {
			return err
		}
		version = last
		if err == nil && before == string(source) {
			return nil
		}
		version++
		_, err = tx.Exec(ctx, "INSERT INTO queueapp.plans (floor, version, source) VALUES ($1, $2, $3)", floor, version, string(source))
		if err != nil {
			return err
		}
		if err := replace(ctx, tx, floor, plan); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "SELECT pg_notify($1, $2)", planChannel, floor)
		return err
	})
	return version, err
}

// Plan reads the floor plan that was applied last, and its version.
func (s *Store) Plan(ctx context.Context, floor string) (plan floorplan.Plan, version int64, err error) {
	err = s.use(ctx, "read the floor plan", func(conn *pgx.Conn) error {
		plan, version, err = readPlan(ctx, conn, floor)
		return err
	})
	return plan, version, err
}

// Export gives the floor plan that was applied last as it was written.
func (s *Store) Export(ctx context.Context, floor string) (source []byte, err error) {
	err = s.use(ctx, "read the floor plan", func(conn *pgx.Conn) error {
		text, _, err := lastPlan(ctx, conn, floor)
		source = []byte(text)
		return err
	})
	return source, err
}

// querier is a connection or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func lastPlan(ctx context.Context, q querier, floor string) (source string, version int64, err error) {
	err = q.QueryRow(ctx, "SELECT source, version FROM queueapp.plans WHERE floor = $1 ORDER BY version DESC LIMIT 1", floor).
		Scan(&source, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoPlan
	}
	return source, version, err
}

func readPlan(ctx context.Context, q querier, floor string) (floorplan.Plan, int64, error) {
	source, version, err := lastPlan(ctx, q, floor)
	if err != nil {
		return floorplan.Plan{}, 0, err
	}
	plan, err := floorplan.Parse(fmt.Sprintf("floor plan %d of %s", version, floor), []byte(source))
	if err != nil {
		return floorplan.Plan{}, 0, fmt.Errorf("the floor plan in the database does not suit this program: %w", err)
	}
	return plan, version, nil
}

// replace writes a plan's tables anew. They are for people who report; the floor itself is made from the source.
func replace(ctx context.Context, tx pgx.Tx, floor string, plan floorplan.Plan) error {
	for _, table := range []string{"queues", "agents", "extensions", "menus"} { // the others follow
		if _, err := tx.Exec(ctx, "DELETE FROM queueapp."+table+" WHERE floor = $1", floor); err != nil {
			return err
		}
	}
	for _, t := range tables(floor, plan) {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"queueapp", t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("write the table %s: %w", t.name, err)
		}
	}
	return nil
}

type table struct {
	name    string
	columns []string
	rows    [][]any
}

// tables gives a plan's rows, those first that others refer to.
func tables(floor string, plan floorplan.Plan) []table {
	extensions := table{name: "extensions", columns: []string{"floor", "number", "switch", "dial", "device"}}
	extensionJIDs := table{name: "extension_jids", columns: []string{"floor", "extension", "jid"}}
	known := map[queueapp.ExtensionID]bool{}
	for _, x := range plan.Floor.Extensions {
		known[x.ID] = true
		extensions.add(floor, string(x.ID), string(x.Switch), x.Dial, x.Device)
		for _, jid := range distinct(x.JIDs) {
			extensionJIDs.add(floor, string(x.ID), jid)
		}
	}
	agents := table{name: "agents", columns: []string{"floor", "number", "name", "extension"}}
	agentJIDs := table{name: "agent_jids", columns: []string{"floor", "agent", "jid"}}
	for _, a := range plan.Floor.Agents {
		at := a.Extension
		if at == "" {
			at = queueapp.ExtensionID(a.ID)
		}
		var seat *string
		if known[at] {
			seat = (*string)(&at)
		}
		agents.add(floor, string(a.ID), a.Name, seat)
		for _, jid := range distinct(a.JIDs) {
			agentJIDs.add(floor, string(a.ID), jid)
		}
	}
	queues, members := queueTables(floor, plan.Floor.Queues)
	menus := table{name: "menus", columns: []string{"floor", "name", "definition"}}
	for _, m := range plan.Menus {
		menus.add(floor, m.Name, menuJSON(m))
	}
	return []table{extensions, extensionJIDs, agents, agentJIDs, queues, members, menus}
}

func queueTables(floor string, plan []queueapp.Queue) (queues, members table) {
	queues = table{name: "queues", columns: []string{
		"floor", "name", "strategy", "ring", "wrapup", "timeout", "music", "join_empty", "weight", "retry",
		"no_answer_delay", "busy_delay", "reject_delay", "unreachable_delay", "max_no_answer",
	}}
	members = table{name: "members", columns: []string{"floor", "queue", "agent", "place", "level", "weight"}}
	for _, q := range plan {
		queues.add(floor, string(q.Name), string(q.Strategy), q.Ring, q.Wrapup, q.Timeout, q.Music, !q.Join.Matters, q.Weight, q.Retry,
			q.NoAnswerDelay, q.BusyDelay, q.RejectDelay, q.UnreachableDelay, q.MaxNoAnswer)
		for i, m := range q.Members {
			members.add(floor, string(q.Name), string(m.Agent), i+1, m.Level, m.Weight)
		}
	}
	return queues, members
}

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

func distinct(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}
