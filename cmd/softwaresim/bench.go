package main

import (
	"context"
	"errors"
	"io"
	"os"

	"ringside/softwaresim/bench"
	"ringside/softwaresim/stack"
)

// BenchCmd compares Ringside with Asterisk's own Queue(), or tries how it bears long work and faults.
type BenchCmd struct {
	Calls   int    `help:"Calls each way, with an agent free, 200 if 0; with --soak, how many call at most." default:"0"`
	Hangups int    `help:"Hang-ups each way, with callers waiting." default:"40"`
	Own     bool   `help:"Start a stack for it, even if one is running."`
	Root    string `help:"The private root for a stack of its own." type:"path" placeholder:"DIR" env:"RINGSIDE_ROOT"`
	JSON    bool   `help:"Print the result as JSON." name:"json"`

	soakFlags `embed:""`
	hourFlags `embed:""`
}

// Help says more than fits a line.
func (c *BenchCmd) Help() string {
	return `Calls 7000 (Ringside) and 7001 (Asterisk's Queue() with the same agents and settings)
by turns, in one run on one Asterisk, and measures at the agents' phones:

  enter       from the caller's INVITE to the agent's INVITE, an agent being free, one
              call after the other. Queue() rings without answering the caller,
              Ringside answers: the caller's INVITE is the one moment that both have.
  next        from an agent's BYE to the next INVITE at an agent's phone, callers waiting.
  enter-idle  enter once more, with 50 ms before each call in which nothing happens:
              processes must be woken first, and Ringside has more of them.

A message that was sent counts from just before, one that came from when the kernel
had it. The phones of 1000, 2000 and 3000 are used: nobody else may be logged on.
Uses the running stack, or starts one and ends it afterwards.

With --soak random callers call random agents for that time, on a stack of its own;
with --faults a server is killed, frozen, restarted or cut off every 5 s. Afterwards
phones, CRMs, Asterisk, the tables and the journal are compared: exit status 1 if
anything does not hold. --keep keeps the logs and the database.

With --recovery one caller talks and another waits; a server is killed, restarted,
cut off or frozen, the agent hangs up, and the time from the blow to the other
caller's INVITE at the agent's phone is taken.

With --queue-log so many callers, on a stack of its own, are played from a script that
--seed draws: agents answer, refuse, let it ring, hold, resume and transfer, callers
hang up at every moment, some wait until their time is over. Then an own reader of
Asterisk's queue_log tells each call from the file, and the phones' log tells it too:
agents, order, holds, transfers, who hung up, and all times to the second. Every
difference is told; exit status 1 if there is one.`
}

// Run measures and prints.
func (c *BenchCmd) Run(ctx context.Context, out io.Writer) error {
	switch {
	case c.Recovery:
		return c.recover(ctx, out)
	case c.Soak > 0:
		return c.soak(ctx, out)
	case c.QueueLog > 0:
		return c.hour(ctx, out)
	}
	info, end, err := findOrStart(ctx, c.Own, stack.Options{Root: c.Root, Unlisted: c.Own})
	if err != nil {
		return err
	}
	progress := newLines(os.Stderr, c.JSON)
	report, err := bench.Run(ctx, info, bench.Options{Calls: c.Calls, Hangups: c.Hangups,
		Report: func(line string) { progress.note("%s", line) }})
	if err := errors.Join(err, end()); err != nil {
		return err
	}
	return printReport(out, c.JSON, report)
}

// findOrStart returns the running stack, or with own or without one, a stack that it
// starts; and what ends that.
func findOrStart(ctx context.Context, own bool, o stack.Options) (stack.Info, func() error, error) {
	if !own {
		info, err := stack.Find()
		if err == nil || !errors.Is(err, stack.ErrNoStack) {
			return info, func() error { return nil }, err
		}
	}
	s, err := stack.Start(ctx, o)
	if err != nil {
		return stack.Info{}, nil, err
	}
	return s.Info(), func() error { return s.Stop(context.WithoutCancel(ctx)) }, nil
}
