package customers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Report says what an import did.
type Report struct {
	Rows      int64 // customers in the file
	Added     int64
	Changed   int64
	Unchanged int64 // they were as the file has them already
}

// Problem is one thing that is wrong with a file, and what to do about it.
type Problem struct {
	Line   int
	Text   string
	Remedy string
}

// String is "line 7: code is empty: give each customer a code".
func (p Problem) String() string { return fmt.Sprintf("line %d: %s: %s", p.Line, p.Text, p.Remedy) }

// FileError says what is wrong with a file that was to be imported. Nothing was changed.
type FileError struct {
	Problems []Problem // by kind and line; the first thousand
	More     int       // how many others there are
}

// Error has a line for each problem.
func (e *FileError) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

// maxProblems is how many problems are told. A file that is no CSV at all has one in every line.
const maxProblems = 1000

type problems struct {
	list  []Problem
	count int
}

func (p *problems) add(line int, text, remedy string) {
	p.count++
	if len(p.list) < maxProblems {
		p.list = append(p.list, Problem{Line: line, Text: text, Remedy: remedy})
	}
}

func (p *problems) err() error {
	if p.count == 0 {
		return nil
	}
	return &FileError{Problems: p.list, More: p.count - len(p.list)}
}

// Import reads customers from CSV within a transaction of the caller's, which must be rolled back on an error. The first
// line names the columns: code, and any of number, name, url and id; other columns become data. A customer whose code is
// there already is changed: in the columns that the file has, data as a whole. Nobody is removed. Without an id a new
// customer's is the code. Where the file has problems the error is a [FileError] with all of them.
//
// The file is streamed: its size is limited by PostgreSQL, not by memory.
func Import(ctx context.Context, tx pgx.Tx, file io.Reader) (Report, error) {
	var p problems
	t, err := newTable(file, &p)
	if err != nil {
		return Report{}, fmt.Errorf("read the file: %w", err)
	}
	if p.count > 0 {
		return Report{}, p.err()
	}
	// Imports wait for each other; look-ups go on.
	if _, err := tx.Exec(ctx, "LOCK TABLE queueapp.customers IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return Report{}, err
	}
	if _, err := tx.Exec(ctx, `CREATE TEMP TABLE incoming
		(line int, id text, code text, number text, name text, url text, data text) ON COMMIT DROP`); err != nil {
		return Report{}, err
	}
	in := &incoming{table: t}
	n, err := tx.CopyFrom(ctx, pgx.Identifier{"incoming"}, []string{"line", "id", "code", "number", "name", "url", "data"}, in)
	if err != nil {
		return Report{}, err
	}
	if _, err := tx.Exec(ctx, "ANALYSE incoming"); err != nil {
		return Report{}, err
	}
	if err := compare(ctx, tx, &p); err != nil {
		return Report{}, err
	}
	if err := p.err(); err != nil {
		return Report{}, err
	}
	return merge(ctx, tx, t, n)
}

// incoming gives a table's rows to COPY.
type incoming struct {
	*table
	err error
}

func (in *incoming) Next() bool {
	in.err = in.next()
	return in.err == nil
}

func (in *incoming) Values() ([]any, error) {
	r := in.row
	return []any{r.line, r.id, r.code, r.number, r.name, r.url, r.data}, nil
}

func (in *incoming) Err() error {
	if in.err == nil || errors.Is(in.err, io.EOF) {
		return nil
	}
	return fmt.Errorf("read the file: %w", in.err)
}

// compare finds the problems that lines have with each other, and with the customers that are there.
func compare(ctx context.Context, tx pgx.Tx, p *problems) error {
	for _, c := range []struct{ sql, text, remedy string }{
		{
			`SELECT max(line), code, min(line)::text FROM incoming GROUP BY code HAVING count(*) > 1 ORDER BY 1`,
			"code %s is that of line %s, too", "give each customer a code of its own",
		}, {
			`SELECT max(line), id, min(line)::text FROM incoming WHERE id <> '' GROUP BY id HAVING count(*) > 1 ORDER BY 1`,
			"id %s is that of line %s, too", "give each customer an id of its own",
		}, {
			`SELECT i.line, c.id, c.code FROM incoming i JOIN queueapp.customers c ON c.id = i.id AND c.code <> i.code ORDER BY 1`,
			"id %s belongs to the customer with code %s", "give this one another id",
		}, {
			`SELECT i.line, c.id, c.code FROM incoming i JOIN queueapp.customers c ON c.id = i.code AND c.code <> i.code
				WHERE i.id = '' AND NOT EXISTS (SELECT FROM queueapp.customers s WHERE s.code = i.code) ORDER BY 1`,
			"its id would be its code %s, which is the id of the customer with code %s", "give this one an id",
		}, {
			`SELECT i.line, i.code, j.line::text FROM incoming i JOIN incoming j ON j.id = i.code AND j.code <> i.code
				WHERE i.id = '' AND NOT EXISTS (SELECT FROM queueapp.customers s WHERE s.code = i.code) ORDER BY 1`,
			"its id would be its code %s, which is the id in line %s", "give this one an id",
		},
	} {
		rows, err := tx.Query(ctx, c.sql)
		if err != nil {
			return err
		}
		var line int
		var this, other string
		_, err = pgx.ForEachRow(rows, []any{&line, &this, &other}, func() error {
			p.add(line, fmt.Sprintf(c.text, this, other), c.remedy)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// merge brings the customers into line with what was read, leaving alone what the file says nothing about.
func merge(ctx context.Context, tx pgx.Tx, t *table, n int64) (Report, error) {
	r := Report{Rows: n}
	err := tx.QueryRow(ctx, `
		WITH merged AS (
			INSERT INTO queueapp.customers AS t (id, code, number, name, url, data)
			SELECT coalesce(nullif(i.id, ''), c.id, i.code), i.code,
				CASE WHEN $1 THEN i.number ELSE coalesce(c.number, '') END,
				CASE WHEN $2 THEN i.name ELSE coalesce(c.name, '') END,
				CASE WHEN $3 THEN i.url ELSE coalesce(c.url, '') END,
				CASE WHEN $4 THEN i.data::json ELSE coalesce(c.data, '{}') END
			FROM incoming i LEFT JOIN queueapp.customers c ON c.code = i.code
			ORDER BY i.line
			ON CONFLICT (code) DO UPDATE SET id = excluded.id, number = excluded.number, name = excluded.name,
				url = excluded.url, data = excluded.data
			WHERE (t.id, t.number, t.name, t.url, t.data::text)
				IS DISTINCT FROM (excluded.id, excluded.number, excluded.name, excluded.url, excluded.data::text)
			RETURNING t.xmax = 0 AS added) -- no other transaction ever held a row that is new
		SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM merged`,
		t.has("number"), t.has("name"), t.has("url"), len(t.data) > 0).Scan(&r.Added, &r.Changed)
	r.Unchanged = r.Rows - r.Added - r.Changed
	return r, err
}
