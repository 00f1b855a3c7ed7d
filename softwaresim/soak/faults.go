package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ringside/softwaresim/link"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/stack"
)

// Fault is something that is done to the servers of a stack, and undone.
type Fault struct {
	Name string
	// Ends is the server that it ends, if any, and Link the one whose link to queueapp it needs.
	Ends, Link string
	// Inflict does it, and returns when it is undone: nothing need work yet then.
	Inflict func(ctx context.Context, s *stack.Stack, rng *rand.Rand) error
}

// Faults are all that are known.
func Faults() []Fault {
	faults := []Fault{
		{Name: "kill queueapp", Ends: stack.Queueapp, Inflict: end(syscall.SIGKILL)},
		{Name: "end queueapp", Ends: stack.Queueapp, Inflict: end(syscall.SIGTERM)},
		{Name: "restart postgres", Ends: stack.Postgres, Inflict: restart(stack.Postgres)},
		{Name: "restart prosody", Ends: stack.Prosody, Inflict: restart(stack.Prosody)},
	}
	for _, server := range []string{stack.Queueapp, stack.Postgres, stack.Prosody} {
		faults = append(faults, Fault{Name: "freeze " + server, Inflict: freeze(server)})
	}
	for _, server := range []string{stack.Asterisk, stack.Postgres, stack.Prosody} {
		faults = append(faults,
			Fault{Name: "cut " + server, Link: server, Inflict: upset(server, (*link.Link).Cut)},
			Fault{Name: "hang " + server, Link: server, Inflict: upset(server, (*link.Link).Hang)})
	}
	return append(faults, Fault{Name: "lose answers of asterisk", Link: stack.Asterisk, Inflict: upset(stack.Asterisk, (*link.Link).LoseAnswers)})
}

// Choose gives the faults of these names, all where there are none.
func Choose(names []string) ([]Fault, error) {
	all := Faults()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []Fault
	for _, name := range names {
		i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			var known []string
			for _, f := range all {
				known = append(known, strconv.Quote(f.Name))
			}
			return nil, fmt.Errorf("no fault is called %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// end has the queueapp that owns the floor end by a signal. The stack starts it again, as systemd would.
func end(sig syscall.Signal) func(context.Context, *stack.Stack, *rand.Rand) error {
	return func(ctx context.Context, s *stack.Stack, _ *rand.Rand) error {
		victim, pids := actual(s, stack.Queueapp), s.Info().PIDs
		before := pids.Queueapp
		if victim == stack.Standby {
			before = pids.Standby
		}
		if err := s.Signal(victim, sig); err != nil {
			return err
		}
		return s.WaitRestarted(ctx, victim, before)
	}
}

// actual is the server that is meant: of two queueapps the one that owns the floor.
func actual(s *stack.Stack, server string) string {
	if owner := s.Owner(); server == stack.Queueapp && owner != "" {
		return owner
	}
	return server
}

func restart(server string) func(context.Context, *stack.Stack, *rand.Rand) error {
	return func(ctx context.Context, s *stack.Stack, _ *rand.Rand) error { return s.Restart(ctx, server) }
}

// freeze stops a server with all its processes for a while. Where another queueapp stands by, that may be long enough for
// it to take over.
func freeze(server string) func(context.Context, *stack.Stack, *rand.Rand) error {
	return func(ctx context.Context, s *stack.Stack, rng *rand.Rand) error {
		victim, most := actual(s, server), 4*time.Second
		if server == stack.Queueapp && s.Owner() != "" {
			most = 9 * time.Second
		}
		if err := s.Freeze(victim); err != nil {
			return errors.Join(err, s.Thaw(victim))
		}
		last(ctx, 500*time.Millisecond, most, rng)
		return s.Thaw(victim)
	}
}

// upset does something to the link between queueapp and a server for a while: often shorter than it takes to notice.
func upset(server string, how func(*link.Link)) func(context.Context, *stack.Stack, *rand.Rand) error {
	return func(ctx context.Context, s *stack.Stack, rng *rand.Rand) error {
		l := s.Link(server)
		if l == nil {
			return fmt.Errorf("the stack has no link to %s", server)
		}
		how(l)
		last(ctx, time.Millisecond, 3*time.Second, rng)
		l.Heal()
		return nil
	}
}

// last lets a fault last for a time that chance draws.
func last(ctx context.Context, least, most time.Duration, rng *rand.Rand) {
	timer := time.NewTimer(least + time.Duration(rng.Int64N(int64(most-least))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// inflicted is a fault that was done.
type inflicted struct {
	name string
	back time.Duration // from when it was undone until all was well
}

const (
	wellLimit = 30 * time.Second       // how long everything may take to be well after a fault
	hopeless  = 2 * time.Minute        // how much longer it is waited for: the rest of the run tells nothing without it
	catchUp   = 500 * time.Millisecond // how long what waited meanwhile may take
)

// trouble inflicts faults, one after the other, until ctx is done. It returns when everything is well again.
func (w *world) trouble(ctx context.Context) error {
	if len(w.Faults) == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(w.Seed, 1<<34))
	tick := time.NewTicker(w.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		// What was begun is brought to its end.
		if err := w.inflict(context.WithoutCancel(ctx), w.Faults[rng.IntN(len(w.Faults))], rng); err != nil {
			return err
		}
	}
}

// inflict does one fault and waits until all is well.
func (w *world) inflict(outer context.Context, f Fault, rng *rand.Rand) error {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(outer, 2*wellLimit)
	defer cancel()
	w.expect(actual(w.stack, f.Ends))
	defer w.expect("")
	if err := f.Inflict(ctx, w.stack, rng); err != nil {
		return fmt.Errorf("%s, at %s: %w", f.Name, outside.Clock(begun), err)
	}
	undone := begun
	if f.Ends == "" {
		undone = time.Now()
	}
	if err := w.until(ctx, wellLimit, "all to be well after: "+f.Name+", at "+outside.Clock(begun), func() error { return w.well(ctx) }); err != nil {
		w.odd(err.Error())
		if err := w.until(outer, hopeless, "all to be well at last after: "+f.Name, func() error { return w.well(outer) }); err != nil {
			return err
		}
	}
	now := time.Now()
	w.outages = append(w.outages, outside.Outage{What: f.Name, From: begun, To: now.Add(catchUp)})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, inflicted{f.Name, now.Sub(undone)})
	return nil
}

func (w *world) faults() []inflicted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}
