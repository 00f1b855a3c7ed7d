package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"ringside/queueapp/api"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// RecoveryOptions say how often each blow is dealt. Zero values stand for the defaults.
type RecoveryOptions struct {
	// Times is how often each is dealt, 20 by default.
	Times int
	// Stack says where the servers come from. A recovery has stacks of its own, as it ends parts of them.
	Stack stack.Options
	// Report is told how far it is, in short lines, from any goroutine. Nil ignores.
	Report func(line string)
}

// blow is one thing that calls must get over.
type blow struct {
	name string
	goal time.Duration // 0: none is set
	// strike deals it and returns when it has struck; mend repairs what does not mend itself and returns when it is done.
	strike, mend func(ctx context.Context, w *world) error
}

// Blow is how soon calls were given to agents again after one.
type Blow struct {
	Name   string   `json:"name"`
	Times  int      `json:"times"`
	Lost   int      `json:"lost"`
	Median Duration `json:"median_s"`
	Worst  Duration `json:"worst_s"`
	Goal   Duration `json:"goal_s,omitempty"`
}

// Recovery is what was measured: from each blow to the INVITE of a caller who waited, at the phone of an agent who hung
// up right after it.
type Recovery struct {
	Blows []Blow `json:"blows"`
}

// OK reports whether no caller was lost.
func (r *Recovery) OK() bool {
	return !slices.ContainsFunc(r.Blows, func(b Blow) bool { return b.Lost > 0 })
}

// Recover deals each blow many times over and measures.
func Recover(ctx context.Context, o RecoveryOptions) (*Recovery, error) {
	if o.Times <= 0 {
		o.Times = 20
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	r := &Recovery{}
	alone, pair := o.Stack, o.Stack
	alone.Links = []string{stack.Asterisk}
	pair.Standby = true
	if pair.Dir != "" {
		pair.Dir += "-standby"
	}
	for _, part := range []struct {
		stack stack.Options
		blows []blow
	}{{alone, blows()}, {pair, takeOvers()}} {
		if err := o.deal(ctx, r, part.stack, part.blows); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// deal measures some blows on a stack of their own.
func (o RecoveryOptions) deal(ctx context.Context, r *Recovery, so stack.Options, blows []blow) (err error) {
	w := &world{}
	if w.stack, err = stack.Start(ctx, so); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close(context.WithoutCancel(ctx))) }()
	if w.tables, err = store.Open(store.Config{Address: w.stack.Info().Postgres}); err != nil {
		return err
	}
	if err := w.staff(ctx, phone.AnswerAfter(0), w.stack.Info().Extensions[0]); err != nil {
		return err
	}
	for _, b := range blows {
		var times []time.Duration
		lost := 0
		for n := range o.Times {
			took, err := w.sustain(ctx, b)
			switch {
			case errors.Is(err, errLost):
				lost++
				o.Report(fmt.Sprintf("%s: %v", b.name, err))
			case err != nil:
				return fmt.Errorf("%s, the %d. time: %w", b.name, n+1, err)
			default:
				times = append(times, took)
			}
		}
		line := Blow{Name: b.name, Times: o.Times, Lost: lost, Goal: Duration(b.goal)}
		if slices.Sort(times); len(times) > 0 {
			line.Median, line.Worst = Duration(times[len(times)/2]), Duration(times[len(times)-1])
		}
		r.Blows = append(r.Blows, line)
		o.Report(line.String())
	}
	return nil
}

// errLost is a caller who was never given to the agent.
var errLost = errors.New("the caller was not given to the agent")

// dispatchLimit is how long a caller may take to be given to the agent before the call counts as lost.
const dispatchLimit = 30 * time.Second

// sustain deals a blow while one caller talks and another waits. Then the agent hangs up, and the other's ring is awaited.
func (w *world) sustain(ctx context.Context, b blow) (took time.Duration, err error) {
	rings, since := w.ua.Watch(), time.Now()
	defer rings.Close()
	talking, err := w.serve(ctx, rings, "5550001")
	if err != nil {
		return 0, err
	}
	waiting, err := w.ua.Caller(phone.Party{Name: "Waiting", Number: "5550002"}).Dial(ctx, w.stack.Info().Dial.Queue)
	if err != nil {
		return 0, err
	}
	if err := w.until(ctx, dispatchLimit, "a caller who waits", func() error {
		return errors.Join(w.holds(ctx, "talking", "waiting"), w.connected(ctx, since))
	}); err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := b.strike(ctx, w); err != nil {
		return 0, err
	}
	mended := make(chan error, 1)
	go func() { mended <- b.mend(ctx, w) }()
	err = talking.Hangup(ctx)
	if err == nil {
		took, err = w.rung(ctx, rings, waiting, begun)
	}
	err = errors.Join(err, <-mended, waiting.Hangup(ctx))
	return took, errors.Join(err, w.until(ctx, wellLimit, "all to be well again", func() error { return w.holds(ctx) }))
}

// serve has a caller talk with the agent, and gives the agent's side.
func (w *world) serve(ctx context.Context, rings *phone.Watch, number string) (*phone.Call, error) {
	if _, err := w.ua.Caller(phone.Party{Name: "Talking", Number: number}).Dial(ctx, w.stack.Info().Dial.Queue); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, dispatchLimit)
	defer cancel()
	e, err := rings.Next(bounded, phone.AckReceived)
	return e.Call, err
}

