package hour

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"ringside/softwaresim/phone"
)

// The floor plan's times, which make an hour short.
const (
	ring     = 2 * time.Second
	patience = 7 * time.Second
)

// replacements make the stack's floor plan the hour's. Nobody is paused for not answering: the script has them do so.
func replacements() []string {
	return []string{
		`ring = "20s"`, fmt.Sprintf(`ring = "%v"
no_answer_delay = "200ms"
busy_delay = "300ms"
reject_delay = "300ms"
maxnoanswer = 0`, ring),
		`timeout = "10m"`, fmt.Sprintf(`timeout = "%v"`, patience),
		`wrapup = "0s"`, `wrapup = "100ms"`,
	}
}

// how is the way in which a call is to end.
type how int

const (
	byAgent    how = iota // the agent hangs up after talking
	byCaller              // the caller does
	blind                 // the agent sends the caller on
	attended              // the agent asks a colleague first
	leaves                // the caller hangs up while waiting, whether or not a phone rings
	whileRings            // the caller hangs up while a phone rings
	neverTaken            // nobody answers until the queue's time is over
)

// colleagues are the phones that calls are transferred to. They take no calls of the queue.
func colleagues() []string { return []string{"1000", "2000", "3000"} }

// callerPrefix begins the callers' numbers.
const callerPrefix = "77"

// part is what happens in one call, all of it drawn beforehand.
type part struct {
	who    phone.Party
	ends   how
	vain   []phone.Behaviour // of the first phones that ring
	rings  time.Duration     // the phone that is answered, or during which the caller hangs up
	waits  time.Duration     // until a caller who leaves does
	talks  []time.Duration   // before each hold, and at last
	holds  []time.Duration
	onHold bool // it ends during the last hold
	to     string
	after  time.Duration // how long caller and colleague talk
}

// write draws the part of a call, the same for a seed and a number.
func write(seed uint64, n int) part {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(rng.Int64N(int64(most-least)))
	}
	p := part{
		who:  phone.Party{Name: fmt.Sprintf("Caller %d", n), Number: fmt.Sprintf("%s%06d", callerPrefix, n)},
		ends: drawEnd(rng), rings: between(0, 1200*time.Millisecond), waits: between(100*time.Millisecond, 4*time.Second),
		after: between(200*time.Millisecond, time.Second), to: colleagues()[rng.IntN(len(colleagues()))],
	}
	failures := []int{0, 0, 0, 1, 1, 2}[rng.IntN(6)]
	if p.ends == leaves || p.ends == neverTaken {
		failures = 20
	}
	for range failures {
		b := phone.NeverAnswer()
		if rng.IntN(2) == 0 {
			b = phone.Behaviour{Ring: between(0, time.Second), Refuse: []int{486, 603, 480}[rng.IntN(3)]}
		}
		p.vain = append(p.vain, b)
	}
	for range []int{0, 0, 0, 1, 1, 2}[rng.IntN(6)] {
		p.holds = append(p.holds, between(200*time.Millisecond, 1500*time.Millisecond))
	}
	for range len(p.holds) + 1 {
		p.talks = append(p.talks, between(300*time.Millisecond, 2*time.Second/time.Duration(len(p.holds)+1)))
	}
	p.onHold = len(p.holds) > 0 && rng.IntN(3) == 0
	return p
}

// drawEnd draws how a call ends: a quarter is transferred.
func drawEnd(rng *rand.Rand) how {
	of := []struct {
		how
		share int
	}{{byAgent, 27}, {byCaller, 25}, {blind, 13}, {attended, 13}, {leaves, 9}, {whileRings, 8}, {neverTaken, 5}}
	n := rng.IntN(100)
	for _, o := range of {
		if n -= o.share; n < 0 {
			return o.how
		}
	}
	return byAgent
}

// behave is what the phone does that rings as the i-th for the call, from 0.
func (p part) behave(i int) phone.Behaviour {
	switch {
	case i < len(p.vain):
		return p.vain[i]
	case p.ends == whileRings || p.ends == leaves || p.ends == neverTaken:
		return phone.NeverAnswer()
	}
	return phone.AnswerAfter(p.rings)
}

// isAgent reports whether a number is that of an agent of the hour.
func isAgent(number string) bool {
	for _, c := range colleagues() {
		if number == c {
			return false
		}
	}
	return !strings.HasPrefix(number, callerPrefix)
}
