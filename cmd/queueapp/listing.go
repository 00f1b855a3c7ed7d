package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
)

type (
	agentsCommand struct{ listing }
	queuesCommand struct{ listing }
	callsCommand  struct{ listing }
)

// Run lists the agents.
func (c *agentsCommand) Run(ctx context.Context, a *app) error {
	return list(ctx, a, c.listing, "/v1/agents", agentsTable)
}

// Run lists the queues.
func (c *queuesCommand) Run(ctx context.Context, a *app) error {
	return list(ctx, a, c.listing, "/v1/queues", queuesTable)
}

// Run lists the calls.
func (c *callsCommand) Run(ctx context.Context, a *app) error {
	return list(ctx, a, c.listing, "/v1/calls", callsTable)
}

// list prints one of the owner's listings, once or as long as it is watched.
func list[T any](ctx context.Context, a *app, l listing, path string, lay func(T) table) error {
	o, err := a.owner()
	if err != nil {
		return err
	}
	defer o.close()
	look := look[T]{owner: o, path: path, lay: lay}
	switch {
	case l.Watch && !l.JSON && isTerminal(a.stdout):
		return look.redraw(ctx, a)
	case l.Watch:
		return look.lines(ctx, a)
	}
	v, raw, err := look.take(ctx)
	if err != nil {
		return err
	}
	if l.JSON {
		a.printf("%s\n", strings.TrimSpace(string(raw)))
		return nil
	}
	a.printf("%s", lay(v).String(a.colours()))
	return nil
}

// look is a listing that can be taken again and again.
type look[T any] struct {
	owner *owner
	path  string
	lay   func(T) table
}

func (l look[T]) take(ctx context.Context) (v T, raw []byte, err error) {
	raw, err = l.owner.get(ctx, l.path, &v)
	return v, raw, err
}

// watchEvery is how often a watched listing is taken: people read no faster.
const watchEvery = time.Second

