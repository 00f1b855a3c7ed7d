package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"ringside/softwaresim/soak"
	"ringside/softwaresim/stack"
)

// soakFlags are the bench command's for a long run with faults.
type soakFlags struct {
	Soak     time.Duration `help:"Have a crowd call for so long, and find out whether anything was lost." placeholder:"30m" group:"soak"`
	Faults   bool          `help:"Take a server away every few seconds meanwhile." group:"soak"`
	Fault    []string      `help:"Only this fault; can be given several times." placeholder:"NAME" group:"soak" sep:"none"`
	Every    time.Duration `help:"From one fault to the next." default:"5s" group:"soak"`
	Rate     float64       `help:"Callers a second." default:"5" group:"soak"`
	Agents   int           `help:"Agents, one and a half for each caller of a second if 0." default:"0" group:"soak"`
	Standby  bool          `help:"Have a second queueapp stand by during a soak." group:"soak"`
	Seed     uint64        `help:"Repeats a run; 0 draws one." default:"0" group:"soak"`
	Recovery bool          `help:"Measure how soon calls are given to agents again after a kill, a restart, a cut, a freeze." group:"soak"`
	Times    int           `help:"How often each, with --recovery." default:"20" group:"soak"`
	Keep     string        `help:"Directory for the stack's files, logs and database, to read afterwards." type:"path" placeholder:"DIR" group:"soak"`
}

// soak runs the crowd on a stack of its own, and prints what came of it.
func (c *BenchCmd) soak(ctx context.Context, out io.Writer) error {
	progress := newLines(os.Stderr, c.JSON)
	o := soak.Options{For: c.Soak, Calls: c.Calls, Rate: c.Rate, Agents: c.Agents, Seed: c.Seed, Every: c.Every,
		Stack:  stack.Options{Root: c.Root, Dir: c.Keep, Keep: c.Keep != "", Unlisted: true, Standby: c.Standby},
		Report: func(line string) { progress.note("%s", line) }}
	if c.Faults || len(c.Fault) > 0 {
		var err error
		if o.Faults, err = soak.Choose(c.Fault); err != nil {
			return err
		}
	}
	report, err := soak.Run(ctx, o)
	if err != nil {
		return err
	}
	return conclude(out, c.JSON, report, "something does not hold: see the report")
}

// recover measures how soon calls are given to agents again, on stacks of its own.
func (c *BenchCmd) recover(ctx context.Context, out io.Writer) error {
	progress := newLines(os.Stderr, c.JSON)
	report, err := soak.Recover(ctx, soak.RecoveryOptions{Times: c.Times,
		Stack:  stack.Options{Root: c.Root, Dir: c.Keep, Keep: c.Keep != "", Unlisted: true},
		Report: func(line string) { progress.note("%s", line) }})
	if err != nil {
		return err
	}
	return conclude(out, c.JSON, report, "a caller was lost: see the report")
}

// conclude prints a report, and fails where it says that something is wrong.
func conclude(out io.Writer, asJSON bool, report verdict, wrong string) error {
	if err := printReport(out, asJSON, report); err != nil {
		return err
	}
	if !report.OK() {
		return errors.New(wrong)
	}
	return nil
}

// verdict is a report that says whether all is well.
type verdict interface {
	Print(w io.Writer) error
	OK() bool
}

// printReport writes a report for people or, with --json, for programs.
func printReport(out io.Writer, asJSON bool, report interface{ Print(io.Writer) error }) error {
	if !asJSON {
		return report.Print(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
