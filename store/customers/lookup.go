// Package customers finds out who a caller is: in Ringside's own table, or by the site's own SQL in the site's own
// database. It also reads customers from CSV files into Ringside's table.
package customers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/store/postgres"
)

const (
	defaultTimeout = 500 * time.Millisecond // of one look-up, where the floor plan does not say
	sitePool       = 4                      // connections to the site's database
	maxMatches     = 16                     // a look-up by number that finds more is of no use to an agent
)

// The look-ups in Ringside's own table.
const (
	ownByCode   = `SELECT id, code, name, url, data FROM queueapp.customers WHERE code = $1`
	ownByNumber = `SELECT id, code, name, url, data FROM queueapp.customers WHERE number = $1 AND number <> '' ORDER BY code LIMIT 16`
)

// Lookup finds customers where the floor plan in force says. All methods may be called concurrently.
type Lookup struct {
	own *pgxpool.Pool

	mu     sync.RWMutex // held for reading during a look-up, so that its pool is not closed under it
	source source
}

// source is where customers are looked up. Its pool is nil where the queries go to Ringside's database.
type source struct {
	plan floorplan.Customers
	dsn  string // as read from the plan or its file
	pool *pgxpool.Pool
}

// NewLookup returns a Lookup in Ringside's own table, until [Lookup.Use] says otherwise. The pool stays the caller's.
func NewLookup(own *pgxpool.Pool) *Lookup { return &Lookup{own: own} }

// Close ends the connections to the site's database.
func (l *Lookup) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.source.close()
	l.source = source{}
}

// Use makes the look-ups follow a floor plan. It connects to nothing: only an address or a file that cannot be read is an
// error, and leaves everything as it was.
func (l *Lookup) Use(plan floorplan.Customers) error {
	l.mu.RLock()
	old := l.source
	l.mu.RUnlock()
	next, err := open(plan, old)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if next.pool != l.source.pool {
		l.source.close()
	}
	l.source = next
	return nil
}

// open makes a source for a plan, with the pool of the old one where it leads to the same place.
func open(plan floorplan.Customers, old source) (source, error) {
	s := source{plan: plan, dsn: plan.DSN}
	if plan.DSNFile != "" {
		text, err := os.ReadFile(plan.DSNFile)
		if err != nil {
			return source{}, fmt.Errorf("[customers] dsn_file: %w", err)
		}
		s.dsn = strings.TrimSpace(string(text))
	}
	if s.dsn == "" {
		return s, nil
	}
	if s.dsn == old.dsn {
		s.pool = old.pool
		return s, nil
	}
	config, err := postgres.Parse(s.dsn, "")
	if err != nil {
		return source{}, fmt.Errorf("[customers] dsn: %w", err)
	}
	s.pool, err = postgres.Pool(config, sitePool)
	return s, err
}

func (s source) close() {
	if s.pool != nil {
		s.pool.Close()
	}
}

func (s source) timeout() time.Duration {
	if s.plan.Timeout > 0 {
		return s.plan.Timeout
	}
	return defaultTimeout
}

// ByCode finds the customers with a code; none is no error. An error says that nobody can know now, never that the code is
// wrong. Neither the code nor what was found is in it.
func (l *Lookup) ByCode(ctx context.Context, code string) ([]queueapp.Customer, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	found, err := l.find(ctx, l.source.plan.ByCode, ownByCode, code, queueapp.MatchCode)
	if err != nil {
		return nil, fmt.Errorf("look up a customer by code: %w", err)
	}
	return found, nil
}

// ByNumber finds the customers with a telephone number, like [Lookup.ByCode]. A site's own SQL gets the number as the
// network said it; in Ringside's table it is looked for as [Dialable] writes it.
func (l *Lookup) ByNumber(ctx context.Context, number string) ([]queueapp.Customer, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.source.plan.ByNumber == "" {
		number = Dialable(number)
	}
	found, err := l.find(ctx, l.source.plan.ByNumber, ownByNumber, number, queueapp.MatchNumber)
	if err != nil {
		return nil, fmt.Errorf("look up a customer by number: %w", err)
	}
	return found, nil
}

