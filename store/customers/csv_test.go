package customers

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a file holds: reading it ends, every line that is taken is one that the table can keep, and every line that is
// not has a problem.
func FuzzTable(f *testing.F) {
	for _, file := range []string{
		"code,name,number,url,id,tier\n1111,Company 1,+49 30,https://crm/1,1,gold\n", "code;name\n1;\"a;b\"\n", "code\n\"\n", "\ufeffcode\n1\r\n\r\n2",
		"code,code\n", "code,a\n1,\xff\n", "code\n1,2\n", ",\n", "code,url\n1,javascript:x\n", "code,number\n1,()\n",
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		var p problems
		table, err := newTable(strings.NewReader(file), &p)
		if err != nil {
			t.Fatal(err)
		}
		if p.count > 0 {
			return
		}
		rows := 0
		for {
			err := table.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows++
			check(t, table.row)
		}
		if lines := strings.Count(file, "\n"); rows+p.count > 10*(lines+1) {
			t.Errorf("%d rows and %d problems in %d lines", rows, p.count, lines)
		}
	})
}

func check(t *testing.T, r row) {
	t.Helper()
	if r.code == "" || !json.Valid([]byte(r.data)) {
		t.Errorf("row %+v", r)
	}
	for _, s := range []string{r.id, r.code, r.number, r.name, r.url, r.data} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("%q in row %+v", s, r)
		}
	}
}
