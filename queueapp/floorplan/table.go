package floorplan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// A document is a floor plan being read; problems gather in it.
type document struct {
	file     string
	lines    map[string]int
	problems Problems
}

// A table is one table of a document. Keys that nobody asked for are problems too.
type table struct {
	doc    *document
	path   []string
	values map[string]any
	asked  []string
}

// open reads the syntax of a document. The library stops at the first error, and so must we.
func open(file string, data []byte) (*table, error) {
	var values map[string]any
	if _, err := toml.Decode(string(data), &values); err != nil {
		return nil, syntax(file, err)
	}
	return &table{doc: &document{file: file, lines: lines(string(data))}, values: values}, nil
}

func syntax(file string, err error) error {
	p := Problem{File: file, Why: err.Error(), Remedy: "texts and durations stand in quotes; the rest of the file was not looked at"}
	if pe, ok := err.(toml.ParseError); ok { //nolint:errorlint // the library returns it bare
		p.Line, p.Why = pe.Position.Line, strings.TrimSuffix(pe.Message, ".")
		if pe.LastKey != "" {
			p.Key = pe.LastKey
		}
	}
	return Problems{p}
}

// line finds the line of a path, or of the nearest that stands around it.
func (d *document) line(path []string) int {
	for n := len(path); n > 0; n-- {
		if l := d.lines[place(path[:n]...)]; l > 0 {
			return l
		}
	}
	return 0
}

// problem notes what is wrong with a key; "" is the table itself.
func (t *table) problem(key, remedy, why string, args ...any) {
	path := t.path
	if key != "" {
		path = append(slices.Clone(path), key)
	}
	t.problemAt(path, remedy, why, args...)
}

func (t *table) problemAt(path []string, remedy, why string, args ...any) {
	shown := slices.DeleteFunc(slices.Clone(path), func(s string) bool { return strings.HasPrefix(s, "\x01") })
	t.doc.problems = append(t.doc.problems, Problem{
		File: t.doc.file, Line: t.doc.line(path), Key: toml.Key(shown).String(), Why: fmt.Sprintf(why, args...), Remedy: remedy,
	})
}

// has reports whether the key is there, and marks it as known.
func (t *table) has(key string) bool {
	if !slices.Contains(t.asked, key) {
		t.asked = append(t.asked, key)
	}
	_, ok := t.values[key]
	return ok
}

// get finds a value of one type.
func get[T any](t *table, key, remedy string) (v T, ok bool) {
	if !t.has(key) {
		return v, false
	}
	if v, ok = t.values[key].(T); !ok {
		t.problem(key, remedy, "%s stands where %s should", kind(t.values[key]), kind(v))
	}
	return v, ok
}

func kind(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int64:
		return "a number"
	case float64:
		return "a fraction"
	case bool:
		return "true or false"
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	}
	return "an array"
}

const longest = 1000 // characters of any text

func (t *table) text(key, def string) string {
	s, ok := get[string](t, key, `write it in quotes`)
	if !ok {
		return def
	}
	if why := unfit(s, longest); why != "" {
		t.problem(key, "", "%s", why)
	}
	return s
}

// unfit says what is wrong with a text that is to be shown or sent somewhere.
func unfit(s string, most int) string {
	switch {
	case !utf8.ValidString(s):
		return "not UTF-8"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "holds control characters"
	case utf8.RuneCountInString(s) > most:
		return fmt.Sprintf("longer than %d characters", most)
	}
	return ""
}

func (t *table) bool(key string, def bool) bool {
	if v, ok := get[bool](t, key, "write true or false, without quotes"); ok {
		return v
	}
	return def
}

func (t *table) int(key string, def, least, most int) int {
	v, ok := get[int64](t, key, "write the number without quotes")
	if !ok {
		return def
	}
	if v < int64(least) || v > int64(most) {
		t.problem(key, fmt.Sprintf("write %d to %d", least, most), "%d is out of range", v)
		return def
	}
	return int(v)
}

