package versus

import (
	"math/rand/v2"
	"time"

	"ringside/softwaresim/phone"
)

// Script is what callers and agents do, the same at every queue. Times are since the start.
type Script struct {
	Callers []Caller
	// Acts are what each agent does beside answering, in order.
	Acts [][]Act

	seed uint64
}

// Caller is one who calls once.
type Caller struct {
	At       time.Duration
	Patience time.Duration // hangs up after so long without an agent
	Talk     time.Duration
	Ends     bool // hangs up then; else the agent does
}

// Act is something that an agent does.
type Act struct {
	At   time.Duration
	Verb Verb
}

// Verb is what an agent does.
type Verb string

// The verbs, as queueapp's API has them.
const (
	Pause  Verb = "pause"
	Ready  Verb = "ready"
	LogOff Verb = "logoff"
	LogOn  Verb = "logon"
)

// How many call in a second, by turns: while it is calm several agents are free, and while it is not callers wait.
const (
	calm, busy = 0.8, 5.0
	turn       = 10 // callers
)

// ringLimit is how long a phone rings at most, in whole seconds as Queue() takes them.
const ringLimit = 2 * time.Second

// write draws a script. The same seed gives the same.
func write(seed uint64, calls, agents int) *Script {
	s := &Script{seed: seed}
	rng := rand.New(rand.NewPCG(seed, 0))
	at := time.Duration(0)
	for i := range calls {
		rate := calm
		if i/turn%2 == 1 {
			rate = busy
		}
		at += time.Duration(rng.ExpFloat64() / rate * float64(time.Second))
		c := Caller{At: at, Patience: 30 * time.Second, Talk: between(rng, 200*time.Millisecond, time.Second), Ends: rng.IntN(2) == 0}
		if rng.IntN(8) == 0 {
			c.Patience = between(rng, 100*time.Millisecond, 4*time.Second)
		}
		s.Callers = append(s.Callers, c)
	}
	for i := range agents {
		s.Acts = append(s.Acts, acts(rand.New(rand.NewPCG(seed, 1+uint64(i))), at)) //nolint:gosec // few
	}
	return s
}

// acts has an agent leave now and then, and come back.
func acts(rng *rand.Rand, until time.Duration) (all []Act) {
	for at := between(rng, time.Second, 15*time.Second); at < until; at += between(rng, 5*time.Second, 20*time.Second) {
		away, back := Pause, Ready
		if rng.IntN(3) == 0 {
			away, back = LogOff, LogOn
		}
		all = append(all, Act{at, away})
		at += between(rng, 500*time.Millisecond, 4*time.Second)
		all = append(all, Act{at, back})
	}
	return all
}

// behave is what an agent does with the nth ring of the phone, when it is answered for so long.
func (s *Script) behave(agent, nth int, talk time.Duration) phone.Behaviour {
	rng := rand.New(rand.NewPCG(s.seed, 1<<32+uint64(agent)<<24+uint64(nth))) //nolint:gosec // few
	ring := between(rng, 0, 800*time.Millisecond)
	switch n := rng.IntN(100); {
	case n < 15:
		return phone.AnswerThenHangup(0, talk)
	case n < 72:
		return phone.AnswerThenHangup(ring, talk)
	case n < 88:
		return phone.Behaviour{Ring: ring / 2, Refuse: []int{486, 603}[rng.IntN(2)]}
	}
	return phone.NeverAnswer()
}

func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}
