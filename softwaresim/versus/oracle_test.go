package versus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// call is a ring that is answered at once.
func call(agent, caller int, from, to float64) Ring {
	return Ring{Agent: agent, Caller: caller, At: at(from), Up: at(from) + time.Millisecond, Down: at(to)}
}

// miss is a ring that is refused, or with no code taken back.
func miss(agent, caller int, from, to float64, code int) Ring {
	return Ring{Agent: agent, Caller: caller, At: at(from), Down: at(to), Refused: code}
}

func does(agent int, verb Verb, from, to float64) Command {
	return Command{Agent: agent, Verb: verb, From: at(from), To: at(to)}
}

// verdictCase is what was seen of a queue of 3 agents. Callers come 5 ms before their first ring and stay until their
// last is over, unless they have a stay of their own.
type verdictCase struct {
	name     string
	strategy Strategy
	rules    Rules
	rings    []Ring
	commands []Command
	stays    map[int]Stay
	want     []string // deviations, with what explains them
	either   int
}

func (c verdictCase) judge() Verdict {
	l := &Log{Agents: 3, Rings: c.rings, Commands: c.commands, Callers: make([]Stay, 9)}
	for _, r := range c.rings {
		s := &l.Callers[r.Caller]
		if s.In == 0 {
			s.In = r.At - 5*time.Millisecond
		}
		s.Out = max(s.Out, r.Down+time.Millisecond)
	}
	for i, s := range c.stays {
		l.Callers[i] = s
	}
	return judge(l, c.strategy, c.rules, 100*time.Millisecond)
}

// everybody has had a call, 0's was over first.
func everybody(more ...Ring) []Ring {
	return append([]Ring{call(0, 0, 1, 2), call(1, 1, 1.5, 3), call(2, 2, 1.8, 4)}, more...)
}

func verdictCases() []verdictCase {
	return slices.Concat(choices(), states(), lines(), theirWays())
}

func choices() []verdictCase {
	return []verdictCase{
		{name: "free for longest", strategy: LeastRecent, rules: ours(), rings: everybody(call(0, 3, 5, 6))},
		{name: "not free for longest", strategy: LeastRecent, rules: ours(),
			rings: everybody(call(1, 3, 5, 6)), want: []string{freeLonger}},
		{name: "never called is first", strategy: LeastRecent, rules: ours(),
			rings: []Ring{call(0, 0, 1, 2), call(0, 1, 5, 6)},
			want:  []string{freeLonger}},
		{name: "the order of those who were never called", strategy: LeastRecent, rules: ours(),
			rings: []Ring{call(1, 0, 1, 2)},
			want:  []string{freeLonger}},
		{name: "the same, where no order is documented", strategy: LeastRecent, rules: theirs(),
			rings: []Ring{call(1, 0, 1, 2)}},
		{name: "ends close together", strategy: LeastRecent, rules: ours(),
			rings: []Ring{call(0, 0, 1, 3), call(1, 1, 1.5, 3.05), call(2, 2, 1.8, 4), call(1, 3, 5, 6)}, either: 1},
		{name: "a missed call is none", strategy: LeastRecent, rules: ours(),
			rings: everybody(miss(0, 3, 5, 5.5, 486), call(1, 3, 5.5, 6), call(0, 4, 9, 10))},
		{name: "an answer that came too late is none", strategy: LeastRecent, rules: ours(),
			rings: everybody(call(0, 3, 5, 5.05), call(1, 3, 5.06, 6), call(0, 4, 9, 10))},
		{name: "fewest calls", strategy: FewestCalls, rules: ours(), rings: everybody(call(0, 3, 5, 6), call(1, 4, 7, 8))},
		{name: "not the fewest calls", strategy: FewestCalls, rules: ours(),
			rings: everybody(call(0, 3, 5, 6), call(0, 4, 7, 8)),
			want:  []string{fewerCalls}},
		{name: "counted since the log-on", strategy: FewestCalls, rules: ours(),
			rings:    everybody(call(0, 3, 5, 6), call(2, 4, 7, 8)),
			commands: []Command{does(2, LogOff, 6, 6.01), does(2, LogOn, 6.1, 6.11)}},
		{name: "in turn", strategy: RoundRobin, rules: ours(),
			rings: everybody(miss(0, 3, 5, 5.5, 486), call(1, 3, 5.5, 6), call(2, 4, 7, 8))},
		{name: "not in turn", strategy: RoundRobin, rules: ours(),
			rings: everybody(call(1, 3, 5, 6)), want: []string{othersTurn}},
		{name: "two at once, seen the wrong way round", strategy: RoundRobin, rules: ours(),
			rings: everybody(call(1, 4, 5, 6), call(0, 3, 5.01, 6), call(2, 5, 5.2, 6)), either: 2},
		{name: "two at once, and the turn behind them", strategy: RoundRobin, rules: ours(),
			rings: everybody(call(1, 4, 5, 6), call(0, 3, 5.01, 6), call(1, 5, 7, 8)), either: 2, want: nil},
		{name: "the first in the list", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 1, 2), call(1, 1, 1.5, 2), call(0, 2, 3, 4)}},
		{name: "not the first in the list", strategy: Linear, rules: ours(),
			rings: []Ring{call(1, 0, 1, 2)}, want: []string{standsBefore}},
		{name: "who was free only just before", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 1, 2), call(1, 1, 2.05, 3)}, either: 1},
	}
}