// each takes the listing until ctx ends, which is how watching is meant to end. What see returns ends it too.
func (l look[T]) each(ctx context.Context, see func(v T, raw []byte, err error) error) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		v, raw, err := l.take(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := see(v, raw, err); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// lines prints the listing as a line of JSON whenever it has changed in more than its time.
func (l look[T]) lines(ctx context.Context, a *app) error {
	var last map[string]json.RawMessage
	return l.each(ctx, func(_ T, raw []byte, err error) error {
		if err != nil {
			return err
		}
		var now map[string]json.RawMessage
		if err := json.Unmarshal(raw, &now); err != nil {
			return fmt.Errorf("read the answer of %s: %w", l.owner.at(), err)
		}
		delete(now, "at")
		if last != nil && maps.EqualFunc(last, now, func(x, y json.RawMessage) bool { return string(x) == string(y) }) {
			return nil
		}
		last = now
		_, err = fmt.Fprintf(a.stdout, "%s\n", strings.TrimSpace(string(raw)))
		return err
	})
}

// Control sequences of ECMA-48 that redraw a page in place.
const (
	pageBegin = "\x1b[2J\x1b[?7l\x1b[?25l" // clear; cut long lines off; hide the cursor
	pageEnd   = "\x1b[?7h\x1b[?25h"
	home      = "\x1b[H"
	lineRest  = "\x1b[K"
	pageRest  = "\x1b[J"
)

// redraw shows the listing in place. An owner that is away for a moment is waited for, and said to be.
func (l look[T]) redraw(ctx context.Context, a *app) error {
	a.printf(pageBegin)
	defer a.printf(pageEnd)
	var page string
	return l.each(ctx, func(v T, _ []byte, err error) error {
		if err == nil {
			page = l.lay(v).String(a.colours())
		}
		below := time.Now().Format(time.TimeOnly)
		if err != nil {
			below = "as it was: " + clean(err.Error(), 300)
		}
		text := page + "\n" + below + "\n"
		_, err = fmt.Fprint(a.stdout, home+strings.ReplaceAll(text, "\n", lineRest+"\n")+pageRest)
		return err
	})
}

func agentsTable(l api.Agents) table {
	t := table{head: []string{"AGENT", "NAME", "AT", "STATUS", "QUEUES", "LAST CALL", "CALL"}, empty: "the floor plan has no agents"}
	for _, v := range l.Agents {
		queues := make([]string, len(v.Queues))
		for i, q := range v.Queues {
			queues[i] = string(q)
			switch {
			case slices.Contains(v.Absent, q):
				queues[i] += " (off)"
			case slices.Contains(v.PausedFor, q):
				queues[i] += " (paused)"
			}
		}
		last := "never"
		if !v.LastCall.IsZero() {
			last = ago(v.LastCall, l.At) + " ago"
		}
		t.add(statusColour(v.Status), string(v.Agent), v.Name, string(v.Extension), agentStatus(v, l.At), strings.Join(queues, ", "), last, string(v.Call))
	}
	return t
}

// agentStatus is the status with what explains it: how long yet, or why.
func agentStatus(v queueapp.AgentView, now time.Time) string {
	s := string(v.Status)
	switch {
	case v.Status == queueapp.StatusPaused && v.Reason != "":
		s += " (" + clean(v.Reason, 40) + ")"
	case v.Until.After(now):
		s += " " + ago(now, v.Until)
	case v.Status == queueapp.StatusUnavailable && v.Device != "":
		s += " (" + clean(string(v.Device), 20) + ")"
	}
	return s
}

func statusColour(s queueapp.AgentStatus) colour {
	switch s {
	case queueapp.StatusFree:
		return green
	case queueapp.StatusOffered, queueapp.StatusRinging:
		return yellow
	case queueapp.StatusTalking:
		return cyan
	case queueapp.StatusUnavailable:
		return red
	case queueapp.StatusLoggedOff, queueapp.StatusPaused, queueapp.StatusEnding, queueapp.StatusWrapUp, queueapp.StatusDelayed:
	}
	return dim
}

func queuesTable(l api.Queues) table {
	t := table{head: []string{"QUEUE", "STRATEGY", "WAITING", "LONGEST", "EXPECTED", "TALKING", "LOGGED ON", "FREE"}, empty: "the floor plan has no queues"}
	for _, v := range l.Queues {
		longest, expected, colour := "-", "-", plain
		if v.Wait > 0 {
			expected = ago(l.At, l.At.Add(time.Duration(v.Wait*float64(time.Second))))
		}
		if !v.Longest.IsZero() {
			longest = ago(v.Longest, l.At)
		}
		switch {
		case v.Waiting > 0 && v.LoggedOn == 0:
			colour = red
		case v.Waiting > 0:
			colour = yellow
		}
		t.add(colour, string(v.Queue), string(v.Strategy), fmt.Sprint(v.Waiting), longest, expected, fmt.Sprint(v.Talking), fmt.Sprint(v.LoggedOn), fmt.Sprint(v.Free))
	}
	return t
}

func callsTable(l api.Calls) table {
	t := table{head: []string{"QUEUE", "POS", "STATE", "FOR", "EXPECTED", "AGENT", "CALLER", "CUSTOMER", "PRIO", "CALL"}, empty: "no calls"}
	for _, v := range l.Calls {
		pos, since, colour := "-", v.Entered, plain
		if v.Position > 0 {
			pos = fmt.Sprint(v.Position)
		}
		switch {
		case !v.Connected.IsZero():
			since, colour = v.Connected, cyan
		case v.Agent != "":
			colour = yellow
		}
		customer := ""
		if len(v.Customers) > 0 {
			customer = v.Customers[0].Name
		}
		t.add(colour, string(v.Queue), pos, callState(v), ago(since, l.At), expected(v), string(v.Agent),
			strings.TrimSpace(v.Caller.Number+" "+v.Caller.Name), customer, fmt.Sprint(v.Priority), string(v.Call))
	}
	return t
}

// callState is the state with how the recording stands, where there is one.
func callState(v api.Call) string {
	if v.Recording == nil || v.Recording.State == "off" {
		return v.State
	}
	return v.State + " (" + recordingWords(v.Recording) + ")"
}

// recordingWords says how a recording stands.
func recordingWords(r *api.Recording) string {
	switch {
	case r == nil:
		return "not recorded"
	case r.State == "recording":
		return "recorded"
	default:
		return "recording " + clean(r.State, 20)
	}
}

// expected is how long a caller was expected to wait when he entered.
func expected(v api.Call) string {
	if v.Expected.IsZero() {
		return "-"
	}
	return ago(v.Entered, v.Expected)
}

// ago is a length of time as people say it: 7s, 4m05s, 2h11m.
func ago(from, to time.Time) string {
	d := to.Sub(from).Round(time.Second)
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}
