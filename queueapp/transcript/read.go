package transcript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ringside/queueapp"
)

// A token is a word of a line.
type token struct {
	text   string
	quoted bool
	col    int // the byte at which it begins
	end    int // the byte after it
}

func (t token) String() string {
	if t.quoted {
		return strconv.Quote(t.text)
	}
	return t.text
}

// split takes a line apart into its words.
func split(line string) ([]token, error) {
	var toks []token
	for i := 0; i < len(line); {
		if line[i] == ' ' {
			i++
			continue
		}
		t, err := nextToken(line, i)
		if err != nil {
			return nil, err
		}
		toks = append(toks, t)
		i = t.end
		if i < len(line) && line[i] != ' ' {
			return nil, fmt.Errorf("column %d: %s runs into what follows: put a space between", i+1, t)
		}
	}
	return toks, nil
}

func nextToken(line string, i int) (token, error) {
	if line[i] == '"' {
		q, err := strconv.QuotedPrefix(line[i:])
		if err != nil {
			return token{}, fmt.Errorf("column %d: a text without its closing quote, or with a bad escape", i+1)
		}
		s, err := strconv.Unquote(q)
		if err != nil {
			return token{}, fmt.Errorf("column %d: %s is no text: %w", i+1, q, err)
		}
		return token{text: s, quoted: true, col: i, end: i + len(q)}, nil
	}
	end := i
	for end < len(line) && line[end] != ' ' {
		end++
	}
	s := line[i:end]
	if !plain(s) && s != itemSeparator && s != effectSeparator && s != continued {
		return token{}, fmt.Errorf("column %d: %.40q needs quotes", i+1, s)
	}
	return token{text: s, col: i, end: end}, nil
}

// A reader takes the words of a line one by one. Its first error stays and makes every later read empty.
type reader struct {
	toks   []token
	origin time.Time
	err    error
}

func newReader(line string, origin time.Time) *reader {
	toks, err := split(line)
	return &reader{toks: toks, origin: origin, err: err}
}

func (r *reader) more() bool { return r.err == nil && len(r.toks) > 0 }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) next(what string) token {
	if r.err != nil {
		return token{}
	}
	if len(r.toks) == 0 {
		r.fail("the line ends where %s should stand", what)
		return token{}
	}
	t := r.toks[0]
	r.toks = r.toks[1:]
	return t
}

// word reads an id or a text.
func (r *reader) word(what string) string { return r.next(what).text }

// key reads a bare word that says what follows.
func (r *reader) key() string {
	t := r.next("a key")
	if t.quoted {
		r.fail("%s stands where a key should: a word without quotes", t)
	}
	return t.text
}

// quoted reads a text where one stands next.
func (r *reader) quoted() (string, bool) {
	if !r.more() || !r.toks[0].quoted {
		return "", false
	}
	return r.next("a text").text, true
}

func (r *reader) rest(what string) []string {
	var words []string
	for r.more() {
		words = append(words, r.word(what))
	}
	return words
}

func (r *reader) int64(what string) int64 {
	t := r.next(what)
	if r.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		r.fail("%s is no number: want %s", t, what)
	}
	return n
}

func (r *reader) int(what string) int {
	n := r.int64(what)
	if int64(int(n)) != n {
		r.fail("%d is out of range for %s", n, what)
	}
	return int(n)
}

func (r *reader) duration(what string) time.Duration {
	t := r.next(what)
	if r.err != nil {
		return 0
	}
	d, err := time.ParseDuration(t.text)
	if err != nil {
		r.fail(`%s is no duration: want %s, such as "20s"`, t, what)
	}
	return d
}

func (r *reader) time(what string) time.Time {
	t := r.next(what)
	if r.err != nil {
		return time.Time{}
	}
	if t.text != "" && (t.text[0] == '+' || t.text[0] == '-') {
		d, err := time.ParseDuration(t.text)
		if err != nil || r.origin.IsZero() {
			r.fail("%s is no time here: want %s", t, what)
			return time.Time{}
		}
		return r.origin.Add(d)
	}
	at, err := time.Parse(time.RFC3339Nano, t.text)
	if year := at.UTC().Year(); err != nil || year < 0 || year > 9999 { // which RFC 3339 could not write again
		r.fail("%s is no time: want %s as RFC 3339 or, in a transcript, as +20s", t, what)
		return time.Time{}
	}
	return at.UTC()
}

func (r *reader) attempt() queueapp.AttemptID {
	t := r.next("an attempt")
	if r.err != nil {
		return queueapp.AttemptID{}
	}
	dot := strings.LastIndexByte(t.text, '.')
	if dot < 0 {
		r.fail("%s is no attempt: want <call>.<n>", t)
		return queueapp.AttemptID{}
	}
	n, err := strconv.Atoi(t.text[dot+1:])
	if err != nil {
		r.fail("%s is no attempt: want <call>.<n>", t)
	}
	return queueapp.AttemptID{Call: queueapp.CallID(t.text[:dot]), N: n}
}

// readNamed reads what named wrote.
func readNamed[T ~string](r *reader, what string, known []T) T {
	t := r.next(what)
	if r.err != nil || t.quoted {
		return T(t.text)
	}
	words := make([]string, len(known))
	for i, k := range known {
		if t.text == string(k) {
			return k
		}
		words[i] = string(k)
	}
	r.fail("%s is not %s: want one of %s", t, what, strings.Join(words, " "))
	return ""
}

var errTrailing = errors.New("the line goes on after its end")

// end checks that nothing is left and returns the first error.
func (r *reader) end() error {
	if r.err == nil && len(r.toks) > 0 {
		r.err = fmt.Errorf("%w: %s", errTrailing, r.toks[0])
	}
	return r.err
}