// rung waits for the ring of a caller, and for the answer.
func (w *world) rung(ctx context.Context, rings *phone.Watch, of *phone.Call, since time.Time) (time.Duration, error) {
	bounded, cancel := context.WithTimeout(ctx, dispatchLimit)
	defer cancel()
	for {
		e, err := rings.Next(bounded, phone.InviteReceived)
		if err != nil {
			return 0, fmt.Errorf("%w within %v of %s", errLost, dispatchLimit, outside.Clock(since))
		}
		if e.From.Number != of.From().Number {
			continue
		}
		if _, err := rings.Next(bounded, phone.AckReceived); err != nil {
			return 0, fmt.Errorf("%w: the phone rang, and got no ACK", errLost)
		}
		return e.At.Sub(since), nil
	}
}

// connected finds in the tables that one caller has been connected since then: a conversation of which nothing is written
// yet when its queueapp dies is one that never was, and its caller waits again.
func (w *world) connected(ctx context.Context, since time.Time) error {
	attempts, err := w.tables.Attempts(ctx, w.stack.Info().Floor, since)
	if err == nil && !slices.ContainsFunc(attempts, func(a store.Told) bool { return !a.Connected.IsZero() }) {
		err = errors.New("no conversation is in the tables")
	}
	return err
}

// holds finds all well, and calls in these states on the floor, in the order in which they came.
func (w *world) holds(ctx context.Context, states ...string) error {
	if err := w.well(ctx); err != nil {
		return err
	}
	var list api.Calls
	if _, err := w.queueappAPI(ctx, "GET", "/v1/calls", nil, &list); err != nil {
		return err
	}
	fits := slices.EqualFunc(list.Calls, states, func(c api.Call, s string) bool { return c.State == s })
	if !fits {
		return fmt.Errorf("the floor holds %+v, not %v", list.Calls, states)
	}
	return nil
}

// blows are those that a floor with one queueapp gets over.
func blows() []blow {
	return []blow{
		{"kill -9 of queueapp, started again", 2 * time.Second,
			func(_ context.Context, w *world) error { return w.stack.Signal(stack.Queueapp, syscall.SIGKILL) },
			func(context.Context, *world) error { return nil }},
		{"PostgreSQL restarted", 0, quit(stack.Postgres, syscall.SIGINT), again(stack.Postgres)},
		{"XMPP server restarted", 0, quit(stack.Prosody, syscall.SIGTERM), again(stack.Prosody)},
		{"Asterisk's websocket cut", 0,
			func(_ context.Context, w *world) error { w.stack.Link(stack.Asterisk).Cut(); return nil },
			func(_ context.Context, w *world) error { w.stack.Link(stack.Asterisk).Heal(); return nil }},
	}
}

// takeOvers are those in which a standby takes the floor over.
func takeOvers() []blow {
	return []blow{
		{"kill -9 of the owner, standby takes over", 2 * time.Second,
			func(_ context.Context, w *world) error { return w.stack.Signal(w.stack.Owner(), syscall.SIGKILL) },
			func(context.Context, *world) error { return nil }},
		{"owner frozen, standby takes over", 8 * time.Second,
			func(_ context.Context, w *world) error { return w.stack.Freeze(w.stack.Owner()) }, thawAfterTakeOver},
	}
}

// thawAfterTakeOver lets the former owner go on when another one owns the floor.
func thawAfterTakeOver(ctx context.Context, w *world) error {
	frozen, next := w.stack.Owner(), stack.Standby
	if frozen == stack.Standby {
		next = stack.Queueapp
	}
	bounded, cancel := context.WithTimeout(ctx, dispatchLimit)
	defer cancel()
	return errors.Join(w.stack.AwaitOwner(bounded, next), w.stack.Thaw(frozen))
}

// quit ends a server in order and returns when it is gone.
func quit(server string, sig syscall.Signal) func(context.Context, *world) error {
	return func(ctx context.Context, w *world) error {
		if err := w.stack.Signal(server, sig); err != nil {
			return err
		}
		return w.until(ctx, wellLimit, "the end of "+server, func() error {
			if err := w.stack.Signal(server, syscall.Signal(0)); !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("it is still there: %w", err)
			}
			return nil
		})
	}
}

func again(server string) func(context.Context, *world) error {
	return func(ctx context.Context, w *world) error { return w.stack.Restart(ctx, server) }
}

// String is the line for people.
func (b Blow) String() string {
	return fmt.Sprintf("%s: median %.2f s, worst %.2f s of %d", b.Name, time.Duration(b.Median).Seconds(), time.Duration(b.Worst).Seconds(), b.Times)
}

// Print writes the table for people.
func (r *Recovery) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "dispatching again after\ttimes\tmedian\tworst\tgoal\tlost\t")
	for _, b := range r.Blows {
		goal := "–"
		if b.Goal > 0 {
			goal = fmt.Sprintf("≤ %.0f s reached", time.Duration(b.Goal).Seconds())
			if b.Worst > b.Goal {
				goal = fmt.Sprintf("≤ %.0f s missed", time.Duration(b.Goal).Seconds())
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%.2f s\t%.2f s\t%s\t%d\t\n", b.Name, b.Times, time.Duration(b.Median).Seconds(), time.Duration(b.Worst).Seconds(), goal, b.Lost)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}
