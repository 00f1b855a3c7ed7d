// Softwaresim is the outside world of a call centre, for trying and testing
// Ringside: the servers, phones, callers and CRMs.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands lists what softwaresim can do; each is in the file of its own name.
type commands struct {
	Stack   StackCmd   `cmd:"" help:"Start PostgreSQL, Prosody, Asterisk and queueapp in a private directory."`
	Demo    DemoCmd    `cmd:"" help:"Show Ringside at work: three phones, two CRMs, five calls."`
	Phone   PhoneCmd   `cmd:"" help:"Be an extension's phone: register, ring, answer or refuse."`
	Call    CallCmd    `cmd:"" help:"Call a number, press keys, and report each step."`
	CRM     CRMCmd     `cmd:"" name:"crm" help:"Be agents' CRMs: show each pop-up opening, changing, closing."`
	Bench   BenchCmd   `cmd:"" help:"Measure Ringside against Asterisk's own Queue()."`
	Compare CompareCmd `cmd:"" help:"Find where Ringside and Asterisk's own Queue() choose differently, and who is right."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	parser := kong.Must(new(commands),
		kong.Name("softwaresim"),
		kong.Description("The outside world of a call centre: servers, phones, callers and CRMs."),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(os.Stdout, (*io.Writer)(nil)),
	)
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "softwaresim: %v (softwaresim --help says more)\n", err)
		stop()
		os.Exit(2)
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "softwaresim: %v\n", err)
		stop()
		os.Exit(1)
	}
}
