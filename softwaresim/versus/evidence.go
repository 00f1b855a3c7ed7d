package versus

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"ringside/store"
)

// exact is how far apart times of Ringside's tables may be that it took at one moment.
const exact = 10 * time.Millisecond

// slow is what explains a ring that was wrong by the time of its INVITE.
const slow = "the machine was slow: by Ringside's own times it was right when it chose"

// second has what was found of a queue of Ringside's looked at again by its tables. They say when it chose, and when it heard
// of what happened; the phones only when the switch had done what it was asked for, and a machine with much else to do
// may take a second for that. What is wrong by these times too is Ringside's doing, and so is what nothing was late for.
func (c *contest) second(ctx context.Context, a *arena, v *Verdict) error {
	if len(v.found) == 0 {
		return nil
	}
	tables, err := store.Open(store.Config{Address: c.stack.Info().Postgres})
	if err != nil {
		return err
	}
	defer tables.Close()
	attempts, err := tables.Attempts(ctx, c.stack.Info().Floor, a.begun)
	if err != nil {
		return err
	}
	visits, err := tables.Visits(ctx, c.stack.Info().Floor, a.begun)
	if err != nil {
		return err
	}
	told := a.told(attempts, visits)
	own := judge(told, a.strategy, a.rules, exact)
	for i := range v.found {
		if f := &v.found[i]; f.why == "" && excused(*f, &a.log, told, own, c.Fuzz) {
			f.why = slow
		}
	}
	v.tally()
	return nil
}

// told is the log of a queue as Ringside's tables have it.
func (a *arena) told(attempts []store.Told, visits []store.Stay) *Log {
	l := &Log{Agents: a.log.Agents, Callers: make([]Stay, len(a.log.Callers)), Commands: a.log.Commands}
	since := func(t time.Time) time.Duration {
		if t.IsZero() {
			return forever
		}
		return t.Sub(a.begun)
	}
	for _, v := range visits {
		if n := a.caller(v.Number); n >= 0 {
			l.Callers[n] = Stay{since(v.Entered), since(v.Ended)}
		}
	}
	for _, t := range attempts {
		r := Ring{Caller: a.caller(t.Number), Agent: slices.Index(a.agents, string(t.Extension)), At: since(t.Offered), Down: since(t.Ended)}
		if r.Caller < 0 || r.Agent < 0 {
			continue
		}
		if !t.Connected.IsZero() {
			r.Up = since(t.Connected)
		} else if t.Reason == "busy" || t.Reason == "refused" {
			r.Refused = 486
		}
		l.Rings = append(l.Rings, r)
	}
	return l
}

// excused reports whether a finding is none by what was told, and something was late.
func excused(f finding, seen, told *Log, own Verdict, fuzz time.Duration) bool {
	if f.ring == noRing {
		return !slices.ContainsFunc(own.found, func(o finding) bool { return o.caller == f.caller && o.what == f.what })
	}
	r := seen.Rings[f.ring]
	n := attemptOf(r, told)
	if n < 0 || slices.ContainsFunc(own.found, func(o finding) bool { return o.ring == n }) {
		return false
	}
	return slices.ContainsFunc(seen.Rings, func(near Ring) bool {
		k := attemptOf(near, told)
		late := k >= 0 && max(near.At-told.Rings[k].At, told.Rings[k].Down-near.Down) > fuzz/2
		return late && near.At > r.At-2*ringLimit && near.At <= r.At
	})
}

// attemptOf finds what a ring was by what was told.
func attemptOf(r Ring, told *Log) (found int) {
	found = -1
	for i, t := range told.Rings {
		if t.Caller == r.Caller && t.Agent == r.Agent && t.At <= r.At {
			found = i
		}
	}
	return found
}

// explain adds the journal of a call to each of Ringside's deviations that nothing explains.
func (c *contest) explain(ctx context.Context, r *Report) (err error) {
	if r.OK() {
		return nil
	}
	info := c.stack.Info()
	tables, err := store.Open(store.Config{Address: info.Postgres})
	if err != nil {
		return err
	}
	defer tables.Close()
	attempts, err := tables.Attempts(ctx, info.Floor, time.Time{})
	if err != nil {
		return err
	}
	calls := map[string]string{} // by the caller's number
	for _, a := range attempts {
		calls[a.Number] = string(a.Attempt.Call)
	}
	for i, row := range r.Rows {
		for k, d := range row.Deviations {
			call := calls[c.arenas[i].number(d.caller)]
			if row.System != Ringside || d.Why != "" || call == "" {
				continue
			}
			if r.Rows[i].Deviations[k].Journal, err = c.journal(ctx, call); err != nil {
				return err
			}
		}
	}
	return nil
}

// journal is a call's, as `queueapp journal` prints it.
func (c *contest) journal(ctx context.Context, call string) (string, error) {
	program := c.Stack.Queueapp
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find queueapp: %w", err)
		}
		program = filepath.Join(filepath.Dir(self), "queueapp")
	}
	out, err := exec.CommandContext(ctx, program, "--config", c.stack.Info().Config, "journal", call).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("read the journal of call %s: %w: %s", call, err, out)
	}
	return string(out), nil
}
