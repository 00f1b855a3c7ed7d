// Package bench measures a running stack from outside, by its phones: how soon the
// next agent's phone gets its INVITE through Ringside, and through Asterisk's own
// Queue() with the same agents and settings, in turns within one run.
//
// All times are taken by one clock in one process: a message sent just before it is
// handed to the kernel, a message received as the kernel stamped it. What is compared
// is therefore the switch and the queue, not the phones.
package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"ringside/softwaresim/stack"
)

// Options say how much to measure. Zero values stand for the defaults.
type Options struct {
	// Calls is how many calls each way each row of a call's begin takes. Defaults to 200.
	Calls int
	// Hangups is how many each way the second row takes. Defaults to 40.
	Hangups int
	// Agents are the extensions that take the calls, all of the sample floor if empty.
	Agents []string
	// Report is told how far it is, in short lines. Nil ignores.
	Report func(line string)
}

func (o *Options) complete(info stack.Info) {
	if o.Calls <= 0 {
		o.Calls = 200
	}
	if o.Hangups <= 0 {
		o.Hangups = 40
	}
	if len(o.Agents) == 0 {
		for _, x := range info.Extensions[:min(3, len(info.Extensions))] {
			o.Agents = append(o.Agents, x.Number)
		}
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
}

// way is a number to call, and what answers it.
type way struct {
	name   string
	number string
}

// row is one thing to measure. Rows are independent of each other: a new one is a new
// entry in rows.
type row struct {
	key  string
	what string
	// goal is what the ratio should be at most.
	goal float64
	// samples each way, taken in blocks that alternate between the ways, after a few
	// that warm up and do not count.
	warm, samples, block int
	// take measures n samples one way. Those that failed are not among them.
	take func(ctx context.Context, f *floor, w way, n int) ([]time.Duration, error)
}

func rows(o Options) []row {
	return []row{
		{
			key:     "enter",
			what:    "caller's INVITE sent, an agent free → agent's INVITE",
			goal:    2.5,
			warm:    3,
			samples: o.Calls, block: 20, take: enter,
		},
		{
			key:     "next",
			what:    "agent's BYE sent, callers waiting → next INVITE",
			goal:    1.0 / 50,
			warm:    1,
			samples: o.Hangups, block: 5, take: next,
		},
		{
			key:     "enter-idle",
			what:    "the first row again, after 50 ms without a call",
			goal:    2.5,
			warm:    3,
			samples: o.Calls, block: 20, take: enterIdle,
		},
	}
}

// Run measures all rows on the stack and returns what came out. The agents' phones
// are this process's: none of their extensions may be registered elsewhere.
func Run(ctx context.Context, info stack.Info, o Options) (report *Report, err error) {
	o.complete(info)
	before, err := scrape(ctx, info)
	if err != nil {
		return nil, err
	}
	f, err := openFloor(ctx, info, o.Agents)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close(ctx)) }()
	ringside, twin := way{"Ringside", info.Dial.Queue}, way{"Queue()", info.Dial.Twin}
	report = &Report{Agents: len(o.Agents), Processors: runtime.NumCPU(), Load: load()}
	for _, r := range rows(o) {
		line, err := r.measure(ctx, f, ringside, twin, o.Report)
		if err != nil {
			return nil, err
		}
		report.Rows = append(report.Rows, line)
	}
	after, err := scrape(ctx, info)
	if err != nil {
		return nil, err
	}
	report.Commit = after.since(before, "queueapp_commit_seconds").summary()
	report.Publish = after.since(before, "queueapp_publish_seconds").summary()
	return report, nil
}

// measure takes the row's samples, in blocks both ways by turns. Which way goes first
// is drawn for each pair of blocks.
func (r row) measure(ctx context.Context, f *floor, a, b way, report func(string)) (Row, error) {
	for _, w := range []way{a, b} {
		if _, err := r.take(ctx, f, w, r.warm); err != nil {
			return Row{}, fmt.Errorf("warm up for %s through %s: %w", r.key, w.name, err)
		}
	}
	taken := map[string][]time.Duration{}
	tried := 0
	for tried < r.samples {
		n := min(r.block, r.samples-tried)
		first, second := a, b
		if rand.IntN(2) == 0 {
			first, second = b, a
		}
		for _, w := range []way{first, second} {
			times, err := r.take(ctx, f, w, n)
			if err != nil {
				return Row{}, fmt.Errorf("measure %s through %s: %w", r.key, w.name, err)
			}
			taken[w.name] = append(taken[w.name], times...)
		}
		tried += n
		report(fmt.Sprintf("%s: %d of %d", r.key, tried, r.samples))
	}
	line := Row{Key: r.key, What: r.what, Goal: r.goal,
		Ringside: summarise(taken[a.name], tried), Queue: summarise(taken[b.name], tried)}
	if line.Queue.P50 > 0 {
		line.Ratio = float64(line.Ringside.P50) / float64(line.Queue.P50)
	}
	return line, nil
}
