package versus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// arena is one queue of one system, with agents and callers of its own.
type arena struct {
	system
	strategy Strategy
	stack    *stack.Stack
	script   *Script
	callers  *phone.UA
	dial     string   // the queue's number
	prefix   string   // of its callers' numbers
	agents   []string // their extensions
	begun    time.Time
	heard    []chan struct{} // by caller: closed when an agent has answered

	mu    sync.Mutex
	rings []int // by agent: how many there were
	log   Log
	errs  []error
}

func newArena(s *stack.Stack, sys system, strategy Strategy, script *Script, index int) *arena {
	a := &arena{system: sys, strategy: strategy, stack: s, script: script, prefix: fmt.Sprintf("55%d", index)}
	a.rings = make([]int, len(script.Acts))
	a.log = Log{Agents: len(script.Acts), Callers: make([]Stay, len(script.Callers))}
	for range script.Callers {
		a.heard = append(a.heard, make(chan struct{}))
	}
	return a
}

// number is a caller's.
func (a *arena) number(caller int) string { return fmt.Sprintf("%s%05d", a.prefix, caller) }

// caller finds who has a number, -1 for nobody here.
func (a *arena) caller(number string) int {
	n := -1
	if len(number) == len(a.prefix)+5 && number[:len(a.prefix)] == a.prefix {
		if _, err := fmt.Sscanf(number[len(a.prefix):], "%d", &n); err != nil || n >= len(a.heard) {
			return -1
		}
	}
	return n
}

// behave is what an agent's phone does with a call.
func (a *arena) behave(agent int, c *phone.Call) phone.Behaviour {
	a.mu.Lock()
	nth := a.rings[agent]
	a.rings[agent]++
	a.mu.Unlock()
	talk := time.Duration(0)
	if n := a.caller(c.From().Number); n >= 0 && !a.script.Callers[n].Ends {
		talk = a.script.Callers[n].Talk
	}
	return a.script.behave(agent, nth, talk)
}

// staff has the agents log on who are not, in the order of the queue.
func (a *arena) staff(ctx context.Context) error {
	if a.name == Ringside {
		return nil // the stack has
	}
	for _, n := range a.agents {
		if err := a.act(ctx, a.stack, queueName(a.strategy), n, LogOn); err != nil {
			return err
		}
	}
	return nil
}

// run plays the script, and returns when everybody has hung up.
func (a *arena) run(ctx context.Context) error {
	var people, agents sync.WaitGroup
	over, stop := context.WithCancel(ctx)
	for i := range a.script.Acts {
		agents.Go(func() { a.live(over, i) })
	}
	for i := range a.script.Callers {
		people.Go(func() { a.fail(a.call(ctx, i)) })
	}
	people.Wait()
	stop()
	agents.Wait()
	return errors.Join(a.errs...)
}

func (a *arena) fail(err error) {
	if err == nil || errors.Is(err, phone.ErrOver) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errs = append(a.errs, fmt.Errorf("%s, %s: %w", a.name, a.strategy, err))
}

// at waits for a moment of the script. It reports false when it is over before.
func (a *arena) at(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(time.Until(a.begun.Add(d)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stuck is how long a conversation may last longer than it is to.
const stuck = 5 * time.Second

// call is one caller's call.
func (a *arena) call(ctx context.Context, i int) error {
	who := a.script.Callers[i]
	if !a.at(ctx, who.At) {
		return nil
	}
	c, err := a.callers.Caller(phone.Party{Name: fmt.Sprintf("Caller %d", i), Number: a.number(i)}).Dial(ctx, a.dial)
	if err != nil {
		return err
	}
	patience := time.NewTimer(who.Patience)
	defer patience.Stop()
	select {
	case <-a.heard[i]:
	case <-patience.C:
		return c.Hangup(ctx)
	case <-c.Done():
		return fmt.Errorf("caller %d was cut off: %s", i, c.Outcome().Reason)
	case <-ctx.Done():
		return c.Hangup(context.WithoutCancel(ctx))
	}
	talk := who.Talk
	if !who.Ends {
		talk += stuck
	}
	end := time.NewTimer(talk)
	defer end.Stop()
	select {
	case <-c.Done():
		return nil
	case <-end.C:
	case <-ctx.Done():
	}
	if err := c.Hangup(context.WithoutCancel(ctx)); err != nil || who.Ends {
		return err
	}
	return fmt.Errorf("caller %d was not let go when the agent had hung up", i)
}

// live has an agent do what the script says.
func (a *arena) live(ctx context.Context, agent int) {
	for _, act := range a.script.Acts[agent] {
		if !a.at(ctx, act.At) {
			return
		}
		if err := a.order(ctx, agent, act.Verb); err != nil {
			if ctx.Err() == nil {
				a.fail(err)
			}
			return
		}
	}
}

// order gives an agent's command until it is done, and notes it.
func (a *arena) order(ctx context.Context, agent int, verb Verb) error {
	for {
		c := Command{Agent: agent, Verb: verb, From: time.Since(a.begun)}
		err := a.act(ctx, a.stack, queueName(a.strategy), a.agents[agent], verb)
		c.To = time.Since(a.begun)
		if err == nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.log.Commands = append(a.log.Commands, c)
		}
		if !errors.Is(err, errTalking) || !a.at(ctx, c.To+50*time.Millisecond) {
			return err
		}
	}
}
