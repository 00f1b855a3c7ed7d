package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ringside/softwaresim/demo"
	"ringside/softwaresim/stack"
)

// DemoCmd shows Ringside at work.
type DemoCmd struct {
	Stay bool   `help:"Keep everything up afterwards, for your own softphone, until Ctrl-C."`
	Own  bool   `help:"Start a stack for it, even if one is running."`
	Root string `help:"The private root for a stack of its own." type:"path" placeholder:"DIR" env:"RINGSIDE_ROOT"`
	JSON bool   `help:"Print one JSON object a line, the result last." name:"json"`
}

// Help says more than fits a line.
func (c *DemoCmd) Help() string {
	return `Three phones, two CRMs and five calls on real servers: a valid code; a wrong code three
times; an agent who does not answer, and the pop-up moving on; option 2; no key. The
story is told line by line, then a table says by how much each caller's record was on
the agent's screen before the phone rang.

Uses the running stack, where nobody else may be logged on, or starts one and ends it
afterwards.
Exit status: 0 if each record was there before its ring.`
}

// Run plays the demo.
func (c *DemoCmd) Run(ctx context.Context, out io.Writer) error {
	l := newLines(out, c.JSON)
	l.note("Starting, or finding, PostgreSQL, Prosody, Asterisk and queueapp ...")
	info, end, err := findOrStart(ctx, c.Own, stack.Options{Root: c.Root, Unlisted: c.Own && !c.Stay})
	if err != nil {
		return err
	}
	result, err := c.play(ctx, info, out, l)
	if err := errors.Join(err, end()); err != nil {
		return err
	}
	if result.Late() {
		return errors.New("a phone rang before its record was on the screen")
	}
	return nil
}

func (c *DemoCmd) play(ctx context.Context, info stack.Info, out io.Writer, l *lines) (*demo.Result, error) {
	queueapp, err := findQueueapp(info)
	if err != nil {
		return nil, err
	}
	options := demo.Options{Queueapp: queueapp, Say: func(line demo.Line) { sayLine(l, line) }}
	if c.Stay {
		options.Stay = ctx.Done()
		options.Handover = func(r *demo.Result) {
			_ = c.print(out, r) // a terminal that is gone is noticed at the end, too
			l.note("%s", handover(info, queueapp, r))
		}
	}
	result, err := demo.Run(ctx, info, options)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errors.New("interrupted")
	case err != nil:
		return nil, err
	case c.Stay:
		return result, nil
	}
	return result, c.print(out, result)
}

func (c *DemoCmd) print(out io.Writer, r *demo.Result) error {
	if !c.JSON {
		fmt.Fprintln(out)
		return r.Print(out)
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// sayLine prints a line of the story.
func sayLine(l *lines, line demo.Line) {
	switch line.Tone {
	case demo.Chapter:
		if l.json {
			l.say(line.At, plain, "", line.Text, line)
			return
		}
		l.note("\n%s", l.strong(line.Text))
	case demo.Screen:
		l.say(line.At, good, line.Who, line.Text, line)
	case demo.Ringing:
		l.say(line.At, warm, line.Who, line.Text, line)
	default:
		l.say(line.At, plain, line.Who, line.Text, line)
	}
}

// findQueueapp returns the path of the queueapp command: the one beside this program, or
// the one that the stack runs.
func findQueueapp(info stack.Info) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find queueapp: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), "queueapp")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", info.PIDs.Queueapp))
	if err != nil {
		return "", fmt.Errorf("find queueapp, neither beside %s nor running: %w", self, err)
	}
	return running, nil
}

// handover says what can be tried on the stack that stays up.
func handover(info stack.Info, queueapp string, r *demo.Result) string {
	id := "CALL"
	for _, c := range r.Calls {
		if c.ID != "" {
			id = c.ID
		}
	}
	softwaresim, err := os.Executable()
	if err != nil {
		softwaresim = "softwaresim"
	}
	var first stack.Extension
	if len(info.Extensions) > 0 {
		first = info.Extensions[0]
	}
	return strings.NewReplacer("{sip}", info.SIP, "{ivr}", info.Dial.IVR, "{logon}", info.Dial.Logon, "{logoff}", info.Dial.Logoff,
		"{ext}", first.Number, "{password}", first.Password, "{config}", info.Config, "{softwaresim}", softwaresim,
		"{queueapp}", queueapp, "{call}", id).Replace(`
It is all still up; agents 2000 and 3000 answer after 2 seconds. Ctrl-C ends it. In another terminal:

  export QUEUEAPP_CONFIG={config}

call            {softwaresim} call {ivr} --keys "wait 1s,1,wait 1s,1111#" --for 20s
                or any softphone on this machine, without an account: sip:{ivr}@{sip}
                1 and 1111# or 2222#: a customer; 2: extension 2000; nothing: extension 3000
watch           {softwaresim} crm 2000          the pop-ups on an agent's screen
                {queueapp} agents --watch       what each agent is doing; also queues, calls
be the agent    register a softphone at {sip} (UDP) as {ext} with the password {password},
                dial {logon} to log on and {logoff} to log off;
                or {softwaresim} phone {ext} --logon
who is next     {queueapp} route support        and why nobody else
what happened   {queueapp} journal {call}
your own        {queueapp} default-config > queueapp.toml
                {queueapp} default-config floorplan > floorplan.toml`)
}
