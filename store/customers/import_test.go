package customers_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"ringside/store/customers"
	"ringside/store/storetest"
)

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
