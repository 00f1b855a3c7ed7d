package versus

import (
	"fmt"
	"slices"
	"time"
)

// Log is what was seen of one queue from outside, at its phones and callers. Times are since the start. Agents and callers
// are counted from 0: agents in the order in which the queue has them.
type Log struct {
	Agents   int
	Callers  []Stay
	Rings    []Ring    // in order of time
	Commands []Command // of each agent in order of time
}

// Stay is the time that a caller was there, from the INVITE on.
type Stay struct{ In, Out time.Duration }

// Ring is one INVITE at an agent's phone.
type Ring struct {
	Agent, Caller int
	At            time.Duration
	Up            time.Duration // answered; 0: was not
	Down          time.Duration
	Refused       int // the code

	alone bool // was answered, and the caller never came
}

// talked reports whether caller and agent came together.
func (r Ring) talked() bool { return r.Up > 0 && !r.alone }

// Command is what an agent asked for, and when that was confirmed.
type Command struct {
	Agent    int
	Verb     Verb
	From, To time.Duration
}

// String tells a ring in a few words.
func (r Ring) String() string {
	how := "not answered"
	switch {
	case r.talked():
		how = "answered"
	case r.Up > 0:
		how = "answered in vain"
	case r.Refused > 0:
		how = fmt.Sprint("refused with ", r.Refused)
	}
	return fmt.Sprintf("%s: agent %d rings for caller %d until %s, %s", clock(r.At), r.Agent, r.Caller, clock(r.Down), how)
}

func clock(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// forever is later than everything.
const forever = 1000 * time.Hour

// sort brings what was seen into the order of time.
func (l *Log) sort() {
	slices.SortStableFunc(l.Rings, func(a, b Ring) int { return int(a.At - b.At) })
	slices.SortStableFunc(l.Commands, func(a, b Command) int { return int(a.From - b.From) })
}

// crossing is how long an answer lasts at most that was too late: everybody talks for longer.
const crossing = 100 * time.Millisecond

// part finds the rings that were answered without a conversation: the answer crossed the caller's hang-up or the agent's
// log-off, or the agent hung up before the two were together. The caller is rung for again, or it was over at once.
func (l *Log) part() {
	again := map[int]bool{}
	for i, r := range slices.Backward(l.Rings) {
		l.Rings[i].alone = r.Up > 0 && (again[r.Caller] || r.Down-r.Up < crossing)
		again[r.Caller] = true
	}
}

// A window is the time in which somebody may have decided what is seen at its end.
type window struct{ from, to time.Duration }

// why says what keeps somebody from a call.
type why string

const (
	onPhone   why = "rang a phone that was in use"
	isPaused  why = "rang an agent who was paused"
	isOff     why = "rang an agent who was logged off"
	tooSoon   why = "a refused agent rung again at once"
	sameAgain why = "the same caller at the same agent before retry was over"
	served    why = "rang for a caller who was with another agent"
)

// A span is a time in which somebody cannot be given a call. It surely lasts from begun to ended, and is over for certain
// only at over: what begins when something has been heard of ends so much later. It may have begun at first.
type span struct {
	first, begun, ended, over time.Duration
	why                       why
}

// surely reports whether nothing else can be all through a window.
func (s span) surely(w window) bool { return s.begun <= w.from && w.to < s.ended }

// perhaps reports whether it may be at some time of a window.
func (s span) perhaps(w window) bool { return s.first <= w.to && w.from < s.over }

// at reports whether it is so by what was seen, as if everybody knew that at once.
func (s span) at(t time.Duration) bool { return s.begun <= t && t < s.ended }

type spans []span

func (all spans) surely(w window) (why, bool) {
	i := slices.IndexFunc(all, func(s span) bool { return s.surely(w) })
	if i < 0 {
		return "", false
	}
	return all[i].why, true
}

func (all spans) perhaps(w window) bool {
	return slices.ContainsFunc(all, func(s span) bool { return s.perhaps(w) })
}

func (all spans) at(t time.Duration) bool {
	return slices.ContainsFunc(all, func(s span) bool { return s.at(t) })
}

// until is when the last of those was over that began before t, at the soonest and at the latest; t where one may last still.
func (all spans) until(t time.Duration) (soonest, latest time.Duration) {
	for _, s := range all {
		if s.first <= t {
			soonest, latest = max(soonest, min(s.ended, t)), max(latest, min(s.over, t))
		}
	}
	return soonest, latest
}
