package transcript

import (
	"strconv"
	"time"

	"ringside/queueapp"
)

// The words that stand between the parts of a line.
const (
	itemSeparator   = ";"  // between the items of a plan
	effectSeparator = "=>" // before each effect of a step
	continued       = `\`  // at the end of an event that runs over the effects' column
)

// A writer appends words to a line. Times are relative to origin where it is set.
type writer struct {
	b      []byte
	origin time.Time
}

func (w *writer) verb(s string) { w.b = append(w.b, s...) }

func (w *writer) key(s string) {
	w.b = append(w.b, ' ')
	w.b = append(w.b, s...)
}

// word writes an id: bare where it is plain.
func (w *writer) word(s string) {
	w.b = append(w.b, ' ')
	if plain(s) {
		w.b = append(w.b, s...)
	} else {
		w.b = appendQuoted(w.b, s)
	}
}

// text writes something for people: always quoted.
func (w *writer) text(s string) {
	w.b = append(w.b, ' ')
	w.b = appendQuoted(w.b, s)
}

// named writes one of a closed set of words bare and anything else quoted, so that a typing error never passes for a word.
func named[T ~string](w *writer, v T, known []T) {
	w.b = append(w.b, ' ')
	for _, k := range known {
		if v == k {
			w.b = append(w.b, v...)
			return
		}
	}
	w.b = strconv.AppendQuote(w.b, string(v))
}

func (w *writer) attempt(a queueapp.AttemptID) {
	w.b = append(w.b, ' ')
	if plain(string(a.Call)) {
		w.b = append(w.b, a.Call...)
		w.b = append(w.b, '.')
		w.b = strconv.AppendInt(w.b, int64(a.N), 10)
		return
	}
	w.b = strconv.AppendQuote(w.b, a.String())
}

func (w *writer) int(n int64) {
	w.b = append(w.b, ' ')
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *writer) duration(d time.Duration) {
	w.b = append(w.b, ' ')
	w.b = appendDuration(w.b, d)
}

// The farthest that a time is still written relative to the origin: 100 years.
const farthest = 100 * 366 * 24 * time.Hour

func (w *writer) time(t time.Time) {
	w.b = append(w.b, ' ')
	if !w.origin.IsZero() {
		if d := t.Sub(w.origin); -farthest < d && d < farthest {
			if d >= 0 {
				w.b = append(w.b, '+')
			}
			w.b = appendDuration(w.b, d)
			return
		}
	}
	w.b = t.UTC().AppendFormat(w.b, time.RFC3339Nano)
}

func (w *writer) optWord(key, s string) {
	if s != "" {
		w.key(key)
		w.word(s)
	}
}

func (w *writer) optText(key, s string) {
	if s != "" {
		w.key(key)
		w.text(s)
	}
}

func (w *writer) optInt(key string, n int64) {
	if n != 0 {
		w.key(key)
		w.int(n)
	}
}

func (w *writer) optDuration(key string, d time.Duration) {
	if d != 0 {
		w.key(key)
		w.duration(d)
	}
}

func (w *writer) optTime(key string, t time.Time) {
	if !t.IsZero() {
		w.key(key)
		w.time(t)
	}
}

// The bytes that can stand without quotes, as bits: what telephone numbers, UUIDs, JIDs, channel names and most URLs are
// made of.
const (
	plainLow  = 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'*' | 1<<'+' | 1<<',' | 1<<'-' | 1<<'.' | 1<<'/' | 0x3ff<<'0' | 1<<':' | 1<<'=' | 1<<'?'
	plainHigh = 1<<('@'-64) | 0x3ffffff<<('A'-64) | 1<<('_'-64) | 0x3ffffff<<('a'-64) | 1<<('~'-64)
)

// plain reports whether s can stand without quotes.
func plain(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 64 && uint64(plainLow)>>c&1 == 0 || c >= 64 && uint64(plainHigh)>>(c-64)&1 == 0 {
			return false
		}
	}
	return true
}

// appendQuoted is strconv.AppendQuote, quicker for what is usual.
func appendQuoted(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendDuration writes d in hours, minutes and seconds without those that are zero: "20.002s", "10m", "1h30m".
func appendDuration(b []byte, d time.Duration) []byte {
	if d == 0 {
		return append(b, "0s"...)
	}
	n := uint64(d)
	if d < 0 {
		b = append(b, '-')
		n = -n
	}
	const second, minute, hour = uint64(time.Second), uint64(time.Minute), uint64(time.Hour)
	if h := n / hour; h > 0 {
		b = append(strconv.AppendUint(b, h, 10), 'h')
	}
	if m := n % hour / minute; m > 0 {
		b = append(strconv.AppendUint(b, m, 10), 'm')
	}
	rest := n % minute
	if rest == 0 {
		return b
	}
	b = strconv.AppendUint(b, rest/second, 10)
	if nanos := rest % second; nanos > 0 {
		b = append(b, '.')
		for unit := second / 10; nanos > 0; unit /= 10 {
			b = append(b, '0'+byte(nanos/unit))
			nanos %= unit
		}
	}
	return append(b, 's')
}
