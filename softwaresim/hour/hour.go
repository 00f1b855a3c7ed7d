// Package hour plays a scripted hour of calls on real servers, with everything that callers and agents do to a call, and
// finds out whether the queue_log tells of each what the phones saw. It reads the log's file as a tool would that knows
// Asterisk and nothing of Ringside.
package hour

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// Options say how much is played. Zero values stand for the defaults.
type Options struct {
	// Calls is how many call, 300 by default.
	Calls int
	// Rate is how many come each second, 5 by default: an hour is made short.
	Rate float64
	// Agents is how many serve, three and a half for each caller of a second by default: now and then all are busy.
	Agents int
	// Seed is of the script: the same seed gives the same one. 0 draws one.
	Seed uint64
	// Stack says where the servers come from. An hour has a stack of its own.
	Stack stack.Options
	// Report is told how far it is, in short lines. Nil ignores.
	Report func(line string)

	stack *stack.Stack
}

func (o *Options) complete() {
	if o.Calls <= 0 {
		o.Calls = 300
	}
	if o.Rate <= 0 {
		o.Rate = 5
	}
	if o.Agents <= 0 {
		o.Agents = int(math.Ceil(o.Rate * 3.5))
	}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	o.Stack.Agents, o.Stack.QueueLog, o.Stack.Replace = max(o.Agents, 1), true, replacements()
}

// Run plays the hour, and tells what came out. An error is that it could not be played; what differs is in the report.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	o.complete()
	if o.stack, err = stack.Start(ctx, o.Stack); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.stack.Stop(context.WithoutCancel(ctx))) }()
	s := &stage{Options: o}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := s.play(ctx); err != nil {
		return nil, err
	}
	took := time.Since(begun)
	phones, err := s.calls(ctx)
	if err != nil {
		return nil, err
	}
	log, wrong, err := s.log(ctx, phones)
	if err != nil {
		return nil, err
	}
	return report(o, took, log, phones, slices.Concat(s.wrong, wrong)), nil
}

// settling is how long calls may take to be over, and their ends to be in the file, when everybody has hung up.
const settling = 10 * time.Second

// calls waits until the phones are quiet, and gives what they saw.
func (s *stage) calls(ctx context.Context) ([]*seen, error) {
	limited, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	for _, c := range s.ua.Calls() {
		if _, err := c.AwaitEnd(limited); err != nil {
			return nil, fmt.Errorf("everybody has hung up, and %s is not over: %w", c, err)
		}
	}
	now, cancel := context.WithCancel(ctx)
	cancel() // what is there already, and no more
	var all []*phone.Call
	for {
		e, err := s.events.Next(now, phone.InviteSent, phone.InviteReceived)
		if err != nil {
			return see(all), nil
		}
		all = append(all, e.Call)
	}
}

// log reads the queue_log's file when it tells the end of every call that came in, or will not.
func (s *stage) log(ctx context.Context, phones []*seen) (calls []*told, wrong []string, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(settling); ; {
		if calls, wrong, err = readLog(s.stack.QueueLog()); err != nil || complete(calls, phones) || time.Now().After(end) {
			return calls, wrong, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// queue is that of the sample floor.
const queue = "support"

func readLog(path string) (calls []*told, wrong []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue_log: %w", err)
	}
	defer f.Close()
	lines, wrong, err := read(f)
	if err != nil {
		return nil, nil, err
	}
	calls, more := tell(queue, lines)
	return calls, append(wrong, more...), nil
}

// complete reports whether the queue_log tells the end of every call that came in.
func complete(calls []*told, phones []*seen) bool {
	return len(calls) >= len(phones) && !slices.ContainsFunc(calls, func(c *told) bool { return c.end == "" })
}
