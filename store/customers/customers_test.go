package customers_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/store/customers"
	"ringside/store/postgres"
	"ringside/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func pool(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	config, err := postgres.Parse(address, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := postgres.Pool(config, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func exec(t testing.TB, p *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := p.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func lookup(t testing.TB, own *pgxpool.Pool, plan floorplan.Customers) *customers.Lookup {
	t.Helper()
	l := customers.NewLookup(own)
	t.Cleanup(l.Close)
	if err := l.Use(plan); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestOwnTable(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	_, err := s.ImportCustomers(t.Context(), strings.NewReader(`id,code,number,name,url,tier,City
1,1111,+49 (30) 123,"Company ""1""",https://crm/1,gold,Köln
2,2222,+4930123,Company 2,,,
`))
	if err != nil {
		t.Fatal(err)
	}
	one := queueapp.Customer{ID: "1", Code: "1111", Name: `Company "1"`, URL: "https://crm/1", Data: []queueapp.Datum{{Key: "tier", Value: "gold"}, {Key: "City", Value: "Köln"}}}
	two := queueapp.Customer{ID: "2", Code: "2222", Name: "Company 2"}
	matched := func(m queueapp.Match, cs ...queueapp.Customer) []queueapp.Customer {
		for i := range cs {
			cs[i].Match = m
		}
		return cs
	}
	for _, c := range []struct {
		by   func(context.Context, string) ([]queueapp.Customer, error)
		key  string
		want []queueapp.Customer
	}{
		{s.CustomersByCode, "1111", matched(queueapp.MatchCode, one)},
		{s.CustomersByCode, "3333", nil},
		{s.CustomersByCode, "", nil},
		{s.CustomersByCode, "11\x0011", nil},
		{s.CustomersByCode, "\xff' OR true --", nil},
		{s.CustomersByNumber, "+4930123", matched(queueapp.MatchNumber, one, two)},
		{s.CustomersByNumber, "+49 30-123", matched(queueapp.MatchNumber, one, two)},
		{s.CustomersByNumber, "", nil},
		{s.CustomersByNumber, " ", nil},
	} {
		got, err := c.by(t.Context(), c.key)
		if err != nil {
			t.Errorf("%q: %v", c.key, err)
		}
		if len(c.want)+len(got) > 0 {
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%q: %s", c.key, diff)
			}
		}
	}
}

// site makes a database of the site's own, with a table that is not ours.
func site(t *testing.T) (own, theirs *pgxpool.Pool, address string) {
	t.Helper()
	address = storetest.NewEmpty(t)
	own, theirs = pool(t, storetest.New(t)), pool(t, address)
	exec(t, theirs, `CREATE TABLE accounts (nr int PRIMARY KEY, firm text, phone text, since date, vip bool, note text)`)
	exec(t, theirs, `INSERT INTO accounts VALUES (1, 'Company 1', '030', '2020-01-02', true, NULL), (2, 'Company 2', '030', '2021-02-03', false, 'x')`)
	return own, theirs, address
}

const byCode = `SELECT vip, nr AS id, firm AS name, since, note, 'https://crm/' || nr AS url FROM accounts WHERE nr = $1`

