package versus

import (
	"fmt"
	"slices"
	"time"
)

// longWait is how long a caller and an agent may wait side by side until that is told.
const longWait = time.Second

// The classes of deviations, beside those of why.
const (
	laterFirst   = "a later caller served before an earlier one"
	idle         = "a caller and an agent waited side by side for over a second"
	freeLonger   = "rang an agent although one was free for longer"
	fewerCalls   = "rang an agent although one had fewer calls"
	othersTurn   = "rang an agent although it was another's turn"
	standsBefore = "rang an agent although one before him was free"
)

// oracle knows who was right to ring when, by a strategy's documentation and what was seen. It shares nothing with either
// system, and looks at everything anew for each ring: slow and simple.
type oracle struct {
	*Log
	strategy Strategy
	rules    Rules
	fuzz     time.Duration // of Options
	agents   [][]tagged    // by agent
	callers  [][]tagged    // by caller
	pairs    map[pair][]tagged
	verdict  Verdict
}

// tagged is a span and the ring that brought it about: a ring is not judged by what it did itself.
type tagged struct {
	span
	ring int
}

// What takes the place of a ring.
const (
	noRing  = -1 // brought it about
	allOfIt = -2 // is left out
)

type pair struct{ caller, agent int }

// judge asks for every ring of a queue whether caller and agent were the right ones.
func judge(l *Log, strategy Strategy, rules Rules, fuzz time.Duration) Verdict {
	l.sort()
	l.part()
	o := &oracle{Log: l, strategy: strategy, rules: rules, fuzz: fuzz, agents: make([][]tagged, l.Agents),
		callers: make([][]tagged, len(l.Callers)), pairs: map[pair][]tagged{}}
	for i := range l.Rings {
		o.take(i)
	}
	o.takeCommands()
	for i := range l.Rings {
		o.judgeRing(i)
	}
	for i := range l.Callers {
		o.judgeLeft(i)
	}
	slices.Sort(o.verdict.late)
	o.verdict.tally()
	return o.verdict
}

// take notes whom a ring keeps from other calls, and for how long.
func (o *oracle) take(i int) {
	r := o.Rings[i]
	first := r.At - o.fuzz
	o.agents[r.Agent] = append(o.agents[r.Agent], tagged{span{first, r.At, r.Down, o.heard(r), onPhone}, i})
	if r.talked() {
		o.callers[r.Caller] = append(o.callers[r.Caller], tagged{span{first, r.At, forever, forever, served}, i})
		return
	}
	kept := span{first, r.At, r.Down, r.Down, served}
	for _, c := range o.Commands {
		if c.Agent == r.Agent && c.Verb == LogOff && c.To > r.At {
			kept.ended = min(kept.ended, c.From) // from then on the next agent is rung, before this phone has stopped
		}
	}
	o.callers[r.Caller] = append(o.callers[r.Caller], tagged{kept, i})
	again := r.Down + o.rules.Retry
	p := pair{r.Caller, r.Agent}
	o.pairs[p] = append(o.pairs[p], tagged{span{first, r.At, again - o.fuzz, again + o.fuzz, sameAgain}, i})
	if rest := o.rest(r); rest > 0 {
		s := span{first, r.At, r.Down + rest - o.fuzz, r.Down + rest + o.fuzz, tooSoon}
		if r.Up > 0 || r.Refused == 0 && o.Callers[r.Caller].Out <= r.Down {
			s.ended = r.Down // it may as well have been taken back
		}
		for _, c := range o.Commands {
			if c.Agent == r.Agent && c.To > r.Down && (c.Verb == Ready || c.Verb == LogOn) {
				s.ended, s.over = min(s.ended, max(r.Down, c.From)), min(s.over, c.To)
			}
		}
		o.agents[r.Agent] = append(o.agents[r.Agent], tagged{s, i})
	}
}

