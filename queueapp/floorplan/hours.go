package floorplan

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours is when a queue is open: the table [hours.NAME], as it was written. [Hours.Calendar] makes it ready for use.
type Hours struct {
	Name   string
	Zone   string   // of the IANA time zone database, "Europe/Berlin"
	Open   []string // "mon-fri 08:00-18:00"; none: always
	Closed []string // "2026-12-25", "12-24 12:00-24:00"; goes before Open
}

// Calendar tells whether a queue is open. It is safe for concurrent use.
type Calendar struct {
	zone         *time.Location
	open, closed []span
}

// span is a set of days, and of times on them.
type span struct {
	weekdays    [7]bool // where there are no dates
	first, last date    // where yearly or dated
	dated       bool
	yearly      bool
	times       []clock // none: all day
}

// date is a day. In a yearly span its year does not count.
type date struct{ year, month, day int }

func (d date) before(o date, yearly bool) bool {
	if !yearly && d.year != o.year {
		return d.year < o.year
	}
	if d.month != o.month {
		return d.month < o.month
	}
	return d.day < o.day
}

// clock is from one minute of a day to another; the end may be on the next day.
type clock struct{ begin, end int }

const dayMinutes = 24 * 60

// Calendar reads the hours. The zone comes from the time zone database of the machine or the program.
func (h Hours) Calendar() (Calendar, error) {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return Calendar{}, fmt.Errorf("hours %s: %w", h.Name, err)
	}
	c := Calendar{zone: zone}
	for _, s := range h.Open {
		o, err := opening(s)
		if err != nil {
			return Calendar{}, fmt.Errorf("hours %s: %q: %w", h.Name, s, err)
		}
		c.open = append(c.open, o)
	}
	for _, s := range h.Closed {
		o, err := closure(s)
		if err != nil {
			return Calendar{}, fmt.Errorf("hours %s: %q: %w", h.Name, s, err)
		}
		c.closed = append(c.closed, o)
	}
	return c, nil
}

// OpenAt tells whether it is open at a time, by the clocks on the wall there: also on the days on which they are changed.
func (c Calendar) OpenAt(t time.Time) bool {
	if c.zone == nil {
		return true
	}
	here := t.In(c.zone)
	covers := func(s span) bool { return s.covers(here) }
	return (len(c.open) == 0 || slices.ContainsFunc(c.open, covers)) && !slices.ContainsFunc(c.closed, covers)
}

func (s span) covers(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	today, yesterday := s.on(t), s.on(time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, time.UTC))
	if len(s.times) == 0 {
		return today
	}
	for _, c := range s.times {
		switch {
		case c.begin < c.end:
			if today && c.begin <= minute && minute < c.end {
				return true
			}
		case today && minute >= c.begin, yesterday && minute < c.end:
			return true
		}
	}
	return false
}

// on tells whether the span is of a day.
func (s span) on(t time.Time) bool {
	if !s.dated {
		return s.weekdays[t.Weekday()]
	}
	d := date{t.Year(), int(t.Month()), t.Day()}
	if s.yearly && s.last.before(s.first, true) { // over the turn of the year
		return !d.before(s.first, true) || !s.last.before(d, true)
	}
	return !d.before(s.first, s.yearly) && !s.last.before(d, s.yearly)
}

var (
	errOpening = errors.New("is no opening time")
	errClosure = errors.New("is no closing time")
	errClock   = errors.New("has no times that can be read")
)

// opening reads "mon-fri 08:00-18:00", "sat,sun" or, of all days, "08:00-12:00,13:00-17:00".
func opening(text string) (span, error) {
	days, times, two := strings.Cut(strings.TrimSpace(text), " ")
	s := span{weekdays: [7]bool{true, true, true, true, true, true, true}}
	if !two && strings.Contains(days, ":") {
		days, times = "", days
	}
	if days != "" {
		set, ok := weekdays(days)
		if !ok {
			return span{}, errOpening
		}
		s.weekdays = set
	}
	if days == "" && times == "" {
		return span{}, errOpening
	}
	return s, s.read(times)
}

// closure reads "2026-12-25", "12-25" of every year, "2026-12-24..2027-01-01", each with times behind it or all day.
func closure(text string) (span, error) {
	days, times, _ := strings.Cut(strings.TrimSpace(text), " ")
	from, to, ranged := strings.Cut(days, "..")
	first, yearly, ok := day1(from)
	if !ok {
		return span{}, errClosure
	}
	s := span{dated: true, yearly: yearly, first: first, last: first}
	if ranged {
		last, too, ok := day1(to)
		if !ok || too != yearly || !yearly && last.before(first, false) {
			return span{}, errClosure
		}
		s.last = last
	}
	return s, s.read(times)
}

func weekdays(text string) (set [7]bool, ok bool) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(part, "-")
		first := slices.Index(names, from)
		last := first
		if ranged {
			last = slices.Index(names, to)
		}
		if first < 0 || last < 0 {
			return set, false
		}
		for d := first; ; d = (d + 1) % 7 {
			if set[d] = true; d == last {
				break
			}
		}
	}
	return set, true
}

// day1 reads one date, with its year or without.
func day1(text string) (d date, yearly, ok bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return date{t.Year(), int(t.Month()), t.Day()}, false, true
	}
	t, err := time.Parse(time.DateOnly, "2000-"+text) // a leap year
	return date{0, int(t.Month()), t.Day()}, true, err == nil
}

// read takes times; there may be none.
func (s *span) read(text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(part), "-")
		begin, end := minuteOf(from), minuteOf(to)
		if !ok || begin < 0 || end < 0 || begin == end || begin == dayMinutes {
			return errClock
		}
		s.times = append(s.times, clock{begin, end})
	}
	return nil
}

// minuteOf reads "08:30", up to "24:00"; -1 where it is no time.
func minuteOf(text string) int {
	hours, minutes, ok := strings.Cut(text, ":")
	h, err := strconv.ParseUint(hours, 10, 8)
	m, err2 := strconv.ParseUint(minutes, 10, 8)
	if n := int(h*60 + m); ok && err == nil && err2 == nil && len(minutes) == 2 && len(hours) <= 2 && m < 60 && n <= dayMinutes {
		return n
	}
	return -1
}

func hours(t *table) Hours {
	defer t.done()
	checkName(t)
	h := Hours{Name: t.name(), Zone: t.text("zone", "")}
	if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "" || h.Zone == "Local" {
		t.problem("zone", `write one of the time zone database, as zone = "Europe/Berlin"`, "%q is no time zone", h.Zone)
	}
	var paths [][]string
	h.Open, paths = t.texts("open")
	for i, s := range h.Open {
		if _, err := opening(s); err != nil {
			t.problemAt(paths[i], `write days, times or both, as "mon-fri 08:00-18:00" or "sat 09:00-12:00,13:00-15:00"`, "%q %v", s, err)
		}
	}
	h.Closed, paths = t.texts("closed")
	for i, s := range h.Closed {
		if _, err := closure(s); err != nil {
			t.problemAt(paths[i], `write a date, as "2026-12-25", "12-25" for every year, "2026-12-24..2026-12-31" or "2026-12-24 12:00-24:00"`,
				"%q %v", s, err)
		}
	}
	return h
}

func hoursFields(h Hours) []field {
	var f fields
	f.text("zone", h.Zone)
	f.optList("open", h.Open)
	f.optList("closed", h.Closed)
	return f
}