func states() []verdictCase {
	away := []Command{does(0, Pause, 1, 1.01), does(0, Ready, 5, 5.01)}
	off := []Command{does(0, LogOff, 1, 1.01), does(0, LogOn, 5, 5.01)}
	return []verdictCase{
		{name: "the phone is in use", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 1, 3), call(0, 1, 2, 3)}, want: []string{string(onPhone)}},
		{name: "paused", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 2, 3)}, commands: away, want: []string{string(isPaused)}},
		{name: "logged off", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 2, 3)}, commands: off, want: []string{string(isOff)}},
		{name: "the next one meanwhile", strategy: Linear, rules: ours(),
			rings: []Ring{call(1, 0, 2, 3), call(0, 1, 6, 7)}, commands: away},
		{name: "paused just now", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 1.05, 2)}, commands: away, either: 1},
		{name: "too soon after a refusal", strategy: Linear, rules: ours(),
			rings: []Ring{miss(0, 0, 1, 1.5, 603), call(0, 1, 2, 3)}, stays: map[int]Stay{0: {at(.9), at(1.6)}},
			want: []string{string(tooSoon)}},
		{name: "too soon after no answer", strategy: Linear, rules: ours(),
			rings: []Ring{miss(0, 0, 1, 3, 0), call(0, 1, 3.5, 4)}, stays: map[int]Stay{0: {at(.9), at(3.1)}},
			want: []string{string(tooSoon)}},
		{name: "the caller hung up", strategy: Linear, rules: ours(),
			rings: []Ring{miss(0, 0, 1, 2, 0), call(0, 1, 2.3, 4)}},
		{name: "ready ends the delay", strategy: Linear, rules: ours(),
			rings: []Ring{miss(0, 0, 1, 1.5, 603), call(0, 1, 2.5, 3)}, stays: map[int]Stay{0: {at(.9), at(1.6)}},
			commands: []Command{does(0, Pause, 1.6, 1.61), does(0, Ready, 2, 2.01)}},
		{name: "the same caller again", strategy: Linear, rules: Rules{Retry: time.Second, InOrder: true},
			rings: []Ring{miss(0, 0, 1, 1.5, 603), call(0, 0, 2, 3)}, want: []string{string(sameAgain)}},
		{name: "logged off while it rings", strategy: Linear, rules: ours(), rings: []Ring{miss(0, 0, 1, 2.02, 0), call(1, 0, 2.005, 3)},
			commands: []Command{does(0, LogOff, 2, 2.01)}},
		{name: "who talks already", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 1, 3), call(1, 0, 2, 2.5)}, want: []string{string(served)}},
	}
}

