package versus

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// standing is what a strategy goes by, less being chosen first: at least and at most, and by what was seen.
type standing struct{ least, most, seen time.Duration }

// never is before every time at which somebody may have had a call.
const never = -forever

// stands says how an agent stands at the end of a window, where turn is whom the queue rang last.
func (o *oracle) stands(x, turn int, w window) (s standing) {
	switch o.strategy {
	case LeastRecent:
		return o.lastEnd(x, w)
	case FewestCalls:
		return o.calls(x, w)
	case RoundRobin:
		places := o.places(w.to)
		behind := slices.Index(places, x) - slices.Index(places, turn) - 1
		d := time.Duration((behind + len(places)) % len(places))
		return standing{d, d, d}
	case Linear:
		d := time.Duration(slices.Index(o.places(w.to), x))
		return standing{d, d, d}
	}
	return s
}

// places are the agents in the order in which the queue has them.
func (o *oracle) places(t time.Duration) (order []int) {
	came := make([]time.Duration, o.Agents)
	for x := range came {
		order = append(order, x)
		if o.rules.Anew {
			came[x] = o.joined(x, t)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(came[x], came[y]) })
	return order
}

// joined is when an agent last logged on by t, 0: was there at the start.
func (o *oracle) joined(x int, t time.Duration) (at time.Duration) {
	for _, c := range o.Commands {
		if c.Agent == x && c.Verb == LogOn && c.From <= t {
			at = c.To
		}
	}
	return at
}

// talks goes through an agent's conversations that were over at the end of a window; sure are those that the queue knew of
// at its begin.
func (o *oracle) talks(x int, w window, take func(r Ring, sure bool)) {
	since := time.Duration(0)
	if o.rules.Anew || o.strategy == FewestCalls {
		since = o.joined(x, w.to)
	}
	for _, r := range o.Rings {
		if r.Agent == x && r.talked() && r.Down <= w.to && r.Down > since {
			take(r, o.heard(r) <= w.from && r.At > since)
		}
	}
}

func (o *oracle) lastEnd(x int, w window) standing {
	s := standing{never, never, never}
	o.talks(x, w, func(r Ring, sure bool) {
		s.most, s.seen = max(s.most, o.heard(r)), max(s.seen, r.Down)
		if sure {
			s.least = max(s.least, r.Down)
		}
	})
	return s
}

func (o *oracle) calls(x int, w window) (s standing) {
	o.talks(x, w, func(_ Ring, sure bool) {
		s.most++
		s.seen++
		if sure {
			s.least++
		}
	})
	return s
}

// surelyBefore reports whether x is to be chosen before y whatever the queue may not have known.
func (o *oracle) surelyBefore(x, y, turn int, w window) bool {
	a, b := o.stands(x, turn, w), o.stands(y, turn, w)
	apart := time.Duration(0)
	if o.strategy == LeastRecent {
		apart = o.fuzz
	}
	equal := a.least == a.most && b.least == b.most && a.seen == b.seen && (o.strategy != LeastRecent || a.seen == never)
	return a.most+apart < b.least || equal && o.tie(x, y, w.to)
}

// before reports whether x is to be chosen before y by what was seen.
func (o *oracle) before(x, y, turn int, t time.Duration) bool {
	a, b := o.stands(x, turn, window{t, t}), o.stands(y, turn, window{t, t})
	return a.seen < b.seen || a.seen == b.seen && o.tie(x, y, t)
}

func (o *oracle) tie(x, y int, t time.Duration) bool {
	places := o.places(t)
	return o.rules.InOrder && slices.Index(places, x) < slices.Index(places, y)
}

// turns are those whom the queue may have rung last, as far as it matters: by what was seen, and by those rings that are so
// close to this one that they may have been decided in another order. Where members came or went since, it may be anybody.
func (o *oracle) turns(i int) (last []int) {
	if o.strategy != RoundRobin {
		return []int{-1}
	}
	r, since := o.Rings[i], time.Duration(0)
	if i > 0 {
		since = o.Rings[i-1].At
	}
	for k := i - 1; k >= 0 && o.Rings[k].At > r.At-o.fuzz; k-- {
		since = o.Rings[max(0, k-1)].At
	}
	for k, near := range o.Rings {
		if k != i && near.At > since-o.fuzz && near.At < r.At+o.fuzz {
			last = append(last, near.Agent)
		}
	}
	if i == 0 || o.Rings[0].At > r.At-o.fuzz {
		last = append(last, -1) // it may be the first one
	}
	if o.rules.Anew && slices.ContainsFunc(o.Commands, func(c Command) bool {
		return (c.Verb == LogOn || c.Verb == LogOff) && c.To > since-o.fuzz && c.From < r.At
	}) {
		for x := range o.Agents {
			last = append(last, x)
		}
	}
	return last
}

// excuse is what explains of Queue() that it preferred one agent to a better one.
func (o *oracle) excuse(i, better int, w window) string {
	if !o.rules.Rests {
		return ""
	}
	r := o.Rings[i]
	a, b := o.stands(better, -1, w), o.stands(r.Agent, -1, w)
	had, justNow := false, false
	for _, p := range o.Rings[:i] {
		had = had || p.Caller == r.Caller
		justNow = justNow || p.Caller == r.Caller && p.Refused > 0 && r.At-p.Down < o.fuzz
	}
	switch {
	case o.strategy == LeastRecent && a.seen != never && b.seen-a.seen < time.Second:
		return "it counts whole seconds"
	case justNow:
		return "after a refusal it goes on in the order that was when the caller's turn began"
	case o.strategy == Linear && had:
		return "it goes on behind whom the same caller had before"
	case o.strategy == RoundRobin && o.endedLast(i, w):
		return "it moves on when a ring is over, not when it begins"
	}
	return ""
}

// endedLast reports whether it was the turn of whom a ring is for, if only rings count that are over.
func (o *oracle) endedLast(i int, w window) bool {
	turn, ended := -1, time.Duration(0)
	for _, p := range o.Rings[:i] {
		over := p.Down
		if p.talked() {
			over = p.Up
		}
		if over <= w.to && over > ended {
			turn, ended = p.Agent, over
		}
	}
	r := o.Rings[i]
	for x := range o.Agents {
		if x != r.Agent && !o.kept(i, x, r.Caller).perhaps(w) && o.surelyBefore(x, r.Agent, turn, w) {
			return false
		}
	}
	return true
}

// compare tells how two agents stood.
func (o *oracle) compare(better, chosen int, w window) string {
	tell := func(x int) string {
		s := o.stands(x, -1, w).seen
		switch {
		case o.strategy == LeastRecent && s == never:
			return fmt.Sprintf("agent %d had no call", x)
		case o.strategy == LeastRecent:
			return fmt.Sprintf("agent %d's last call was over at %s", x, clock(s))
		case o.strategy == FewestCalls:
			return fmt.Sprintf("agent %d had %d calls", x, int(s))
		}
		return fmt.Sprintf("agent %d has place %d", x, slices.Index(o.places(w.to), x))
	}
	return tell(better) + " and was free, " + tell(chosen)
}
