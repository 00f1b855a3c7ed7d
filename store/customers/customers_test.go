package customers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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

func TestImport(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s, p := storetest.OpenAt(t, address, "a:1"), pool(t, address)
	dump := func() string {
		t.Helper()
		var all string
		err := p.QueryRow(t.Context(), `SELECT coalesce(string_agg(concat_ws('|', id, code, number, name, url, data), E'\n' ORDER BY code), '') FROM queueapp.customers`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, c := range []struct {
		name, file string
		want       customers.Report
		after      string
	}{
		{"first", "\ufeffCode;Name;tier\r\n1111;Company 1;gold\r\n2222;\"A; B\";\r\n", customers.Report{Rows: 2, Added: 2},
			"1111|1111||Company 1||{\"tier\":\"gold\"}\n2222|2222||A; B||{}"},
		{"the same again", "code,name,tier\n1111,Company 1,gold\n2222,A; B,\n", customers.Report{Rows: 2, Unchanged: 2},
			"1111|1111||Company 1||{\"tier\":\"gold\"}\n2222|2222||A; B||{}"},
		{"columns that are left out stay", "url,code\nhttps://crm/1,1111\n,3333\n", customers.Report{Rows: 2, Added: 1, Changed: 1},
			"1111|1111||Company 1|https://crm/1|{\"tier\":\"gold\"}\n2222|2222||A; B||{}\n3333|3333||||{}"},
		{"data is replaced as a whole", "code,b,a\n1111,2,1\n", customers.Report{Rows: 1, Changed: 1},
			"1111|1111||Company 1|https://crm/1|{\"b\":\"2\",\"a\":\"1\"}\n2222|2222||A; B||{}\n3333|3333||||{}"},
		{"ids", "id,code\n1,1111\n,2222\n9,4444\n", customers.Report{Rows: 3, Added: 1, Changed: 1, Unchanged: 1},
			"1|1111||Company 1|https://crm/1|{\"b\":\"2\",\"a\":\"1\"}\n2222|2222||A; B||{}\n3333|3333||||{}\n9|4444||||{}"},
		{"a text over lines", "code,name\n5555,\"two\nlines\"\n", customers.Report{Rows: 1, Added: 1},
			"1|1111||Company 1|https://crm/1|{\"b\":\"2\",\"a\":\"1\"}\n2222|2222||A; B||{}\n3333|3333||||{}\n9|4444||||{}\n5555|5555||two\nlines||{}"},
		{"nobody", "code\n", customers.Report{}, "1|1111||Company 1|https://crm/1|{\"b\":\"2\",\"a\":\"1\"}\n2222|2222||A; B||{}\n3333|3333||||{}\n9|4444||||{}\n5555|5555||two\nlines||{}"},
	} {
		got, err := s.ImportCustomers(t.Context(), strings.NewReader(c.file))
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
		if after := dump(); after != c.after {
			t.Errorf("%s: there is\n%s\nwant\n%s", c.name, after, c.after)
		}
	}
}

// Every problem is told in one run, with line and remedy, and nothing is changed.
func TestImportProblems(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s, p := storetest.OpenAt(t, address, "a:1"), pool(t, address)
	exec(t, p, "INSERT INTO queueapp.customers (id, code) VALUES ('7', '7777'), ('8888', '1')")
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"empty":       {"", []string{"line 1: the file is empty"}},
		"no code":     {"name,,NAME,x\x01\n1,2,3,4\n", []string{"line 1: column 2 has no name", `line 1: two columns are called "NAME"`, "line 1: the name of column 4", "line 1: there is no column code"}},
		"bad header":  {"code,\"na\nme\n", []string{"the header cannot be read"}},
		"cells":       {"code,name\n1\n2,a,b\n3,c\n", []string{"line 2: it has 1 cells, the header has 2", "line 3: it has 3 cells"}},
		"quotes":      {"code,name\n1,a\"b\n2,\"a\"b\n", []string{"line 2: bare", "line 3: extraneous"}},
		"values":      {"code,number,url,name\n,1,,\n2,0x1,,\n3,,crm/1,\n4,,javascript:alert(1),\n5,,http://a b,x\n6,,,a\x01\n7,,,\xff\n", []string{"line 2: code is empty", `line 3: number has the character 'x'`, "line 4: url has no scheme", "line 5: url has the scheme javascript", "line 6: url cannot be read", "line 7: name is no text", "line 8: name is no text"}},
		"long":        {"code,number\n" + strings.Repeat("1", 65) + ",\n2," + strings.Repeat("2", 65) + "\n", []string{"line 2: code is longer", "line 3: number is longer"}},
		"twice":       {"code,id\n1111,1\n2222,1\n1111,2\n", []string{"line 4: code 1111 is that of line 2, too", "line 3: id 1 is that of line 2, too"}},
		"taken":       {"code,id\n9,7\n8888,\n5,9\n9,\n", []string{"line 2: id 7 belongs to the customer with code 7777", "line 3: its id would be its code 8888, which is the id of the customer with code 1", "line 5: its id would be its code 9, which is the id in line 4"}},
		"line counts": {"code,name\n1,\"a\nb\"\n,c\n", []string{"line 4: code is empty"}},
	} {
		report, err := s.ImportCustomers(t.Context(), strings.NewReader(c.file))
		var f *customers.FileError
		if !errors.As(err, &f) || report != (customers.Report{}) {
			t.Errorf("%s: %+v, %v", name, report, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is not among\n%v", name, w, err)
			}
		}
		for _, problem := range f.Problems {
			if problem.Remedy == "" {
				t.Errorf("%s: no remedy for %s", name, problem)
			}
		}
	}
	var n int
	if err := p.QueryRow(t.Context(), "SELECT count(*) FROM queueapp.customers").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d customers after files with problems, %v", n, err)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	t.Parallel()
	_, err := storetest.Open(t).ImportCustomers(t.Context(), strings.NewReader("code\n"+strings.Repeat("\"\"\n", 1500)))
	var f *customers.FileError
	if !errors.As(err, &f) || len(f.Problems) != 1000 || f.More != 500 || !strings.Contains(err.Error(), "and 500 more") {
		t.Errorf("%d problems and %d more", len(f.Problems), f.More)
	}
}

// A file that cannot be read to its end is not half a file.
func TestImportOfABrokenFile(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s, p := storetest.OpenAt(t, address, "a:1"), pool(t, address)
	broken := errors.New("disk is gone")
	for _, file := range []io.Reader{
		io.MultiReader(strings.NewReader("code\n1\n2\n"), failing{broken}), failing{broken},
	} {
		if _, err := s.ImportCustomers(t.Context(), file); !errors.Is(err, broken) && !strings.Contains(fmt.Sprint(err), broken.Error()) {
			t.Errorf("import: %v", err)
		}
	}
	var n int
	if err := p.QueryRow(t.Context(), "SELECT count(*) FROM queueapp.customers").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d customers of a broken file, %v", n, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A hundred thousand customers are no matter of memory, nor of minutes.
func TestImportOfABigFile(t *testing.T) {
	t.Parallel()
	const many = 100_000
	r, w := io.Pipe()
	go func() { // ends with the file: the import reads it to its end
		_, err := io.WriteString(w, "code,name,number,tier\n")
		for i := 0; i < many && err == nil; i++ {
			_, err = fmt.Fprintf(w, "%d,Company %d,+49%d,gold\n", 100000+i, i, i)
		}
		w.CloseWithError(err)
	}()
	began := time.Now()
	report, err := storetest.Open(t).ImportCustomers(t.Context(), r)
	if err != nil || report.Added != many {
		t.Errorf("%+v, %v", report, err)
	}
	t.Logf("%d customers in %s", many, time.Since(began).Round(time.Millisecond))
}
