package floorplan

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// lines finds the line of every key, and of every element of every array, in a text that the TOML library has accepted.
// The library knows these places and does not tell them.
func lines(text string) map[string]int {
	s := scanner{text: text, line: 1, at: map[string]int{}, arrays: map[string]int{}}
	var table []string
	for s.space(true); s.more(); s.space(true) {
		if s.peek() == '[' {
			table = s.header()
		} else {
			s.pair(table)
		}
	}
	return s.at
}

// Lines finds the line of every key of a text that the TOML library has accepted, by its name as people write it:
// "queue.support.ring", "switch[0].url".
func Lines(text string) map[string]int {
	out := map[string]int{}
	for path, line := range lines(text) {
		out[spelt(strings.Split(path, "\x00"))] = line
	}
	return out
}

func spelt(path []string) string {
	var b strings.Builder
	for _, part := range path {
		n, isElement := strings.CutPrefix(part, elementMark)
		switch {
		case isElement:
			b.WriteString("[" + n + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// place joins a path for the map that lines returns.
func place(path ...string) string { return strings.Join(path, "\x00") }

// element names the n-th element of an array in a path. No key of a table can be mistaken for it.
func element(n int) string { return elementMark + strconv.Itoa(n) }

const elementMark = "\x01"

type scanner struct {
	text   string
	pos    int
	line   int
	at     map[string]int
	arrays map[string]int // how many [[tables]] there are of each path
}

func (s *scanner) more() bool { return s.pos < len(s.text) }

func (s *scanner) peek() byte {
	if s.more() {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) next() byte {
	c := s.peek()
	if c == '\n' {
		s.line++
	}
	s.pos++
	return c
}

// accept takes the next character where it is c.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c || !s.more() {
		return false
	}
	s.next()
	return true
}

// space skips blanks, and comments and line ends too where those may stand.
func (s *scanner) space(lines bool) {
	for s.more() {
		switch c := s.peek(); {
		case c == ' ' || c == '\t' || c == '\r':
			s.next()
		case c == '\n' && lines:
			s.next()
		case c == '#' && lines:
			for s.more() && s.peek() != '\n' {
				s.next()
			}
		default:
			return
		}
	}
}

func (s *scanner) note(path []string) {
	for n := 1; n <= len(path); n++ {
		if key := place(path[:n]...); s.at[key] == 0 {
			s.at[key] = s.line
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the path of what follows.
func (s *scanner) header() []string {
	s.next()
	many := s.accept('[')
	var path []string
	for i, k := range s.key() {
		if n := s.arrays[place(path...)]; i > 0 && n > 0 {
			path = append(path, element(n-1))
		}
		path = append(path, k)
	}
	if key := place(path...); many {
		s.note(path)
		path = append(path, element(s.arrays[key]))
		s.arrays[key]++
	}
	s.note(path)
	s.space(false)
	s.accept(']')
	s.accept(']')
	return path
}

func (s *scanner) pair(table []string) {
	start := s.pos
	path := append(append([]string(nil), table...), s.key()...)
	s.note(path)
	s.space(false)
	s.accept('=')
	s.space(false)
	s.value(path)
	if s.pos == start {
		s.next() // whatever it is, go on
	}
}

// key reads a key with its dots.
func (s *scanner) key() []string {
	var parts []string
	for {
		s.space(false)
		switch c := s.peek(); c {
		case '"', '\'':
			parts = append(parts, s.quotedKey(c))
		default:
			start := s.pos
			for s.more() && !strings.ContainsRune(" \t\r\n.=]#'\"", rune(s.peek())) {
				s.next()
			}
			parts = append(parts, s.text[start:s.pos])
		}
		s.space(false)
		if !s.accept('.') {
			return parts
		}
	}
}

func (s *scanner) quotedKey(quote byte) string {
	start := s.pos
	s.text1(quote)
	raw := s.text[start:s.pos]
	if quote == '\'' || !strings.Contains(raw, `\`) {
		return strings.Trim(raw, string(quote))
	}
	var v struct{ Key string }
	if _, err := toml.Decode("Key = "+raw, &v); err != nil {
		return raw
	}
	return v.Key
}

// text1 skips a string that ends on its line.
func (s *scanner) text1(quote byte) {
	s.next()
	for s.more() && s.peek() != quote && s.peek() != '\n' {
		if s.next() == '\\' && quote == '"' {
			s.next()
		}
	}
	s.accept(quote)
}

// text3 skips a string in triple quotes.
func (s *scanner) text3(quote byte) {
	s.pos += 3
	end := strings.Repeat(string(quote), 3)
	for s.more() && !strings.HasPrefix(s.text[s.pos:], end) {
		if s.next() == '\\' && quote == '"' {
			s.next()
		}
	}
	s.pos = min(s.pos+3, len(s.text))
	for s.accept(quote) { // up to two may belong to the string itself
	}
}

func (s *scanner) value(path []string) {
	switch c := s.peek(); c {
	case '"', '\'':
		if strings.HasPrefix(s.text[s.pos:], strings.Repeat(string(c), 3)) {
			s.text3(c)
		} else {
			s.text1(c)
		}
	case '[':
		s.next()
		for n := 0; s.until(']'); n++ {
			p := append(append([]string(nil), path...), element(n))
			s.note(p)
			start := s.pos
			if s.value(p); s.pos == start {
				s.next() // whatever it is, go on
			}
		}
	case '{':
		s.next()
		for s.until('}') {
			s.pair(path)
		}
	default:
		for s.more() && !strings.ContainsRune(",]}#\r\n", rune(s.peek())) {
			s.next()
		}
	}
}

// until goes to the next element of an array or inline table; false: it has ended.
func (s *scanner) until(end byte) bool {
	s.space(true)
	for s.accept(',') {
		s.space(true)
	}
	return !s.accept(end) && s.more()
}
