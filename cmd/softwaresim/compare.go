package main

import (
	"context"
	"io"
	"os"
	"time"

	"ringside/softwaresim/stack"
	"ringside/softwaresim/versus"
)

// CompareCmd finds where Ringside and Asterisk's own Queue() choose differently, and who was right.
type CompareCmd struct {
	Calls    int           `help:"Calls to each queue." default:"300"`
	Agents   int           `help:"Agents at each queue." default:"5"`
	Seed     uint64        `help:"Repeats callers and agents; 0 draws one." default:"0"`
	Strategy []string      `help:"Only this strategy; can be given several times: leastrecent, rrmemory, fewestcalls, linear." placeholder:"NAME" sep:"none"`
	Fuzz     time.Duration `help:"How long before an INVITE its queue may have decided, or not yet have heard of what happened." default:"100ms"`
	Root     string        `help:"The private root for the stack." type:"path" placeholder:"DIR" env:"RINGSIDE_ROOT"`
	Keep     string        `help:"Directory for the stack's files, logs and database, to read afterwards." type:"path" placeholder:"DIR"`
	JSON     bool          `help:"Print the result as JSON." name:"json"`
	Logs     bool          `help:"With --json, all that was seen as well."`
}

// Help says more than fits a line.
func (c *CompareCmd) Help() string {
	return `The same random callers and agents at queues of Ringside's and of Asterisk's Queue(), one
of each for every strategy, with equal settings and all at once, on a stack of its own.
Callers come in calm and busy times, and some hang up while they wait; agents answer,
refuse, do not answer, pause and log off.

Of every ring at an agent's phone it asks whether caller and agent were those whom the
system's own documentation asks for, by what phones and callers saw:

  right       they were
  either      that depends on what happened within --fuzz before
  deviating   they were not; each kind of that is told with an example

"With a choice" is how many rings there were while other agents were free as well, "late"
for how long caller and agent had been waiting side by side. What Ringside did wrong is
looked at again by the times that its tables tell, as a busy machine is late with what it
was asked for: what is wrong by these too is told with the call's journal, and exit status
1. What Queue() does is only told.`
}

// Run compares and prints.
func (c *CompareCmd) Run(ctx context.Context, out io.Writer) error {
	progress := newLines(os.Stderr, c.JSON)
	o := versus.Options{Calls: c.Calls, Agents: c.Agents, Seed: c.Seed, Fuzz: c.Fuzz, Logs: c.Logs,
		Stack:  stack.Options{Root: c.Root, Dir: c.Keep, Keep: c.Keep != "", Unlisted: true},
		Report: func(line string) { progress.note("%s", line) }}
	for _, name := range c.Strategy {
		s, err := versus.Named(name)
		if err != nil {
			return err
		}
		o.Strategies = append(o.Strategies, s)
	}
	report, err := versus.Run(ctx, o)
	if err != nil {
		return err
	}
	return conclude(out, c.JSON, report, "see the report: Ringside deviates from its documentation")
}
