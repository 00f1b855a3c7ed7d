package customers

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp"
)

// The limits of what one customer may have. A record shows the first 64 KiB.
const (
	maxKey  = 64   // characters of a code or number
	maxCell = 2000 // characters of anything else
	maxData = 64   // columns that are data
)

// table reads customers from CSV: the first line names the columns code, number, name, url and id, in any order and case;
// every other column becomes data under its own name. It goes on after a problem, so that one run finds all of them.
type table struct {
	csv      *csv.Reader
	columns  map[string]int // the known ones
	data     []int          // the others
	names    []string       // of all, as the header has them
	problems *problems
	row      row
}

// row is a customer as a line of the file has it.
type row struct {
	line                        int
	id, code, number, name, url string
	data                        string // JSON
}

func known() []string { return []string{"id", "code", "number", "name", "url"} }

// newTable reads the header. Its problems, too, are noted; without a usable header there is nothing to go on with.
func newTable(r io.Reader, p *problems) (*table, error) {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); string(start) == "\xef\xbb\xbf" { // the mark that spreadsheets put first
		if _, err := b.Discard(len(start)); err != nil {
			return nil, err
		}
	}
	t := &table{csv: csv.NewReader(b), columns: map[string]int{}, problems: p}
	t.csv.Comma = separator(b)
	t.csv.FieldsPerRecord = -1 // the reader would stop at the first line that is too short
	t.csv.ReuseRecord = true
	header, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		p.add(1, "the file is empty", "its first line must name the columns, such as code,number,name,url")
		return t, nil
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		p.add(wrong.Line, "the header cannot be read: "+wrong.Err.Error(), "name the columns, such as code,number,name,url")
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	t.header(header)
	return t, nil
}

// separator is a semicolon where the header has one and no comma, as spreadsheets in much of Europe write it.
func separator(b *bufio.Reader) rune {
	start, _ := b.Peek(b.Size())
	header, _, _ := strings.Cut(string(start), "\n")
	if strings.Contains(header, ";") && !strings.Contains(header, ",") {
		return ';'
	}
	return ','
}

func (t *table) header(cells []string) {
	for i, cell := range cells {
		name := strings.TrimSpace(cell)
		switch lower := strings.ToLower(name); {
		case name == "":
			t.problems.add(1, fmt.Sprintf("column %d has no name", i+1), "name it, or take it out")
		case slices.ContainsFunc(t.names, func(n string) bool { return strings.EqualFold(n, name) }):
			t.problems.add(1, fmt.Sprintf("two columns are called %q", name), "rename one")
		case !fits(name, maxKey):
			t.problems.add(1, fmt.Sprintf("the name of column %d is no text of at most %d characters", i+1, maxKey), "rename it")
		case slices.Contains(known(), lower):
			t.columns[lower] = i
		default:
			t.data = append(t.data, i)
		}
		t.names = append(t.names, name)
	}
	if len(t.data) > maxData {
		t.problems.add(1, fmt.Sprintf("%d columns besides the known ones", len(t.data)), fmt.Sprintf("keep at most %d", maxData))
	}
	if _, ok := t.columns["code"]; !ok {
		t.problems.add(1, "there is no column code", "name one of the columns code: it is what callers key in, and what tells customers apart")
	}
}

func (t *table) has(column string) bool { _, ok := t.columns[column]; return ok }

// next reads the next customer without a problem. It returns io.EOF at the end, and another error only where the file
// itself cannot be read.
func (t *table) next() error {
	for {
		cells, err := t.csv.Read()
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			t.problems.add(wrong.Line, wrong.Err.Error(), `put a text with quotes into quotes and write each quote in it twice: "the ""best"" one"`)
			continue
		}
		if err != nil {
			return err
		}
		line, _ := t.csv.FieldPos(0)
		if len(cells) != len(t.names) {
			t.problems.add(line, fmt.Sprintf("it has %d cells, the header has %d", len(cells), len(t.names)),
				"give it one cell for each column, and put texts with the separator into quotes")
			continue
		}
		if t.read(line, cells) {
			return nil
		}
	}
}

// read takes a line's cells and reports whether they were all right.
func (t *table) read(line int, cells []string) bool {
	before := t.problems.count
	cell := func(column string) string {
		if i, ok := t.columns[column]; ok {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	t.row = row{line: line, id: cell("id"), code: cell("code"), number: Dialable(cell("number")), name: cell("name"), url: cell("url")}
	for i, c := range cells {
		if !fits(c, maxCell) {
			t.problems.add(line, fmt.Sprintf("%s is no text of at most %d characters", t.names[i], maxCell),
				"save the file as UTF-8, and take out control characters")
		}
	}
	t.checkKeys(line)
	if why := badURL(t.row.url); why != "" {
		t.problems.add(line, "url "+why, "write it whole, such as https://crm.example.com/customers/1")
	}
	var data []queueapp.Datum
	for _, i := range t.data {
		if v := strings.TrimSpace(cells[i]); v != "" {
			data = append(data, queueapp.Datum{Key: t.names[i], Value: v})
		}
	}
	t.row.data = EncodeData(data)
	return t.problems.count == before
}

func (t *table) checkKeys(line int) {
	switch {
	case t.row.code == "":
		t.problems.add(line, "code is empty", "give each customer a code")
	case utf8.RuneCountInString(t.row.code) > maxKey:
		t.problems.add(line, fmt.Sprintf("code is longer than %d characters", maxKey), "shorten it")
	}
	if utf8.RuneCountInString(t.row.number) > maxKey {
		t.problems.add(line, fmt.Sprintf("number is longer than %d characters", maxKey), "give one number only")
	}
	if i := strings.IndexFunc(t.row.number, func(r rune) bool { return !strings.ContainsRune("+0123456789*#", r) }); i >= 0 {
		t.problems.add(line, fmt.Sprintf("number has the character %q", []rune(t.row.number[i:])[0]), "write digits, with + first where it is international")
	}
}

// fits reports whether s is text of at most n characters that may be shown: no control characters, valid UTF-8.
func fits(s string, n int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= n &&
		strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }) < 0
}

// badURL says what is wrong with a link that an agent is to click. Links that run something are refused.
func badURL(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.ContainsAny(s, " \n\t\r"):
		return "cannot be read"
	case u.Scheme == "":
		return "has no scheme"
	case slices.Contains([]string{"javascript", "data", "vbscript", "file"}, strings.ToLower(u.Scheme)):
		return "has the scheme " + strings.ToLower(u.Scheme) + ", which a link must not have"
	}
	return ""
}
