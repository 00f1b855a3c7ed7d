package main

import (
	"context"
	"io"
	"os"

	"ringside/softwaresim/hour"
	"ringside/softwaresim/stack"
)

// hourFlags are the bench command's for a scripted hour. Rate, agents, seed and keep are those of a soak.
type hourFlags struct {
	QueueLog int `help:"Play a script of so many calls, and compare the queue_log with the phones." placeholder:"300" group:"soak"`
}

// hour plays the script on a stack of its own, and prints what came of it.
func (c *BenchCmd) hour(ctx context.Context, out io.Writer) error {
	progress := newLines(os.Stderr, c.JSON)
	report, err := hour.Run(ctx, hour.Options{Calls: c.QueueLog, Rate: c.Rate, Agents: c.Agents, Seed: c.Seed,
		Stack:  stack.Options{Root: c.Root, Dir: c.Keep, Keep: c.Keep != "", Unlisted: true},
		Report: func(line string) { progress.note("%s", line) }})
	if err != nil {
		return err
	}
	return conclude(out, c.JSON, report, "the queue_log differs from what the phones saw: see the report")
}
