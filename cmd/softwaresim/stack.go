package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"ringside/softwaresim/stack"
)

// StackCmd starts a stack and keeps it up until it is told to end, or until the
// process that started it has gone.
type StackCmd struct {
	Dir      string   `help:"Directory for stack.json, configuration and logs; a temporary one by default." type:"path" placeholder:"D"`
	Agents   int      `help:"Add N agents and extensions, 3001 upwards, logged on." placeholder:"N"`
	Keep     bool     `help:"Keep files, logs and databases afterwards."`
	Bind     string   `help:"IPv4 address that phones and CRMs reach the stack at." default:"127.0.0.1" placeholder:"ADDR"`
	Root     string   `help:"The private root, as install/root.sh built it." type:"path" placeholder:"DIR" env:"RINGSIDE_ROOT"`
	Asterisk string   `help:"Run this machine's Asterisk (22.3 or newer) in place of the root's." type:"existingfile" placeholder:"PATH"`
	Queueapp string   `help:"The queueapp to run; the one beside softwaresim by default." type:"existingfile" placeholder:"PATH"`
	Standby  bool     `help:"Run a second queueapp, which takes the floor over when the first one dies or freezes."`
	Switches int      `help:"Run N Asterisks for the floor, 1 or 2, with every second phone at the other one." default:"1" placeholder:"N"`
	Second   bool     `help:"Run a second floor, upstairs, with a queueapp of its own on the same Asterisk." name:"second-floor"`
	Only     []string `help:"Start only these of postgres, prosody, asterisk, queueapp." placeholder:"SERVER"`
}

// Run starts the stack, says so, and waits.
func (c *StackCmd) Run(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parent := os.Getppid()
	go func() { // ends with ctx, and with it the command
		untilOrphaned(ctx, parent)
		cancel()
	}()

	var lines sync.Mutex
	say := func(line string) {
		lines.Lock()
		defer lines.Unlock()
		fmt.Fprintln(out, line)
	}
	s, err := stack.Start(ctx, stack.Options{
		Dir: c.Dir, Agents: c.Agents, Keep: c.Keep, Bind: c.Bind, Root: c.Root,
		Asterisk: c.Asterisk, Queueapp: c.Queueapp, Standby: c.Standby, Switches: c.Switches, SecondFloor: c.Second, Only: c.Only, Report: say,
	})
	if err != nil {
		return err
	}
	info := s.Info()
	say(fmt.Sprintf("stack ready\n  directory  %s\n  SIP        %s; dial %s for the menu, %s for the queue, %s for Asterisk's own\n  end it     Ctrl-C",
		s.Dir(), info.SIP, info.Dial.IVR, info.Dial.Queue, info.Dial.Twin))
	<-ctx.Done()
	if c.Keep {
		say("kept: " + s.Dir() + " and, where its link \"servers\" leads, the servers' own files")
	}
	return s.Stop(context.WithoutCancel(ctx))
}

// untilOrphaned returns when parent is no longer the parent of this process, or
// ctx is over. Asking is sure: a signal at the parent's death would follow the
// one thread of it that started this process.
func untilOrphaned(ctx context.Context, parent int) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
