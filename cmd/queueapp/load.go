package main

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

// problem is one thing that is wrong with a configuration: where, what, and what to do.
type problem struct {
	file string // or the environment variable
	line int    // 0 where it is the environment's, or nowhere
	key  string // section.key
	what string
}

// String is "file:line: key: what".
func (p problem) String() string {
	s := p.file
	if p.line > 0 {
		s += ":" + strconv.Itoa(p.line)
	}
	if p.key != "" {
		s += ": " + p.key
	}
	return s + ": " + p.what
}

// section is the table that the problem is in; empty where the file cannot be read at all.
func (p problem) section() string {
	name, _, _ := strings.Cut(p.key, ".")
	name, _, _ = strings.Cut(name, "[")
	return name
}

// problems are an error with a line each.
type problems []problem

func (ps problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// loadConfig reads queueapp.toml and lays the environment over it, and says everything that is wrong in one go. A file
// that is not there is empty where optional is set: the environment may say it all.
func loadConfig(file string, optional bool, env environment) (config, problems) {
	text, err := os.ReadFile(file)
	if err != nil && (!optional || !errors.Is(err, os.ErrNotExist)) {
		return config{}, problems{{file: file, what: unreadable(err) + "; name another with --config"}}
	}
	return parseConfig(file, text, env)
}

func unreadable(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return "cannot be read: " + err.Error()
}

func parseConfig(file string, text []byte, env environment) (config, problems) {
	l := loader{config: defaultConfig(), lines: findKeys(string(text))}
	l.file, l.env = file, env
	var tables map[string]any
	if _, err := toml.Decode(string(text), &tables); err != nil {
		return l.config, problems{syntax(file, err)}
	}
	l.readFile(tables)
	l.readEnvironment()
	l.derive()
	l.settle()
	slices.SortStableFunc(l.problems, func(a, b problem) int { return a.line - b.line })
	return l.config, l.problems
}

func syntax(file string, err error) problem {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return problem{file: file, line: parse.Position.Line, what: parse.Message}
	}
	return problem{file: file, what: err.Error()}
}

// loader is a configuration on its way.
type loader struct {
	config
	lines    map[string]int
	problems problems
}

// complain adds a problem of the file.
func (l *loader) complain(key, what string) {
	l.problems = append(l.problems, problem{l.file, l.lines[key], key, what})
}

func (l *loader) readFile(tables map[string]any) {
	known := []string{"switch"}
	for _, s := range sections() {
		known = append(known, s.name)
		table, ok := tables[s.name].(map[string]any)
		if !ok && tables[s.name] != nil {
			l.complain(s.name, "is no table; write ["+s.name+"]")
		}
		readTable(l, s.name, table, s.keys, &l.config)
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
		var s switchConfig
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

// findKeys finds the line of every table and key: the library tells them of syntax errors only. Keys are "section.key",
// those of a [[switch]] "switch[0].key".
func findKeys(text string) map[string]int {
	lines, count, table := map[string]int{}, map[string]int{}, ""
	note := func(key string, n int) {
		if _, there := lines[key]; !there {
			lines[key] = n
		}
	}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "[["):
			name := strings.TrimSpace(strings.Trim(strings.SplitN(line, "]", 2)[0], "["))
			table = fmt.Sprintf("%s[%d]", name, count[name])
			count[name]++
			note(name, n+1)
			note(table, n+1)
		case strings.HasPrefix(line, "["):
			table = strings.TrimSpace(strings.Trim(strings.SplitN(line, "]", 2)[0], "["))
			note(table, n+1)
		case line != "" && line[0] != '#':
			name, _, isKey := strings.Cut(line, "=")
			if name = strings.Trim(strings.TrimSpace(name), `"'`); isKey && table != "" {
				note(table+"."+name, n+1)
			} else if isKey {
				note(name, n+1)
				outer, _, _ := strings.Cut(name, ".")
				note(outer, n+1)
			}
		}
	}
	return lines
}