func TestSitesOwnSQL(t *testing.T) {
	t.Parallel()
	own, _, address := site(t)
	l := lookup(t, own, floorplan.Customers{DSN: address, ByCode: byCode, ByNumber: `SELECT nr AS id, firm AS name FROM accounts WHERE phone = $1 ORDER BY nr DESC`})
	got, err := l.ByCode(t.Context(), "1")
	want := []queueapp.Customer{{
		ID: "1", Code: "1", Match: queueapp.MatchCode, Name: "Company 1", URL: "https://crm/1",
		Data: []queueapp.Datum{{Key: "vip", Value: "t"}, {Key: "since", Value: "2020-01-02"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("by code: %v %s", err, diff)
	}
	got, err = l.ByNumber(t.Context(), "030")
	want = []queueapp.Customer{
		{ID: "2", Match: queueapp.MatchNumber, Name: "Company 2"}, {ID: "1", Match: queueapp.MatchNumber, Name: "Company 1"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("by number: %v %s", err, diff)
	}
	// What cannot be a code is nobody's code: it is not that nobody can know.
	for _, code := range []string{"99999999999999999999", "abc", "3"} {
		if got, err := l.ByCode(t.Context(), code); err != nil || len(got) != 0 {
			t.Errorf("code %s: %v, %v", code, got, err)
		}
	}
}

// A look-up that fails is an error, never "no such customer".
func TestFailedLookups(t *testing.T) {
	t.Parallel()
	own, theirs, address := site(t)
	for name, c := range map[string]struct {
		plan floorplan.Customers
		want string
	}{
		"slow":         {floorplan.Customers{DSN: address, ByCode: `SELECT nr AS id, pg_sleep(30) FROM accounts WHERE nr = $1`, Timeout: 50 * time.Millisecond}, "timeout"},
		"wrong":        {floorplan.Customers{DSN: address, ByCode: `SELECT nr AS id FROM nosuch WHERE nr = $1`}, "nosuch"},
		"bad row":      {floorplan.Customers{DSN: address, ByCode: `SELECT nr AS id, firm::int FROM accounts WHERE nr = $1`}, "invalid input syntax"},
		"writing":      {floorplan.Customers{DSN: address, ByCode: `DELETE FROM accounts WHERE nr = $1 RETURNING nr AS id`}, "read-only"},
		"unreachable":  {floorplan.Customers{DSN: "postgres://a:secret@127.0.0.1:1/x", ByCode: byCode}, "nothing listens there"},
		"own database": {floorplan.Customers{ByCode: byCode}, "accounts"},
	} {
		l := lookup(t, own, c.plan)
		began := time.Now()
		got, err := l.ByCode(t.Context(), "1")
		if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: failed after %s", name, took)
		}
		if name == "slow" {
			// The same connection, or another one, is of use again.
			if err := l.Use(floorplan.Customers{DSN: address, ByCode: byCode}); err != nil {
				t.Fatal(err)
			}
			if got, err := l.ByCode(t.Context(), "1"); err != nil || len(got) != 1 {
				t.Errorf("after a slow look-up: %v, %v", got, err)
			}
		}
	}
	var n int
	if err := theirs.QueryRow(t.Context(), "SELECT count(*) FROM accounts").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d accounts left, %v", n, err)
	}
}

func TestUseFollowsThePlan(t *testing.T) {
	t.Parallel()
	own, _, address := site(t)
	exec(t, own, "INSERT INTO queueapp.customers (id, code, name) VALUES ('x', '1', 'Ours')")
	l := lookup(t, own, floorplan.Customers{})
	name := func() string {
		t.Helper()
		got, err := l.ByCode(t.Context(), "1")
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0].Name
	}
	if name() != "Ours" {
		t.Errorf("before: %s", name())
	}
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte(address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Use(floorplan.Customers{DSNFile: file, ByCode: byCode}); err != nil {
		t.Fatal(err)
	}
	if name() != "Company 1" {
		t.Errorf("the site's: %s", name())
	}
	for _, wrong := range []floorplan.Customers{{DSNFile: file + "?", ByCode: byCode}, {DSN: "postgres://u:secret@[", ByCode: byCode}} {
		if err := l.Use(wrong); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("use %+v: %v", wrong, err)
		}
	}
	if name() != "Company 1" {
		t.Errorf("after plans that cannot be used: %s", name())
	}
	if err := l.Use(floorplan.Customers{DSN: address, ByCode: strings.ReplaceAll(byCode, "firm", "'Changed'")}); err != nil {
		t.Fatal(err)
	}
	if name() != "Changed" {
		t.Errorf("the same place, another query: %s", name())
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	own, _, address := site(t)
	for name, c := range map[string]struct {
		plan floorplan.Customers
		want []string
	}{
		"ours":         {floorplan.Customers{}, nil},
		"right":        {floorplan.Customers{DSN: address, ByCode: byCode}, nil},
		"a wrong name": {floorplan.Customers{DSN: address, ByCode: "SELECT id\nFROM nosuch\nWHERE nr = $1"}, []string{"by_code", "line 2, column 6", "nosuch"}},
		"both wrong":   {floorplan.Customers{DSN: address, ByCode: "SELECT", ByNumber: "SELECT é x"}, []string{"by_code", "by_number", "column 8"}},
		"no parameter": {floorplan.Customers{DSN: address, ByCode: "SELECT nr AS id FROM accounts"}, []string{"0 parameters", "$1"}},
		"no id":        {floorplan.Customers{DSN: address, ByCode: "SELECT firm FROM accounts WHERE nr = $1"}, []string{"neither id nor name"}},
		"writing":      {floorplan.Customers{DSN: address, ByCode: "DELETE FROM accounts WHERE nr = $1 RETURNING nr AS id"}, []string{"would change the database"}},
		"slow": {floorplan.Customers{DSN: address, ByCode: "SELECT coalesce($1, 'x') AS id, pg_sleep(30)", Timeout: 50 * time.Millisecond},
			[]string{"longer than 50ms"}},
		"unreachable": {floorplan.Customers{DSN: "postgres://u:secret@127.0.0.1:1/x", ByCode: byCode}, []string{"nothing listens there"}},
	} {
		err := customers.Check(t.Context(), own, c.plan)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q in it", name, err, w)
			}
		}
	}
}
