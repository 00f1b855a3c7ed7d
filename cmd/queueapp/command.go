package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
)

// agentCommand is `agent N logon|logoff|pause|ready|wrapup`.
type agentCommand struct {
	Number struct {
		Number string      `arg:"" help:"The agent's number."`
		Logon  agentLogon  `cmd:"" help:"Log the agent on."`
		Logoff agentLogoff `cmd:"" help:"Log the agent off."`
		Pause  agentPause  `cmd:"" help:"Give the agent no calls until ready."`
		Ready  agentReady  `cmd:"" help:"End the agent's pause or wrap-up."`
		Wrapup agentWrapup `cmd:"" help:"Have the agent's wrap-up last for so long from now on."`
	} `arg:""`
}

// oneQueue is a flag of commands that are about all of an agent's queues, or about one.
type oneQueue struct {
	Queue string `short:"q" placeholder:"NAME" help:"For this queue alone."`
}

type agentLogon struct {
	oneQueue
	Extension string `short:"e" placeholder:"NUMBER" help:"Where the agent sits. Default: what the floor plan says, or the extension of the same number."`
}

type agentPause struct {
	oneQueue
	Reason string `short:"r" placeholder:"TEXT" help:"Why, for those who read the listings."`
}

type (
	agentLogoff struct{ oneQueue }
	agentReady  struct{ oneQueue }
)

type agentWrapup struct {
	For time.Duration `arg:"" help:"How long from now on, as 90s."`
}

// body is a command's body: what of these was said.
func body(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}

// Run logs the agent on.
func (c *agentLogon) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.tellAgent(ctx, cli, "logon", body("extension", c.Extension, "queue", c.Queue))
}

// Run logs the agent off.
func (c *agentLogoff) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.tellAgent(ctx, cli, "logoff", body("queue", c.Queue))
}

// Run pauses the agent.
func (c *agentPause) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.tellAgent(ctx, cli, "pause", body("reason", c.Reason, "queue", c.Queue))
}

// Run makes the agent ready.
func (c *agentReady) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.tellAgent(ctx, cli, "ready", body("queue", c.Queue))
}

// Run extends the agent's wrap-up, or cuts it short.
func (c *agentWrapup) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.tellAgent(ctx, cli, "wrapup", map[string]float64{"seconds": c.For.Seconds()})
}

// tellAgent gives the command and says how the agent stands then.
func (a *app) tellAgent(ctx context.Context, cli *grammar, command string, body any) error {
	o, err := a.owner()
	if err != nil {
		return err
	}
	defer o.close()
	number := cli.Agent.Number.Number
	var v queueapp.AgentView
	if err := o.post(ctx, "/v1/agents/"+url.PathEscape(number)+"/"+command, body, &v); err != nil {
		return fmt.Errorf("agent %s: %w", number, err)
	}
	at := ""
	if v.Extension != "" {
		at = " at extension " + clean(string(v.Extension), 20)
	}
	a.printf("agent %s%s: %s\n", clean(number, 20), at, agentStatus(v, time.Now()))
	return nil
}

// callCommand is `call ID show|priority|move|pull|record|withdraw|hangup`.
type callCommand struct {
	ID struct {
		ID       string       `arg:"" help:"The call's id, or the begin of it where no other call begins so."`
		Show     callShow     `cmd:"" help:"Show the call."`
		Priority callPriority `cmd:"" help:"Change a waiting caller's priority."`
		Move     callMove     `cmd:"" help:"Send a waiting caller to another queue, where he keeps his place."`
		Pull     callPull     `cmd:"" help:"Give a waiting caller to an extension, whoever sits there, or nobody."`
		Record   callRecord   `cmd:"" help:"Start, pause, resume or stop the recording of the conversation."`
		Withdraw callWithdraw `cmd:"" help:"Take the caller out of the queue and on in the dialplan."`
		Hangup   callHangup   `cmd:"" help:"Hang the caller up."`
	} `arg:""`
}

type callShow struct {
	JSON bool `help:"Print JSON."`
}

type callPriority struct {
	Priority int32 `arg:"" help:"Higher is served first."`
}

type callMove struct {
	Queue string `arg:"" help:"The queue's name in the floor plan."`
}

type callPull struct {
	Extension string `arg:"" help:"The extension's number in the floor plan."`
}

type callRecord struct {
	Do string `arg:"" enum:"start,pause,resume,stop" help:"One of start, pause, resume and stop."`
}

type (
	callWithdraw struct{}
	callHangup   struct{}
)

// Run shows the call.
func (c *callShow) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.withCall(ctx, cli, func(o *owner, id string) error {
		var v api.Call
		raw, err := o.get(ctx, callPath(id, ""), &v)
		switch {
		case err != nil:
			return err
		case c.JSON:
			a.printf("%s\n", strings.TrimSpace(string(raw)))
		default:
			a.showCall(v, time.Now())
		}
		return nil
	})
}

// Run changes the priority.
func (c *callPriority) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.withCall(ctx, cli, func(o *owner, id string) error {
		var v api.Call
		if err := o.post(ctx, callPath(id, "/priority"), map[string]int32{"priority": c.Priority}, &v); err != nil {
			return err
		}
		a.printf("call %s: priority %d, position %d\n", clean(string(v.Call), 60), v.Priority, v.Position)
		return nil
	})
}

