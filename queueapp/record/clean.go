package record

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits within which a record is kept. What is longer is cut at the end of a character; what is more is left out,
// from the end.
const (
	MaxBytes     = 64 << 10 // a whole record, as XML and as JSON
	MaxWord      = 256      // bytes of a number, a name of the floor, a code, an id
	MaxText      = 1024     // bytes of a person's or company's name, and of a value
	MaxURL       = 2048     // bytes of a customer's URL; a longer one is left out, since half a URL leads elsewhere
	MaxKey       = 64       // bytes of a key; a longer one is left out with its value
	MaxCustomers = 20
	MaxData      = 64 // pairs in one list
)

// longest is the greatest length in Seconds that is believed, about 31 years.
const longest = 1e9 * time.Second

// Clean returns the record as it may be sent and shown: valid UTF-8 without control characters and without characters
// that turn the direction of the text around them, every text and list within its limit, unique keys, times in UTC and
// whole milliseconds, and nothing negative. Of a record that would be above MaxBytes the last data and customers are
// left out. Clean shares no memory with c; cleaning twice changes nothing.
func (c Call) Clean() Call {
	words := []*string{&c.Queue, &c.Extension, &c.Agent, &c.Channel, &c.From,
		&c.Caller.Number, &c.Caller.E164, &c.Caller.Dialled, &c.Outcome.Value, &c.Outcome.By}
	for _, w := range words {
		*w = CleanText(*w, MaxWord)
	}
	c.Direction = Direction(CleanText(string(c.Direction), MaxWord))
	c.Reason = Reason(CleanText(string(c.Reason), MaxWord))
	c.Caller.Name = CleanText(c.Caller.Name, MaxText)
	c.Attempt, c.Outcome.Cause = max(c.Attempt, 0), max(c.Outcome.Cause, 0)
	for _, t := range []*time.Time{&c.At, &c.Expires, &c.Times.Entered, &c.Times.Offered, &c.Times.Connected, &c.Times.Ended} {
		*t = cleanTime(*t)
	}
	for _, d := range []**time.Duration{&c.Seconds.Wait, &c.Seconds.Ring, &c.Seconds.Talk, &c.Seconds.Hold} {
		*d = cleanLength(*d)
	}
	r := room(MaxBytes - c.headCost())
	c.Data = r.data(c.Data)
	c.Customers = r.customers(c.Customers)
	return c
}

// CleanText makes s valid UTF-8, visible and at most most bytes long, as Clean does with every text: runs of control
// characters become one space, and what turns the direction of the text is left out.
func CleanText(s string, most int) string {
	if isPlain(s) && len(s) <= most {
		return s
	}
	var b strings.Builder
	gap := false
	for _, r := range s { // an invalid byte arrives as U+FFFD, which stays visible
		switch {
		case turnsText(r) || r == '\uFFFE' || r == '\uFFFF':
			continue
		case unicode.IsControl(r) || r == ' ' || r == '\u2028' || r == '\u2029':
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
		if b.Len() > most {
			break
		}
	}
	return cut(b.String(), most)
}

// whole cleans s, and returns nothing where it would have to be cut.
func whole(s string, most int) string {
	if s = CleanText(s, 3*len(s)); len(s) > most { // a byte becomes at most the three of U+FFFD
		return ""
	}
	return s
}

// isPlain says whether s is ASCII that needs no cleaning: the usual case, without an allocation.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// turnsText says whether r is one of Unicode's bidirectional embeddings, overrides and isolates, with which a caller's
// name could rewrite the line that it is shown in.
func turnsText(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// cut returns the longest prefix of s of at most most bytes that ends with a whole character and not with a space.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimRight(s[:most], " ")
}

func cleanTime(t time.Time) time.Time {
	if !validTime(t) {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func cleanLength(d *time.Duration) *time.Duration {
	if d == nil || *d < 0 || *d > longest {
		return nil
	}
	return new(d.Round(time.Millisecond))
}

// room is how many encoded bytes are left for a record's lists.
type room int

// take uses up n bytes and says whether they were there.
func (r *room) take(n int) bool {
	if room(n) > *r {
		return false
	}
	*r -= room(n)
	return true
}

func (r *room) customers(in []Customer) []Customer {
	var out []Customer
	for _, c := range in {
		c.ID, c.Code = CleanText(c.ID, MaxWord), CleanText(c.Code, MaxWord)
		c.Match = Match(CleanText(string(c.Match), MaxWord))
		c.Name, c.URL = CleanText(c.Name, MaxText), whole(c.URL, MaxURL)
		rest := *r
		if len(out) == MaxCustomers || !rest.take(96+cost(c.ID)+cost(c.Code)+cost(string(c.Match))+cost(c.Name)+cost(c.URL)) {
			break
		}
		if c.Data = rest.data(c.Data); c.isZero() {
			continue
		}
		*r, out = rest, append(out, c)
	}
	return out
}

func (c Customer) isZero() bool {
	return c.ID == "" && c.Code == "" && c.Match == "" && c.Name == "" && c.URL == "" && len(c.Data) == 0
}

func (r *room) data(in Data) Data {
	var out Data
	place := make(map[string]int, len(in))
	for _, e := range in {
		e.Key, e.Value = whole(e.Key, MaxKey), CleanText(e.Value, MaxText)
		if e.Key == "" || e.Value == "" {
			continue
		}
		if i, again := place[e.Key]; again {
			if r.take(cost(e.Value) - cost(out[i].Value)) {
				out[i].Value = e.Value
			}
			continue
		}
		if len(out) == MaxData || !r.take(24+cost(e.Key)+cost(e.Value)) {
			continue
		}
		place[e.Key] = len(out)
		out = append(out, e)
	}
	return out
}

// headCost is the most that everything but customers and data may take when encoded.
func (c Call) headCost() int {
	n := 1024 // names, times and numbers
	for _, s := range []string{c.ID, string(c.Event), string(c.Direction), string(c.Reason), c.Queue, c.Extension, c.Agent,
		c.Channel, c.From, c.Caller.Number, c.Caller.E164, c.Caller.Name, c.Caller.Dialled, c.Outcome.Value, c.Outcome.By} {
		n += cost(s)
	}
	return n
}

// cost is the most that s may take when encoded: XML writes a quote in five bytes, JSON an ampersand in six.
func cost(s string) int {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '"', '\'', '&', '<', '>', '\\':
			n += 5
		}
	}
	return n
}
