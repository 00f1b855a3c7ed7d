package importer

import (
	"fmt"
	"strings"
)

// A line is an option and where it stands.
type line struct {
	file       string
	n          int
	key, value string
	secret     bool // the value must not be shown
}

// name is the option as the tables know it: Asterisk does not care for case.
func (l line) name() string { return strings.ToLower(l.key) }

func (l line) is(name string) bool { return l.name() == name }

// A section is a [section] of Asterisk's, with what it inherits before its own lines.
type section struct {
	line     // of its header
	name     string
	template bool
	used     bool // some queue inherits from it
	lines    []line
}

// conf is a configuration file of Asterisk's, or several that are read as one.
type conf struct {
	sections []*section
	named    map[string]*section
	unfolded int // how many lines there are, inherited ones again and again
	notes    *notes
}

// mostLines is more than any site has, with what templates repeat.
const mostLines = 1_000_000

// longestLine is more than Asterisk reads, in bytes.
const longestLine = 64 << 10

// readConf reads files in the syntax of Asterisk's config.c: sections with templates, options, comments.
func readConf(files []File, ns *notes) (*conf, error) {
	c := &conf{notes: ns, named: map[string]*section{}}
	for _, f := range files {
		if err := c.file(f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *conf) file(f File) error {
	var now *section
	comment := comments{}
	n := 0
	for raw := range strings.SplitSeq(string(f.Text), "\n") {
		n++
		if len(raw) > longestLine {
			return fmt.Errorf("%s:%d: is longer than %d KB; no line of such a file is", f.Name, n, longestLine>>10)
		}
		text := strings.TrimSpace(comment.strip(raw, n))
		at := line{file: f.Name, n: n}
		switch {
		case text == "":
		case text[0] == '[':
			s, err := c.header(at, text)
			if err != nil {
				return err
			}
			now = s
			c.unfolded++
		case text[0] == '#':
			c.directive(at, text)
		default:
			c.option(now, at, text)
			c.unfolded++
		}
		if c.unfolded > mostLines {
			return fmt.Errorf("%s:%d: %w", f.Name, n, errTooMuch)
		}
	}
	if comment.depth > 0 {
		return fmt.Errorf("%s:%d: a block comment begins here and never ends; write --; where it should", f.Name, comment.since)
	}
	return nil
}

// comments takes comments out: ; to the end of the line, ;-- to --; over lines, one within another. \; is no comment.
type comments struct{ depth, since int }

func (c *comments) strip(s string, n int) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case c.depth > 0 && strings.HasPrefix(rest, "--;"):
			c.depth--
			i += 2
		case strings.HasPrefix(rest, ";--") && !strings.HasPrefix(rest, ";---"):
			if c.depth == 0 {
				c.since = n
			}
			c.depth++
			i += 2
		case c.depth > 0:
		case strings.HasPrefix(rest, `\;`):
			b.WriteByte(';')
			i++
		case rest[0] == ';':
			return b.String()
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// header reads [name], [name](!), [name](template,template) and [name](+).
func (c *conf) header(at line, text string) (*section, error) {
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok {
		return nil, fmt.Errorf("%s:%d: a [section] has no closing ]; Asterisk would not read the file either", at.file, at.n)
	}
	at.key = "[" + strings.TrimSpace(name) + "]"
	s := c.section(strings.TrimSpace(name))
	if s == nil {
		s = &section{line: at, name: strings.TrimSpace(name)}
		c.sections, c.named[strings.ToLower(s.name)] = append(c.sections, s), s
	} else {
		c.notes.add(at, s.name, needless("the section is there already; both are read as one"))
	}
	bases, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(rest), "("), ")")
	for base := range strings.SplitSeq(bases, ",") {
		c.inherit(s, at, strings.TrimSpace(base))
		if c.unfolded > mostLines {
			return nil, fmt.Errorf("%s:%d: %w", at.file, at.n, errTooMuch)
		}
	}
	return s, nil
}

func (c *conf) inherit(s *section, at line, base string) {
	switch base {
	case "", "+":
	case "!":
		s.template = true
	default:
		from := c.section(base)
		if from == nil || from == s {
			c.notes.add(at, s.name, notUnderstood("put the template before it", "there is no [%s] above to inherit from", tidy(base)))
			return
		}
		from.used = true
		s.lines = append(s.lines, from.lines...)
		c.unfolded += len(from.lines)
	}
}

func (c *conf) section(name string) *section { return c.named[strings.ToLower(name)] }

func (c *conf) directive(at line, text string) {
	word, of, _ := strings.Cut(text, " ")
	at.key, at.value = word, of
	switch word {
	case "#include", "#tryinclude":
		c.notes.add(at, "", elsewhere("other files are not opened", "name that file in the same import, behind this one"))
	case "#exec":
		c.notes.add(at, "", elsewhere("nothing is run", "write what it prints into a file, and name that in the same import"))
	default:
		c.notes.add(at, "", notUnderstood("remove it", "is no directive of Asterisk's"))
	}
}

func (c *conf) option(s *section, at line, text string) {
	key, value, ok := strings.Cut(text, "=")
	at.key, at.value = strings.TrimSpace(strings.TrimSuffix(key, "+")), strings.TrimSpace(strings.TrimPrefix(value, ">"))
	switch {
	case s == nil:
		c.notes.add(at, "", notUnderstood("put it below one", "stands above every [section]; Asterisk would not read the file"))
	case !ok:
		c.notes.add(at, s.name, notUnderstood("write option = value", "there is no = in it; Asterisk passes over it"))
	default:
		s.lines = append(s.lines, at)
	}
}
