package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"ringside/queueapp/floorplan"
)

// Problem is one thing that is wrong with a configuration: where, what, and what to do.
type Problem struct {
	File string // or the environment variable
	Line int    // 0 where it is the environment's, or nowhere
	Key  string // section.key; of a switch, switch[0].key
	What string
}

// Error is "file:line: key: what".
func (p Problem) Error() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
	}
	if p.Key != "" {
		s += ": " + p.Key
	}
	return s + ": " + p.What
}

// Section is the table that the problem is in; empty where the file cannot be read at all.
func (p Problem) Section() string {
	name, _, _ := strings.Cut(p.Key, ".")
	name, _, _ = strings.Cut(name, "[")
	return name
}

// Problems are an error with a line each.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is nil where there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Load reads queueapp.toml and lays the environment over it, and says everything that is wrong in one go. A file
// that is not there is empty where optional is set: the environment may say it all.
func Load(file string, optional bool, env Environment) (Config, Problems) {
	text, err := readSome(file, maxFile)
	switch {
	case err != nil && (!optional || !errors.Is(err, os.ErrNotExist)):
		return Config{}, Problems{{File: file, What: Unreadable(err) + "; name another with --config"}}
	case len(text) > maxFile:
		return Config{}, Problems{{File: file, What: tooLong}}
	}
	return Parse(file, text, env)
}

// maxFile is far more than a floor plan of 10 000 agents.
const maxFile = 16 << 20

const tooLong = "is longer than 16 MiB: it is no configuration"

// ReadFile reads a file of an administrator's whole, a floor plan for instance. The error says in plain words what keeps
// it from being one.
func ReadFile(file string) ([]byte, error) {
	text, err := readSome(file, maxFile)
	switch {
	case err != nil:
		return nil, Problem{File: file, What: Unreadable(err)}
	case len(text) > maxFile:
		return nil, Problem{File: file, What: tooLong}
	}
	return text, nil
}

// Unreadable says in plain words why a file cannot be read.
func Unreadable(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return "cannot be read: " + err.Error()
}

// Parse is Load of a text that was read already; file is its name for messages, and where relative files are beside.
func Parse(file string, text []byte, env Environment) (Config, Problems) {
	l := loader{Config: Default(), lines: floorplan.Lines(string(text))}
	l.File, l.env = file, env
	var tables map[string]any
	if _, err := toml.Decode(string(text), &tables); err != nil {
		return l.Config, Problems{syntax(file, err)}
	}
	l.readFile(tables)
	l.readEnvironment()
	l.derive()
	l.settle()
	slices.SortStableFunc(l.problems, func(a, b Problem) int { return a.Line - b.Line })
	return l.Config, l.problems
}

func syntax(file string, err error) Problem {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return Problem{File: file, Line: parse.Position.Line, What: parse.Message}
	}
	return Problem{File: file, What: err.Error()}
}

// loader is a configuration on its way.
type loader struct {
	Config
	lines    map[string]int
	problems Problems
}

// complain adds a problem of the file.
func (l *loader) complain(key, what string) {
	l.problems = append(l.problems, Problem{l.File, l.lines[key], key, what})
}

func (l *loader) readFile(tables map[string]any) {
	known := []string{"switch"}
	for _, s := range sections() {
		known = append(known, s.name)
		table, ok := tables[s.name].(map[string]any)
		if !ok && tables[s.name] != nil {
			l.complain(s.name, "is no table; write ["+s.name+"]")
		}
		readTable(l, s.name, table, s.keys, &l.Config)
	}
	l.readSwitches(tables["switch"])
	for name := range tables {
		if !slices.Contains(known, name) {
			l.complain(name, "is not known; "+suggest(name, known))
		}
	}
}

func (l *loader) readSwitches(v any) {
	if v == nil {
		return
	}
	list, ok := v.([]map[string]any)
	if !ok {
		l.complain("switch", "is one table; write [[switch]], once for each Asterisk")
		return
	}
	for i, table := range list {
		var s Switch
		readTable(l, fmt.Sprintf("switch[%d]", i), table, switchKeys(), &s)
		l.Switches = append(l.Switches, s)
	}
}

// readTable sets what the table says, and complains of what it cannot say.
func readTable[T any](l *loader, name string, table map[string]any, keys []key[T], into *T) {
	for _, k := range keys {
		given, ok := table[k.name]
		if !ok || k.envOnly {
			continue
		}
		v, err := valueOf(given)
		if err == nil {
			err = k.set(into, v)
		}
		if err != nil {
			l.complain(name+"."+k.name, err.Error())
		}
	}
	known := names(keys)
	for given := range table {
		if slices.Contains(known, given) {
			continue
		}
		what := "is not known; " + suggest(given, known)
		if slices.ContainsFunc(keys, func(k key[T]) bool { return k.name == given }) {
			what = "does not belong in this file; write it to a file of its own and name that in " + given + "_file"
		}
		l.complain(name+"."+given, what)
	}
}

func valueOf(given any) (value, error) {
	switch given := given.(type) {
	case string:
		return value{text: given}, nil
	case []any:
		v := value{isSet: true}
		for _, item := range given {
			s, ok := item.(string)
			if !ok {
				return value{}, fmt.Errorf("holds %v, which is no string; write it in quotes", item)
			}
			v.list = append(v.list, s)
		}
		return v, nil
	default:
		return value{}, errors.New("is no string; write it in quotes")
	}
}

// suggest names the known word that was probably meant, or all of them.
func suggest(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := floorplan.Distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known are " + strings.Join(known, ", ")
}