func lines() []verdictCase {
	busy := []Ring{call(0, 0, 1, 5), call(1, 1, 1, 5.01), call(2, 2, 1.01, 9)}
	wait := map[int]Stay{3: {at(3), at(8)}, 4: {at(3.5), at(8)}}
	return []verdictCase{
		{name: "in the order of coming", strategy: Linear, rules: ours(),
			rings: append(slices.Clone(busy), call(0, 3, 5.01, 7), call(1, 4, 5.02, 7)), stays: wait},
		{name: "a later one first", strategy: Linear, rules: ours(),
			rings: append(slices.Clone(busy), call(0, 4, 5.01, 7), call(1, 3, 5.2, 7)), stays: wait,
			want: []string{laterFirst}},
		{name: "two at once, the later one seen first", strategy: Linear, rules: ours(),
			rings: append(slices.Clone(busy), call(1, 4, 5.02, 7), call(0, 3, 5.03, 7)), stays: wait, either: 1},
		{name: "who lets this agent pass", strategy: Linear, rules: Rules{Retry: 3 * time.Second, InOrder: true},
			commands: []Command{does(1, Pause, 1, 1.1), does(2, Pause, 1, 1.1)},
			rings:    []Ring{miss(0, 3, 2, 2.5, 603), call(0, 4, 3, 4), call(0, 3, 5.51, 6)}},
		{name: "picked up and put down before the caller was there", strategy: Linear, rules: ours(),
			stays: map[int]Stay{1: {at(2.4), at(4)}},
			rings: []Ring{call(0, 0, 1, 1.5), call(1, 0, 1.51, 3), call(2, 1, 2.41, 4)}, either: 1},
		{name: "side by side", strategy: Linear, rules: ours(),
			rings: []Ring{call(0, 0, 3, 4)}, stays: map[int]Stay{0: {at(1), at(4)}}, want: []string{idle}},
		{name: "hung up although somebody was free", strategy: Linear, rules: ours(),
			stays: map[int]Stay{0: {at(1), at(3)}}, want: []string{idle}},
		{name: "hung up while nobody was free", strategy: Linear, rules: ours(),
			rings: busy, stays: map[int]Stay{3: {at(3), at(4)}}},
	}
}

func theirWays() []verdictCase {
	return []verdictCase{
		{name: "whole seconds", strategy: LeastRecent, rules: theirs(),
			rings: []Ring{call(0, 0, 1, 3.2), call(1, 1, 1.5, 3.7), call(2, 2, 1.8, 4.9), call(1, 3, 6, 7)},
			want:  []string{freeLonger + ": it counts whole seconds"}},
		{name: "more than a second", strategy: LeastRecent, rules: theirs(),
			rings: everybody(call(2, 3, 6, 7)), want: []string{freeLonger}},
		{name: "a new member had no call", strategy: LeastRecent, rules: theirs(), rings: everybody(call(2, 3, 6, 7)),
			commands: []Command{does(2, LogOff, 5, 5.01), does(2, LogOn, 5.1, 5.11)}},
		{name: "a new member stands behind the others", strategy: Linear, rules: theirs(), rings: []Ring{call(1, 3, 6, 7)},
			commands: []Command{does(0, LogOff, 5, 5.01), does(0, LogOn, 5.1, 5.11)}},
		{name: "refused, and the next caller", strategy: Linear, rules: theirs(),
			rings: []Ring{miss(0, 0, 1, 1.5, 603), call(0, 1, 2, 3)}, stays: map[int]Stay{0: {at(.9), at(1.6)}},
			want: []string{string(tooSoon) + ": it knows no delay for agents"}},
		{name: "retry", strategy: Linear, rules: theirs(),
			commands: []Command{does(2, Pause, .5, .6), does(0, Pause, 4.1, 4.2), does(1, Pause, 1, 1.1), does(1, Ready, 4.4, 4.41)},
			rings:    []Ring{miss(0, 3, 2, 4, 0), call(1, 4, 4.5, 5), call(1, 3, 5.1, 6)}, want: []string{laterFirst + ": he sat out retry"}},
		{name: "moves on when the ring is over", strategy: RoundRobin, rules: theirs(),
			rings: []Ring{{Agent: 0, Caller: 0, At: at(1), Up: at(2.8), Down: at(4)}, call(2, 1, 2, 2.2), call(1, 2, 2.5, 4)}, want: []string{othersTurn}},
	}
}

func TestOracle(t *testing.T) {
	t.Parallel()
	for _, c := range verdictCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := c.judge()
			var got []string
			for _, d := range v.Deviations {
				what := d.What
				if d.Why != "" {
					what = fmt.Sprintf("%s: %s", d.What, d.Why)
				}
				got = append(got, what)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("deviations (-want +got):\n%s", diff)
				for _, d := range v.Deviations {
					t.Log(d.Example)
				}
			}
			if v.Either != c.either {
				t.Errorf("%d were right either way, want %d", v.Either, c.either)
			}
			if v.Right+v.Either+v.Wrong != v.Offers || v.Offers != len(c.rings) {
				t.Errorf("%d offers: %+v", len(c.rings), v)
			}
		})
	}
}
