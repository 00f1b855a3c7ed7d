package outside

import (
	"fmt"
	"time"

	"ringside/queueapp"
)

// Check is one thing that must hold.
type Check string

// The checks, and what each is about.
const (
	// Calls: nobody is cut off but by who hangs up, and who should be in the queue is.
	Calls Check = "no call lost"
	// Visits: one visit a caller, and it ended as the caller saw it end, in time.
	Visits Check = "one visit a caller, with its outcome"
	// Rings: every INVITE is of one attempt, and no phone has two at once.
	Rings Check = "one attempt at a time"
	// Ends: every attempt ended as its phone saw it end.
	Ends Check = "attempts end as phones do"
	// Records: what opened on a screen closed, each once.
	Records Check = "records open and close once"
	// Leads: the record is on the screen before the phone rings.
	Leads Check = "record before the ring"
	// Times: the journal says what the phones saw, to 50 ms.
	Times Check = "journal = phones to 50 ms"
)

// Checks are all of them, in the order in which they are told.
func Checks() []Check { return []Check{Calls, Visits, Rings, Ends, Records, Leads, Times} }

// Finding is one case in which something does not hold.
type Finding struct {
	Check Check           `json:"check"`
	Call  queueapp.CallID `json:"call,omitempty"` // where it is of one that the floor knows
	What  string          `json:"what"`
}

// Verdict is what came out.
type Verdict struct {
	Findings []Finding
	// Cases is how often each check was made, Excused how often something did not hold that an outage explains.
	Cases, Excused map[Check]int
	Outcomes       map[queueapp.Outcome]int
	// Callers who called, visits and attempts in the tables, and INVITEs of the floor's at phones.
	Callers, Visits, Attempts, Rings int
	// Lead is how long before their INVITEs the records were on the screens; Late is how many were not.
	Lead Spread
	Late int
	// Spreads are how long after what was seen the tables say that it was, by what it is. Without those in an outage.
	Spreads []Spread
}

// Broken counts the findings of a check.
func (v *Verdict) Broken(c Check) int {
	n := 0
	for _, f := range v.Findings {
		if f.Check == c {
			n++
		}
	}
	return n
}

// Spread is how times are spread.
type Spread struct {
	What                string
	Count               int
	Least, Median, Most time.Duration
}

// String is the spread in a few words.
func (s Spread) String() string {
	if s.Count == 0 {
		return fmt.Sprintf("%-28s none", s.What)
	}
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	return fmt.Sprintf("%-28s %5d times: least %v, median %v, most %v", s.What, s.Count, round(s.Least), round(s.Median), round(s.Most))
}

// spread is of sorted times.
func spread(what string, sorted []time.Duration) Spread {
	s := Spread{What: what, Count: len(sorted)}
	if s.Count > 0 {
		s.Least, s.Median, s.Most = sorted[0], sorted[s.Count/2], sorted[s.Count-1]
	}
	return s
}

// Clock is a time of day as findings tell it; zero is never.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("15:04:05.000")
}