func (t *table) duration(key string, def, least, most time.Duration) time.Duration {
	s, ok := get[string](t, key, `write it with its unit, as "20s"`)
	if !ok {
		return def
	}
	d, err := time.ParseDuration(s)
	remedy := fmt.Sprintf("write %s to %s", Brief(least), Brief(most))
	switch {
	case err != nil:
		t.problem(key, `write it as "20s", "500ms" or "1h30m"`, "%q is no duration", s)
	case d < least || d > most:
		t.problem(key, remedy, "%q is out of range", s)
	default:
		return d
	}
	return def
}

// texts reads an array of texts, or a single one, with the path of each for what is to be said of it.
func (t *table) texts(key string) (list []string, paths [][]string) {
	if !t.has(key) {
		return nil, nil
	}
	at := append(slices.Clone(t.path), key)
	switch v := t.values[key].(type) {
	case string:
		return []string{v}, [][]string{at}
	case []any:
		for i, e := range v {
			p := append(slices.Clone(at), element(i))
			if s, ok := e.(string); ok {
				list, paths = append(list, s), append(paths, p)
			} else {
				t.problemAt(p, fmt.Sprintf("write \"%v\"", e), "%s stands where a text should", kind(e))
			}
		}
	default:
		t.problem(key, `write texts in brackets, as ["1000", "1001"]`, "%s stands where texts should", kind(v))
	}
	return list, paths
}

// A listed is an element of an array that may hold texts and tables: one of the two.
type listed struct {
	path  []string
	text  string
	table *table
}

// list reads an array of texts and tables, or a single text.
func (t *table) list(key, example string) []listed {
	at := append(slices.Clone(t.path), key)
	var elements []any
	switch v := t.values[key].(type) {
	case string:
		return []listed{{path: at, text: v}}
	case []any:
		elements = v
	case []map[string]any: // [[tables]]
		for _, e := range v {
			elements = append(elements, e)
		}
	default:
		t.problem(key, "write it in brackets, "+example, "%s stands where an array should", kind(v))
	}
	var out []listed
	for i, e := range elements {
		l := listed{path: append(slices.Clone(at), element(i))}
		switch e := e.(type) {
		case string:
			l.text = e
		case map[string]any:
			l.table = &table{doc: t.doc, path: l.path, values: e}
		default:
			t.problemAt(l.path, "write it "+example, "%s stands where a text or a table should", kind(e))
			continue
		}
		out = append(out, l)
	}
	return out
}

// table opens the table under a key.
func (t *table) table(key string) (*table, bool) {
	return t.tableOr(key, "write ["+toml.Key(append(slices.Clone(t.path), key)).String()+"]")
}

func (t *table) tableOr(key, remedy string) (*table, bool) {
	v, ok := get[map[string]any](t, key, remedy)
	return &table{doc: t.doc, path: append(slices.Clone(t.path), key), values: v}, ok
}

// tables opens all tables under a key of the root, in the order of their names.
func (t *table) tables(key string) []*table {
	var out []*table
	outer, ok := t.tableOr(key, "write ["+key+".NAME] for each")
	if !ok {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(outer.values)) {
		values, ok := outer.values[name].(map[string]any)
		if !ok {
			outer.problem(name, "write ["+toml.Key{key, name}.String()+"]", "%s stands where a table should", kind(outer.values[name]))
			continue
		}
		out = append(out, &table{doc: t.doc, path: []string{key, name}, values: values})
	}
	return out
}

// leave says nothing more about the keys of a table that is no good altogether.
func (t *table) leave() { t.asked = slices.Collect(maps.Keys(t.values)) }

func (t *table) name() string { return t.path[len(t.path)-1] }

// done says of every key that nobody asked for that it is unknown.
func (t *table) done() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if slices.Contains(t.asked, key) {
			continue
		}
		remedy := "remove it; known are " + strings.Join(t.asked, ", ")
		if near := nearest(key, t.asked); near != "" {
			remedy = "write " + near + " or remove it"
		}
		t.problem(key, remedy, "unknown key")
	}
}

// nearest finds the known key that was probably meant.
func nearest(key string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := Distance(key, k); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// Distance counts how many bytes must be put in, taken out or replaced to make b of a (Levenshtein): what a mistyped key
// was probably meant to be.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
