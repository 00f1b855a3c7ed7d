package customers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"ringside/queueapp/floorplan"
	"ringside/store/postgres"
)

// Check tries a floor plan's own queries where they would run: that the database answers, that the SQL is right, takes one
// parameter and gives an id or a name, and that it may run and changes nothing. All problems are in the one error.
func Check(ctx context.Context, own *pgxpool.Pool, plan floorplan.Customers) error {
	if plan.ByCode == "" && plan.ByNumber == "" {
		return nil
	}
	s, err := open(plan, source{})
	if err != nil {
		return err
	}
	defer s.close()
	pool := s.pool
	if pool == nil {
		pool = own
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("[customers]: %w", postgres.Explain(pool.Config().ConnConfig, err))
	}
	defer conn.Release()
	var problems []error
	for _, q := range []struct{ key, sql string }{{"by_code", plan.ByCode}, {"by_number", plan.ByNumber}} {
		if q.sql == "" {
			continue
		}
		if err := s.try(ctx, conn.Conn(), q.sql); err != nil {
			problems = append(problems, fmt.Errorf("[customers] %s: %w", q.key, err))
		}
	}
	return errors.Join(problems...)
}

// patience is how long a check waits for what is not the query. How long that takes, the server says.
const patience = 10 * time.Second

// try prepares a query, which finds errors in its words, and runs it for no key at all, which finds missing rights and
// attempts to write.
func (s source) try(ctx context.Context, conn *pgx.Conn, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout()+patience)
	defer cancel()
	begin := fmt.Sprintf("BEGIN READ ONLY; SET LOCAL statement_timeout = %d", s.timeout().Milliseconds())
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	err = try(ctx, tx, sql)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it takes longer than %s: add an index, or raise [customers] timeout", s.timeout())
	}
	return err
}

func try(ctx context.Context, tx pgx.Tx, sql string) error {
	// Without a name it is gone with the next statement.
	described, err := tx.Prepare(ctx, "", sql)
	if err != nil {
		return pointed(sql, err)
	}
	if n := len(described.ParamOIDs); n != 1 {
		return fmt.Errorf("it has %d parameters: it needs one, $1, for what is looked up", n)
	}
	known := slices.ContainsFunc(described.Fields, func(f pgconn.FieldDescription) bool { return f.Name == "id" || f.Name == "name" })
	if !known {
		return errors.New("it gives neither id nor name: name a column so with AS")
	}
	if _, err := tx.Exec(ctx, sql, nil); err != nil {
		return pointed(sql, err)
	}
	return nil
}

// What PostgreSQL says that has a remedy of its own here.
const (
	readOnlyTransaction = "25006"
	queryCanceled       = "57014"
)

// pointed says where in the query PostgreSQL found fault.
func pointed(sql string, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case readOnlyTransaction:
		return fmt.Errorf("it would change the database, which a look-up may not: %w", err)
	case queryCanceled:
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	if pg.Position < 1 {
		return err
	}
	runes := []rune(sql) // which is how PostgreSQL counts
	before := strings.Split(string(runes[:min(int(pg.Position)-1, len(runes))]), "\n")
	column := 1 + utf8.RuneCountInString(before[len(before)-1])
	return fmt.Errorf("line %d, column %d of the query: %w", len(before), column, err)
}