// heard is when the end of a ring has been heard of for certain: that of a conversation when the other side was let go.
func (o *oracle) heard(r Ring) time.Duration {
	if r.talked() && o.Callers[r.Caller].Out < forever {
		return max(r.Down, o.Callers[r.Caller].Out)
	}
	return r.Down
}

// rest is how long an agent is left alone after a ring that came to nothing by his doing.
func (o *oracle) rest(r Ring) time.Duration {
	switch {
	case r.Refused > 0 || r.Up > 0:
		return o.rules.Refused
	case r.Down-r.At >= ringLimit-o.fuzz:
		return o.rules.Unanswered
	}
	return 0 // taken back: the caller is gone, or the agent logged off
}

// takeCommands notes when agents were away.
func (o *oracle) takeCommands() {
	for i, c := range o.Commands {
		back, reason := Ready, isPaused
		switch c.Verb {
		case LogOff:
			back, reason = LogOn, isOff
		case Pause:
		case Ready, LogOn:
			continue
		}
		s := span{c.From, c.To, forever, forever, reason}
		for _, b := range o.Commands[i:] {
			if b.Agent == c.Agent && b.Verb == back {
				s.ended, s.over = b.From, b.To
				break
			}
		}
		o.agents[c.Agent] = append(o.agents[c.Agent], tagged{s, noRing})
	}
}

// but is what keeps somebody from a call, without what one ring did.
func but(ring int, lists ...[]tagged) (all spans) {
	for _, list := range lists {
		for _, t := range list {
			if t.ring != ring {
				all = append(all, t.span)
			}
		}
	}
	return all
}

// kept is what keeps an agent from a caller, whatever a ring does.
func (o *oracle) kept(ring, agent, caller int) spans {
	return but(ring, o.agents[agent], o.pairs[pair{caller, agent}])
}

// judgeRing asks who was right at one ring.
func (o *oracle) judgeRing(i int) {
	r := o.Rings[i]
	soonest, latest := o.since(i)
	w := window{min(soonest, r.At-o.fuzz), r.At} // it may have been decided when it could be, and be late
	o.verdict.Offers++
	wrong := o.occupied(i, w)
	if !wrong {
		wrong = o.misplaced(i, w)
	}
	wrong = o.overtook(i, w) || wrong
	wrong = o.waited(i, latest) || wrong
	switch {
	case wrong:
		o.verdict.Wrong++
	case o.rightBySight(i):
		o.verdict.Right++
	default:
		o.verdict.Either++
	}
}

// occupied finds that agent or caller could not be given this call at all.
func (o *oracle) occupied(i int, w window) bool {
	r := o.Rings[i]
	reason, found := but(i, o.agents[r.Agent], o.pairs[pair{r.Caller, r.Agent}], o.callers[r.Caller]).surely(w)
	if found {
		o.find(i, r.Caller, string(reason), "", "%v", r)
	} else if o.rules.Rests { // told of both systems, although only one has a rule for it
		for _, before := range o.Rings[:i] {
			if before.Agent == r.Agent && before.Refused > 0 && r.At < before.Down+longWait {
				o.find(i, r.Caller, string(tooSoon), "it knows no delay for agents", "%v; %v", before, r)
				return true
			}
		}
	}
	return found
}

// misplaced finds that another agent was to be rung.
func (o *oracle) misplaced(i int, w window) bool {
	r := o.Rings[i]
	var free []int
	for x := range o.Agents {
		if x != r.Agent && !o.kept(i, x, r.Caller).perhaps(w) {
			free = append(free, x)
		}
	}
	if len(free) > 0 {
		o.verdict.Choices++
	}
	better := -1
	for _, turn := range o.turns(i) {
		at := slices.IndexFunc(free, func(x int) bool { return o.surelyBefore(x, r.Agent, turn, w) })
		if at < 0 {
			return false
		}
		better = free[at]
	}
	if better < 0 {
		return false
	}
	class := map[Strategy]string{LeastRecent: freeLonger, FewestCalls: fewerCalls, RoundRobin: othersTurn, Linear: standsBefore}
	o.find(i, r.Caller, class[o.strategy], o.excuse(i, better, w), "%v; %s", r, o.compare(better, r.Agent, w))
	return true
}