// serverFirst is how much longer than the server we wait: its own word about a slow query says more than our silence.
const serverFirst = 250 * time.Millisecond

func (l *Lookup) find(ctx context.Context, site, own, key string, match queueapp.Match) ([]queueapp.Customer, error) {
	if key == "" || strings.ContainsRune(key, 0) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.source.timeout()+serverFirst)
	defer cancel()
	key = strings.ToValidUTF8(key, "\uFFFD")
	if site == "" { // our own query changes nothing: it needs no transaction that says so, and no round trips for one
		found, err := ownRows(ctx, l.own, own, key, match)
		return found, postgres.Explain(l.own.Config().ConnConfig, err)
	}
	pool := l.source.pool
	if pool == nil {
		pool = l.own
	}
	found, err := readOnly(ctx, pool, l.source.timeout(), func(tx pgx.Tx) ([]queueapp.Customer, error) { return siteRows(ctx, tx, site, key, match) })
	if noSuchKey(err) {
		return nil, nil
	}
	return found, err
}

// readOnly runs a query where it can change nothing and is ended by the server when it takes too long.
func readOnly[T any](ctx context.Context, pool *pgxpool.Pool, timeout time.Duration, query func(pgx.Tx) (T, error)) (found T, err error) {
	begin := fmt.Sprintf("BEGIN READ ONLY; SET LOCAL statement_timeout = %d", timeout.Milliseconds())
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return found, postgres.Explain(pool.Config().ConnConfig, err)
	}
	// Nothing was written, and a connection on which this fails is not used again.
	defer func() { _ = tx.Rollback(ctx) }()
	return query(tx)
}

func ownRows(ctx context.Context, pool *pgxpool.Pool, sql, key string, match queueapp.Match) ([]queueapp.Customer, error) {
	rows, err := pool.Query(ctx, sql, key)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (queueapp.Customer, error) {
		c := queueapp.Customer{Match: match}
		var data string
		if err := row.Scan(&c.ID, &c.Code, &c.Name, &c.URL, &data); err != nil {
			return c, err
		}
		var err error
		c.Data, err = DecodeData(data)
		return c, err
	})
}

// siteRows reads a site's own columns: id, name, url and code are known, all others become data, in their order, as
// PostgreSQL writes them. A null is left out.
func siteRows(ctx context.Context, tx pgx.Tx, sql, key string, match queueapp.Match) ([]queueapp.Customer, error) {
	rows, err := tx.Query(ctx, sql, pgx.QueryResultFormats{pgx.TextFormatCode}, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []queueapp.Customer
	for rows.Next() && len(found) < maxMatches {
		c := queueapp.Customer{Match: match}
		for i, field := range rows.FieldDescriptions() {
			if value := rows.RawValues()[i]; value != nil {
				set(&c, field.Name, string(value))
			}
		}
		if c.Code == "" && match == queueapp.MatchCode {
			c.Code = key
		}
		found = append(found, c)
	}
	rows.Close()
	return found, rows.Err()
}

func set(c *queueapp.Customer, column, value string) {
	switch column {
	case "id":
		c.ID = value
	case "code":
		c.Code = value
	case "name":
		c.Name = value
	case "url":
		c.URL = value
	default:
		if value != "" {
			c.Data = append(c.Data, queueapp.Datum{Key: column, Value: value})
		}
	}
}

// dataException is PostgreSQL's class of SQLSTATEs for values that a type cannot hold.
const dataException = "22"

// noSuchKey reports whether a look-up failed only because its key cannot be a value of the column's type, such as twenty
// digits where codes are integers: nobody has that code. PostgreSQL's context then names the parameter.
func noSuchKey(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, dataException) && strings.Contains(pg.Where, "$1")
}

// Dialable is a telephone number without what people put between its digits: "+49 (30) 12-34" is +49301234.
func Dialable(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()-./\u00a0\t", r) {
			return -1
		}
		return r
	}, number)
}
