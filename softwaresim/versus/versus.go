// Package versus has the same callers and agents at Ringside's queues and at those of Asterisk's own Queue(), with equal
// settings, and asks of every ring whether caller and agent were the ones whom that system's documentation asks for.
//
// No two runs have the same moments, so that after the first difference everything differs: what is compared is not who was
// rung, but each choice with what was known when it was made. It is judged from outside, by what phones and callers saw.
package versus

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ringside/softwaresim/bench"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// Options say what to compare, and how long. Zero values stand for the defaults.
type Options struct {
	// Calls is how many call each queue, 300 by default, Agents how many serve it, 5 by default.
	Calls, Agents int
	// Seed repeats callers and agents. 0 draws one.
	Seed uint64
	// Fuzz is how long before an INVITE its queue may have decided, or not yet have heard of what happened, 100 ms by default:
	// where the right choice depends on it, either is right. A machine with much else to do needs more.
	Fuzz time.Duration
	// Strategies are those to compare, by default all.
	Strategies []Strategy
	// Logs keeps what was seen in the report.
	Logs bool
	// Stack says where the servers come from: a comparison has a stack of its own.
	Stack stack.Options
	// Report is told how far it is, in short lines. Nil ignores.
	Report func(line string)
}

func (o *Options) complete() error {
	if o.Calls <= 0 {
		o.Calls = 300
	}
	if o.Agents <= 0 {
		o.Agents = 5
	}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano()) //nolint:gosec // after 1970
	}
	if o.Fuzz <= 0 {
		o.Fuzz = 100 * time.Millisecond
	}
	if len(o.Strategies) == 0 {
		o.Strategies = Strategies()
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	o.Stack.Agents = o.Agents * len(o.Strategies) * len(systems())
	if o.Calls > 99999 || o.Stack.Agents > stack.MaxAgents {
		return fmt.Errorf("versus: %d calls to queues of %d agents are more than there are numbers", o.Calls, o.Agents)
	}
	o.Stack.Append = files(o.Strategies, o.Agents)
	return nil
}

// contest is a comparison on its stack.
type contest struct {
	Options
	stack  *stack.Stack
	ua     *phone.UA
	arenas []*arena
}

// Run compares, and tells what came out. An error is that it could not be tried; who deviates from what is in the report.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c := &contest{Options: o}
	if c.stack, err = stack.Start(ctx, o.Stack); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stack.Stop(context.WithoutCancel(ctx))) }()
	// Sound is not what is tried here, and its cost would be.
	c.ua, err = phone.Listen(phone.Config{Server: c.stack.Info().SIP, Media: voice.Media{Deaf: true, Every: 200 * time.Millisecond}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.ua.Close()) }()
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := c.play(ctx, begun); err != nil {
		return nil, err
	}
	report := &Report{Seed: o.Seed, Calls: o.Calls, Agents: o.Agents, Took: time.Since(begun),
		Processors: runtime.NumCPU(), Load: bench.Load()}
	for _, a := range c.arenas {
		r := row(a.strategy, a.name, &a.log, a.rules, o.Fuzz)
		if a.name == Ringside {
			if err := c.second(ctx, a, &r.Verdict); err != nil {
				return nil, err
			}
		}
		if !o.Logs {
			r.Log = nil
		}
		report.Rows = append(report.Rows, r)
	}
	return report, c.explain(ctx, report)
}

// open makes the queues' people.
func (c *contest) open(ctx context.Context) error {
	script := write(c.Seed, c.Calls, c.Agents)
	group, limited := errgroup.WithContext(ctx)
	for i, strategy := range c.Strategies {
		for k, sys := range systems() {
			a := newArena(c.stack, sys, strategy, script, len(c.arenas))
			a.callers, a.dial = c.ua, fmt.Sprint(sys.first+i)
			a.agents = numbers(i, c.Agents, k, len(c.Strategies))
			c.arenas = append(c.arenas, a)
			group.Go(func() error { return c.seat(limited, a) })
		}
	}
	return group.Wait()
}

// seat registers a queue's phones.
func (c *contest) seat(ctx context.Context, a *arena) error {
	for i, number := range a.agents {
		x, _, ok := c.stack.Info().Extension(number)
		if !ok {
			return fmt.Errorf("the stack has no extension %s", number)
		}
		p := c.ua.NewPhone(phone.Account{Number: number, Password: x.Password}, phone.Behaviour{})
		p.BehaveBy(func(call *phone.Call) phone.Behaviour { return a.behave(i, call) })
		p.SetLines(2) // the queue, not the phone, is to see that there is one at a time
		if err := p.Register(ctx); err != nil {
			return err
		}
	}
	return a.staff(ctx)
}

// apart is how long after the queues of one strategy those of the next begin: not all are to have their busy times at once.
const apart = 3600 * time.Millisecond

// play has everybody do what the script says, at all queues, each strategy's a little later.
func (c *contest) play(ctx context.Context, begun time.Time) error {
	w := &witness{arenas: c.arenas, places: map[string]place{}, open: map[*phone.Call]*Ring{}}
	for n, a := range c.arenas {
		a.begun = begun.Add(apart * time.Duration(n/len(systems())))
		for i, number := range a.agents {
			w.places[number] = place{a, i}
		}
	}
	events := c.ua.Watch()
	defer events.Close()
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { w.watch(watching, events) })
	watch.Go(func() { c.tell(watching) })
	group := new(errgroup.Group)
	for _, a := range c.arenas {
		group.Go(func() error { return a.run(ctx) })
	}
	err := group.Wait()
	err = errors.Join(err, c.quiet(ctx))
	stop()
	watch.Wait()
	return errors.Join(err, context.Cause(ctx))
}

// quiet waits until no phone is in a call any more.
func (c *contest) quiet(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, 2*ringLimit+stuck)
	defer cancel()
	for _, call := range c.ua.Calls() {
		if _, err := call.AwaitEnd(bounded); err != nil {
			return fmt.Errorf("when all callers had hung up: %w", err)
		}
	}
	return nil
}

// tell reports how many have called.
func (c *contest) tell(ctx context.Context) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.Report(fmt.Sprintf("%d calls are going on", len(c.ua.Calls())))
		case <-ctx.Done():
			return
		}
	}
}