// overtook finds that an earlier caller was to be served.
func (o *oracle) overtook(i int, w window) bool {
	r := o.Rings[i]
	for c, stay := range o.Callers {
		earlier := stay.In > 0 && stay.In+o.fuzz < o.Callers[r.Caller].In && stay.Out > w.to
		if !earlier || but(i, o.callers[c], o.pairs[pair{c, r.Agent}]).perhaps(w) {
			continue
		}
		reason := ""
		if o.rules.Rests && slices.ContainsFunc(o.Rings[:i], func(b Ring) bool {
			return b.Caller == c && !b.talked() && w.from < b.Down+o.rules.Retry
		}) {
			reason = "he sat out retry"
		}
		o.find(i, r.Caller, laterFirst, reason, "%v; caller %d had come at %s, this one at %s", r, c, clock(stay.In), clock(o.Callers[r.Caller].In))
		return true
	}
	return false
}

// since is from when on caller and agent of a ring could be brought together, at the soonest and at the latest.
func (o *oracle) since(i int) (soonest, latest time.Duration) {
	r := o.Rings[i]
	soonest, latest = but(i, o.agents[r.Agent], o.pairs[pair{r.Caller, r.Agent}], o.callers[r.Caller]).until(r.At)
	in := o.Callers[r.Caller].In
	return max(in, soonest), max(in, latest)
}

// waited finds that caller and agent could have been brought together long before.
func (o *oracle) waited(i int, since time.Duration) bool {
	r := o.Rings[i]
	late := max(0, r.At-since)
	o.verdict.late = append(o.verdict.late, late)
	if late-o.fuzz <= longWait {
		return false
	}
	o.find(i, r.Caller, idle, "", "%v; both since %s", r, clock(since))
	return true
}

// judgeLeft finds that somebody hung up while agents were free for him.
func (o *oracle) judgeLeft(c int) {
	stay := o.Callers[c]
	waits := but(allOfIt, o.callers[c])
	if stay.In == 0 || waits.perhaps(window{stay.Out, stay.Out}) {
		return
	}
	for x := range o.Agents {
		_, since := but(allOfIt, o.agents[x], o.pairs[pair{c, x}], o.callers[c]).until(stay.Out)
		since = max(since, stay.In)
		if stay.Out-since-o.fuzz > longWait {
			o.find(noRing, c, idle, "", "caller %d hung up at %s, agent %d was free since %s", c, clock(stay.Out), x, clock(since))
			return
		}
	}
}

// rightBySight reports whether a ring was right as if everybody knew at once what was seen from outside.
func (o *oracle) rightBySight(i int) bool {
	r := o.Rings[i]
	if but(i, o.agents[r.Agent], o.pairs[pair{r.Caller, r.Agent}], o.callers[r.Caller]).at(r.At) {
		return false
	}
	for c, stay := range o.Callers {
		earlier := stay.In > 0 && stay.In < o.Callers[r.Caller].In && stay.Out > r.At
		if earlier && !but(i, o.callers[c], o.pairs[pair{c, r.Agent}]).at(r.At) {
			return false
		}
	}
	turn := -1
	if i > 0 {
		turn = o.Rings[i-1].Agent
	}
	for x := range o.Agents {
		if x != r.Agent && !o.kept(i, x, r.Caller).at(r.At) && o.before(x, r.Agent, turn, r.At) {
			return false
		}
	}
	return true
}

// find notes a deviation: of the ring that is judged, or of a caller whom no ring was for.
func (o *oracle) find(ring, caller int, class, reason, format string, args ...any) {
	o.verdict.found = append(o.verdict.found, finding{ring, caller, class, reason, fmt.Sprintf(format, args...)})
}