// Run moves the caller.
func (c *callMove) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.endCall(ctx, cli, "/move", map[string]string{"queue": c.Queue}, "moved to "+c.Queue)
}

// Run pulls the caller.
func (c *callPull) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.withCall(ctx, cli, func(o *owner, id string) error {
		var v api.Call
		if err := o.post(ctx, callPath(id, "/pull"), map[string]string{"extension": c.Extension}, &v); err != nil {
			return err
		}
		at := "nobody is logged on there"
		if v.Agent != "" {
			at = "agent " + clean(string(v.Agent), 20)
		}
		a.printf("call %s: %s at extension %s, %s\n", clean(id, 60), clean(v.State, 20), clean(string(v.Extension), 20), at)
		return nil
	})
}

// Run does something about the recording.
func (c *callRecord) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.withCall(ctx, cli, func(o *owner, id string) error {
		var v api.Call
		if err := o.post(ctx, callPath(id, "/record"), map[string]string{"do": c.Do}, &v); err != nil {
			return err
		}
		a.printf("call %s: %s\n", clean(id, 60), recordingWords(v.Recording))
		return nil
	})
}

// Run withdraws the caller.
func (c *callWithdraw) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.endCall(ctx, cli, "/withdraw", nil, "withdrawn; the call goes on in the dialplan")
}

// Run hangs the caller up.
func (c *callHangup) Run(ctx context.Context, a *app, cli *grammar) error {
	return a.endCall(ctx, cli, "/hangup", nil, "hung up")
}

func (a *app) endCall(ctx context.Context, cli *grammar, command string, body any, done string) error {
	return a.withCall(ctx, cli, func(o *owner, id string) error {
		if err := o.post(ctx, callPath(id, command), body, nil); err != nil {
			return err
		}
		a.printf("call %s: %s\n", clean(id, 60), clean(done, 80))
		return nil
	})
}

func callPath(id, command string) string { return "/v1/calls/" + url.PathEscape(id) + command }

// withCall finds the call that was meant and does f with it.
func (a *app) withCall(ctx context.Context, cli *grammar, f func(o *owner, id string) error) error {
	o, err := a.owner()
	if err != nil {
		return err
	}
	defer o.close()
	var list api.Calls
	if _, err := o.get(ctx, "/v1/calls", &list); err != nil {
		return err
	}
	id, err := whichCall(cli.Call.ID.ID, callIDs(list))
	if err != nil {
		return err
	}
	if err := f(o, id); err != nil {
		return fmt.Errorf("call %s: %w", id, err)
	}
	return nil
}

func callIDs(list api.Calls) []string {
	ids := make([]string, len(list.Calls))
	for i, c := range list.Calls {
		ids[i] = string(c.Call)
	}
	return ids
}

// whichCall is the one of ids that given names or begins. What begins none is handed on as it is: a call that is still in
// its menu is in no listing, and yet can be hung up.
func whichCall(given string, ids []string) (string, error) {
	var found []string
	for _, id := range ids {
		if id == given {
			return id, nil
		}
		if strings.HasPrefix(id, given) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return given, nil
	case 1:
		return found[0], nil
	default:
		return "", fmt.Errorf("call %s: %d calls begin so, such as %s and %s: write more of the id", given, len(found), found[0], found[1])
	}
}

// showCall prints all that is known of a call, a line each.
func (a *app) showCall(c api.Call, now time.Time) {
	line := func(name, text string) {
		if text != "" {
			a.printf("%-10s %s\n", name, clean(text, 300))
		}
	}
	line("call", string(c.Call))
	line("state", c.State)
	line("queue", fmt.Sprintf("%s, entry %d, priority %d", c.Queue, c.Entry, c.Priority))
	line("entered", ago(c.Entered, now)+" ago")
	line("deadline", "in "+ago(now, c.Deadline))
	line("agent", strings.TrimSuffix(fmt.Sprintf("%s at %s", c.Agent, c.Extension), " at "))
	if !c.Connected.IsZero() {
		line("talking", ago(c.Connected, now))
	}
	if c.Recording != nil {
		line("recording", c.Recording.State+", "+c.Recording.Name)
	}
	line("caller", strings.TrimSpace(c.Caller.Number+" "+c.Caller.Name))
	line("dialled", c.Caller.Dialled)
	for _, x := range c.Customers {
		line("customer", strings.Join(strings.Fields(x.Name+" "+x.URL), " "))
		for _, d := range x.Data {
			line("  "+clean(d.Key, 30), d.Value)
		}
	}
	line("channel", string(c.Channel)+" on "+string(c.Switch))
}

// routeCommand is `route QUEUE`.
type routeCommand struct {
	Queue string `arg:"" help:"The queue's name in the floor plan."`
	listing
}

// Run shows who would get the queue's next call, and why each other member would not.
func (c *routeCommand) Run(ctx context.Context, a *app) error {
	return list(ctx, a, c.listing, "/v1/queues/"+url.PathEscape(c.Queue)+"/route", routeTable)
}

func routeTable(r api.Route) table {
	t := table{head: []string{"", "AGENT", "WHY"}, empty: "the queue has no members"}
	for _, c := range r.Candidates {
		rank, colour := "-", dim
		if c.Eligible {
			rank, colour = fmt.Sprint(c.Rank), plain
		}
		if c.Rank == 1 {
			colour = green
		}
		t.add(colour, rank, string(c.Agent), c.Why)
	}
	return t
}
