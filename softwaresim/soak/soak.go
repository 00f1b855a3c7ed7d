// Package soak has a crowd call for a long time on real servers, takes one of them away every few seconds, and finds
// afterwards, from outside, whether anything was lost.
package soak

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/bench"
	"ringside/softwaresim/crowd"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/stack"
)

// Options say how long, how much and how hard. Zero values stand for the defaults.
type Options struct {
	// For is how long callers come, or Calls how many, whichever is over first. 0 is no limit; one of them is needed.
	For   time.Duration
	Calls int
	// Rate is how many come each second, 5 by default.
	Rate float64
	// Agents is how many serve, by default one and a half for each caller of a second, 3 at least.
	Agents int
	// Seed repeats a run, as far as time does. 0 draws one.
	Seed uint64
	// Faults are what is done to the servers, by turns that chance draws. Nil does nothing.
	Faults []Fault
	// Every is the time from one fault to the next, 5 s by default. A server that is not back by then is waited for.
	Every time.Duration
	// Stack says where the servers come from. A soak has a stack of its own, as it ends parts of it.
	Stack stack.Options
	// Report is told how far it is, in short lines, from any goroutine. Nil ignores.
	Report func(line string)
}

func (o *Options) complete() error {
	if o.For <= 0 && o.Calls <= 0 {
		return errors.New("soak: say for how long, or how many are to call")
	}
	if o.Calls <= 0 {
		o.Calls = math.MaxInt
	}
	if o.Rate <= 0 {
		o.Rate = 5
	}
	if o.Agents <= 0 {
		o.Agents = int(math.Ceil(o.Rate * 1.5))
	}
	o.Agents = max(o.Agents, 3)
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	o.Stack.Agents = o.Agents - 3 // the sample floor has three
	for _, f := range o.Faults {
		if f.Link != "" && !slices.Contains(o.Stack.Links, f.Link) {
			o.Stack.Links = append(o.Stack.Links, f.Link)
		}
	}
	return nil
}

// Run soaks, and tells what came out. An error is that it could not be tried or judged; what does not hold is in the
// report.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	w := &world{Options: o}
	w.Stack.Report = w.told
	if w.stack, err = stack.Start(ctx, w.Stack); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close(context.WithoutCancel(ctx))) }()
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	r := &Report{Seed: o.Seed, Rate: o.Rate, Agents: o.Agents}
	r.Rest.Before, err = w.sample(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := w.run(ctx, r); err != nil {
		return nil, err
	}
	r.Took, r.Load, r.Processors = Duration(time.Since(begun)), bench.Load(), runtime.NumCPU()
	return r, w.judge(ctx, r)
}

// run lets the crowd call, with faults, samples and progress beside it.
func (w *world) run(ctx context.Context, r *Report) error {
	c := crowd.Crowd{UA: w.ua, Agents: w.phones, Dial: w.stack.Info().Dial, Seed: w.Seed, Calls: w.Calls, Rate: w.Rate, For: w.For,
		Command: w.command}
	calling, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	beside, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.trouble(beside); err != nil {
			giveUp(err)
		}
	})
	wg.Go(func() { w.look(beside) })
	calls, err := c.Run(calling)
	stop()
	wg.Wait()
	if context.Cause(calling) != nil {
		return context.Cause(calling)
	}
	if err != nil {
		w.odd(err.Error())
	}
	r.Calls, r.Faults, r.Samples = calls, w.tally(), len(w.samples)
	return nil
}

// look samples the process, tells progress, and takes in what the witness has seen.
func (w *world) look(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		w.witness.Look()
		if s, err := w.sample(ctx); err == nil { // else it is away for the moment
			w.samples = append(w.samples, s)
		}
		if n%15 == 0 {
			w.progress()
		}
	}
}

func (w *world) progress() {
	line := fmt.Sprintf("%d callers, %d rings, %d faults", w.witness.Callers(), w.witness.Rings(), len(w.faults()))
	if n := len(w.samples); n > 0 {
		s := w.samples[n-1]
		line += fmt.Sprintf("; queueapp: %.1f MB, %.0f goroutines", s.RSS/(1<<20), s.Goroutines)
	}
	w.Report(line)
}

// judge waits until nobody is left, and checks everything from outside.
func (w *world) judge(ctx context.Context, r *Report) error {
	w.Report("everybody has hung up; waiting for the floor to be empty")
	left, err := w.settle(ctx)
	if err != nil {
		return err
	}
	for _, what := range left {
		r.Findings = append(r.Findings, Finding{Finding: outside.Finding{Check: Left, What: what}})
	}
	if r.Rest.After, err = w.atRest(ctx, r.Rest.Before); err != nil {
		return err
	}
	info := w.stack.Info()
	c, err := outside.Read(ctx, w.tables, info.Floor, w.witness.Since)
	if err != nil {
		return err
	}
	c.Queue, c.Patience, c.Outages = info.Dial.Queue, crowd.Patience, w.outages
	v := w.witness.Judge(c)
	for _, f := range v.Findings {
		r.Findings = append(r.Findings, Finding{Finding: f})
	}
	if err := w.audit(ctx, r); err != nil {
		return err
	}
	for _, what := range w.deaths() {
		r.Findings = append(r.Findings, Finding{Finding: outside.Finding{Check: Alive, What: what}})
	}
	r.take(v)
	r.judgeMemory(w.samples)
	return w.explain(ctx, r)
}

// keptAlive is longer than queueapp keeps a connection to Asterisk that it does not use: each costs two goroutines.
const keptAlive = 15 * time.Second

// atRest is what queueapp uses when everybody has left, and the connections of the busy time are closed.
func (w *world) atRest(ctx context.Context, before Sample) (s Sample, err error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(keptAlive); ; {
		if s, err = w.sample(ctx); err != nil || !grows(before.Goroutines, s.Goroutines, neglected) || s.At.After(end) {
			return s, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s, context.Cause(ctx)
		}
	}
}

// audit asks the tables what they themselves refute.
func (w *world) audit(ctx context.Context, r *Report) error {
	found, err := w.tables.Audit(ctx, w.stack.Info().Floor, false)
	if err != nil {
		return err
	}
	slices.Sort(found)
	for _, what := range found {
		r.Findings = append(r.Findings, Finding{Finding: outside.Finding{Check: Tables, Call: callIn(what), What: what}})
	}
	return nil
}

// maxJournals is how many calls are told in full: more is no help to whoever must read them.
const maxJournals = 12

// explain adds the journal of each call that something was found of.
func (w *world) explain(ctx context.Context, r *Report) error {
	told := map[queueapp.CallID]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Call == "" || told[f.Call] || len(told) == maxJournals {
			continue
		}
		told[f.Call] = true
		out, err := w.queueapp(ctx, "journal", string(f.Call))
		if err != nil {
			out = strings.TrimSpace(out) + "\n" + err.Error()
		}
		if f.Evidence, err = w.evidence(ctx, f.Call); err != nil {
			return err
		}
		f.Journal = out
	}
	return nil
}
