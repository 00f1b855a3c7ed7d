// Package crowd lets many callers call and agents work as chance has it: everybody hangs up, refuses, does not answer,
// presses keys, logs on and off and pauses at moments that a seed draws.
package crowd

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// Crowd says who calls whom, and how much. All fields but Rate and For are needed.
type Crowd struct {
	// UA is the port that callers call from. Its watchers see all of them.
	UA *phone.UA
	// Agents are the phones of agents who are logged on. What the phones do is the crowd's from Run on.
	Agents []*phone.Phone
	// Dial holds the numbers to call.
	Dial stack.Dial
	// Seed repeats a crowd, as far as time does.
	Seed uint64
	// Calls is how many call. Each caller has a number of its own.
	Calls int
	// Rate is how many begin to call each second, at random moments, however many there are then. 0: AtOnce callers, each of
	// whom is followed by the next.
	Rate   float64
	AtOnce int
	// For ends the calling, even where fewer than Calls have called. 0: it does not.
	For time.Duration
	// Command tells the floor what an agent wants by other means than the phone: "logon", "logoff", "pause", "ready". That the
	// floor says no is no error.
	Command func(ctx context.Context, agent, verb string) error
}

// Replacements are what makes everything short that a crowd would wait for: texts of the stack's own floor plan, each
// followed by what comes in its place. The queue's retry stays. Key 4 leads to another queue, in which all phones ring.
func Replacements() []string {
	return []string{
		`ring = "20s"`, `ring = "2s"
no_answer_delay = "200ms"
busy_delay = "300ms"
reject_delay = "300ms"
unreachable_delay = "500ms"
maxnoanswer = 3`,
		`timeout = "10m"`, `timeout = "9s"`,
		`wrapup = "0s"`, `wrapup = "100ms"`,
		`keys.2 = {`, `keys.4 = { queue = "everybody" }
keys.2 = {`,
		`[queue.support]`, `[queue.everybody]
strategy = "ringall"
ring = "2s"
no_answer_delay = "200ms"
busy_delay = "300ms"
reject_delay = "300ms"
unreachable_delay = "500ms"
timeout = "9s"
wrapup = "100ms"
members = ["1000", "2000", "3000"]

[queue.support]`,
	}
}

// Patience is how long a caller may wait by the plan of Replacements.
const Patience = 9 * time.Second

// running is a crowd at work.
type running struct {
	Crowd
	over chan struct{} // closed when no more calls come

	beside sync.WaitGroup // calls that agents send on

	made atomic.Int64
	mu   sync.Mutex
	errs []error
}

// maxErrors bounds what is told of a crowd that goes wrong as a whole.
const maxErrors = 20

// Run lets the crowd call and waits until everybody has hung up. It tells how many have called, and what went wrong with
// the phones themselves.
func (c Crowd) Run(ctx context.Context) (calls int, err error) {
	r := &running{Crowd: c, over: make(chan struct{})}
	var agents sync.WaitGroup
	for i, p := range c.Agents {
		a := &agent{crowd: r, phone: p, rng: r.chance(1<<32 + uint64(i))}
		p.SetLines(2) // the floor, not the phone, is to see that there is one at a time
		p.BehaveBy(func(call *phone.Call) phone.Behaviour { return a.behave(ctx, call) })
		agents.Go(func() { a.live(ctx) })
	}
	calling, stop := ctx, context.CancelFunc(func() {})
	if c.For > 0 {
		calling, stop = context.WithTimeout(ctx, c.For)
	}
	if c.Rate > 0 {
		r.atRate(calling, ctx)
	} else {
		r.atOnce(calling, ctx)
	}
	stop()
	close(r.over)
	agents.Wait()
	r.beside.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.made.Load()), errors.Join(r.errs...)
}

// atOnce has a number of callers call, and others after them, until calling is done.
func (r *running) atOnce(calling, ctx context.Context) {
	var callers sync.WaitGroup
	for range r.AtOnce {
		callers.Go(func() {
			for calling.Err() == nil {
				n := r.made.Add(1)
				if n > int64(r.Calls) {
					r.made.Add(-1)
					return
				}
				r.call(ctx, n)
			}
		})
	}
	callers.Wait()
}

// atRate has callers come at random moments (a Poisson process), until calling is done.
func (r *running) atRate(calling, ctx context.Context) {
	var callers sync.WaitGroup
	defer callers.Wait()
	rng := r.chance(1 << 33)
	next := time.NewTimer(0)
	defer next.Stop()
	at := time.Now()
	for n := int64(1); n <= int64(r.Calls); n++ {
		select {
		case <-next.C:
		case <-calling.Done():
			return
		}
		r.made.Store(n)
		callers.Go(func() { r.call(ctx, n) })
		at = at.Add(time.Duration(rng.ExpFloat64() / r.Rate * float64(time.Second)))
		next.Reset(time.Until(at))
	}
}

// chance is a source of random numbers that is its own.
func (r *running) chance(i uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, i)) }

// fail keeps what went wrong. That a call is over is not.
func (r *running) fail(err error) {
	if err == nil || errors.Is(err, phone.ErrOver) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, err)
	}
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
