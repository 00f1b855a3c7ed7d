package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"ringside/queueapp/failpoint"
	"ringside/softwaresim/outside"
)

// TestTheCrashMatrix ends queueapp between every two effects of a call's life, while other callers talk, are rung for and
// wait, one calls and one hangs up, and requires the row of DESIGN §4.2's table each time.
func TestTheCrashMatrix(t *testing.T) {
	m := newMatrix(t, newSiteFor(t, 4*time.Minute), "talking", "ringing", "waiting")
	for _, l := range append(lives(), recovery()) {
		for _, e := range l.ends {
			for _, point := range e.points {
				m.try(l, e, point, "kill", failpoint.Kill)
			}
		}
	}
	for _, l := range lives() {
		for _, e := range l.ends {
			m.try(l, e, e.points[0], "stop", failpoint.Terminate)
		}
	}
	m.complete()
	m.random(number(t, "RINGSIDE_CRASHES", 0))
	m.conclude()
}

// Calls are sent on from phone to phone, which needs one that is free.
func TestTheCrashMatrixOfTransfers(t *testing.T) {
	m := newMatrix(t, newSiteFor(t, 2*time.Minute), "talking", "waiting")
	for _, l := range transfers() {
		for _, e := range l.ends {
			for _, point := range e.points {
				m.try(l, e, point, "kill", failpoint.Kill)
			}
			m.try(l, e, e.points[0], "stop", failpoint.Terminate)
		}
	}
	m.conclude()
}

// A standby takes the floor over each time, and the one that died stands by.
func TestTheCrashMatrixWithAStandby(t *testing.T) {
	m := newMatrix(t, newLargeSiteFor(t, 3*time.Minute), "talking", "ringing", "waiting")
	for _, l := range lives() {
		for _, e := range l.ends {
			m.try(l, e, e.points[0], "standby", failpoint.Kill)
		}
	}
	m.conclude()
}

// matrix is the deaths so far.
type matrix struct {
	t     *testing.T
	c     *crash
	watch *outside.Witness
	begun time.Time
	lines []string
	outs  outside.Outages
	lost  int
	trace string
}

func newMatrix(t *testing.T, s *site, states ...string) *matrix {
	t.Helper()
	m := &matrix{t: t, c: newCrash(s, states...), begun: time.Now(), trace: filepath.Join(world.points, failpoint.Trace)}
	m.watch = s.watchFromOutside(screens(states)...)
	s.must(os.WriteFile(m.trace, nil, 0o600))
	t.Cleanup(func() { s.must(os.Remove(m.trace)) })
	return m
}

func (m *matrix) try(l life, e end, point, way, order string) {
	result, in := "failed", cell{life: l, end: e, point: point, order: order, who: newCaller(), since: time.Now()}
	m.t.Run(strings.Join([]string{l.name, point, way}, "/"), func(t *testing.T) {
		ctx, cancel := context.WithTimeout(m.c.ctx, 30*time.Second)
		t.Cleanup(cancel)
		site, crash := *m.c.site, *m.c
		site.t, site.ctx, crash.site = t, ctx, &site
		in.crash = &crash
		t.Cleanup(func() { m.lost += in.clear() })
		in.die()
		if !t.Failed() {
			result = "ok"
		}
	})
	m.outs = append(m.outs, in.out)
	m.lines = append(m.lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%v\n", l.name, point, way, e.row, result, in.out.To.Sub(in.out.From).Round(10*time.Millisecond)))
}

// random tries so many points more, in an order that RINGSIDE_SEED repeats.
func (m *matrix) random(times uint64) {
	m.t.Helper()
	if times == 0 {
		return
	}
	seed := number(m.t, "RINGSIDE_SEED", uint64(time.Now().UnixNano()))
	m.t.Logf("RINGSIDE_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	all := append(lives(), recovery())
	for range times {
		l := all[rng.IntN(len(all))]
		e := l.ends[rng.IntN(len(l.ends))]
		way, order := "kill", failpoint.Kill
		if rng.IntN(4) == 0 {
			way, order = "stop", failpoint.Terminate
		}
		m.try(l, e, e.points[rng.IntN(len(e.points))], way, order)
	}
}

// complete finds that queueapp passed no point at which it did not die.
func (m *matrix) complete() {
	m.t.Helper()
	tried := map[string]bool{}
	for _, l := range append(lives(), recovery()) {
		for _, e := range l.ends {
			for _, p := range e.points {
				tried[p] = true
			}
		}
	}
	passed, err := os.ReadFile(m.trace)
	m.c.must(err)
	var never []string
	for line := range strings.Lines(string(passed)) {
		if p := strings.TrimSpace(line); !tried[p] && !slices.Contains(never, p) {
			never = append(never, p)
		}
	}
	never = slices.DeleteFunc(never, func(p string) bool { return slices.Contains(beside(), p) })
	if len(never) > 0 {
		m.t.Errorf("queueapp never died at %q", never)
	}
}

// conclude prints the table, ends the calls of those who lived through it all, and has everything judged from outside.
func (m *matrix) conclude() {
	m.t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "a caller who\tqueueapp dies at\tby\trow\tresult\tready again after\n")
	for _, l := range m.lines {
		fmt.Fprint(w, l)
	}
	m.c.must(w.Flush())
	m.t.Logf("%d deaths in %v; callers lost: %d\n%s", len(m.lines), time.Since(m.begun).Round(time.Second), m.lost, b.String())
	for _, call := range m.c.stay {
		m.c.must(call.Hangup(m.c.ctx))
	}
	m.c.settled()
	seen, err := outside.Read(m.c.ctx, m.c.memory, m.c.stack.Info().Floor, m.watch.Since)
	m.c.must(err)
	seen.Outages = m.outs
	v := m.watch.Judge(seen)
	for _, f := range v.Findings {
		if f.Check != outside.Times { // which are the crowd's to find
			m.t.Errorf("%s: %s (call %s)", f.Check, f.What, f.Call)
		}
	}
	m.t.Logf("%d callers, %d visits, %d attempts, %d rings", v.Callers, v.Visits, v.Attempts, v.Rings)
}
