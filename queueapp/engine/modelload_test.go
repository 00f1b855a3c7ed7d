package engine

import (
	"maps"
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/store/projection"
)

// load is what a new owner reads.
func (d *tables) load() Remembered {
	r := Remembered{
		Floor: "main", Version: d.version, Plan: d.plan, NextStep: d.nextStep, NextEntry: d.nextEntry, LastAt: d.lastAt,
		Seqs: map[queueapp.CallID]int64{}, Homes: map[queueapp.CallID]queueapp.SwitchName{},
	}
	d.loadAgents(&r)
	d.loadLeaving(&r)
	var inside []queueapp.CallID
	for _, c := range keysOf(d.visits) {
		v := d.openVisit(c)
		if v == nil {
			continue
		}
		rv := queueapp.RestoreVisit{Enter: v.Enter, Entered: v.At, Deadline: v.Deadline}
		rv.Timeout = v.Deadline.Sub(v.At)
		for id := range d.attempts {
			if id.Call == c {
				rv.Attempts = max(rv.Attempts, id.N)
				if a := d.attempts[id]; a.From == 0 && a.By == queueapp.ByTransfer && !a.Offered.Before(v.At) {
					rv.Answered = a.Agent
				}
			}
		}
		r.Visits, inside = append(r.Visits, rv), append(inside, c)
	}
	for _, a := range d.attempts {
		if a.Ended.IsZero() {
			r.Homes[a.ID.Call] = "main"
			r.Attempts = append(r.Attempts, queueapp.RestoreAttempt{
				Attempt: a.ID, Agent: a.Agent, Extension: a.Extension, State: stateOf(a), Offered: a.Offered, Rang: a.Rang,
				Answered: a.Answered, Connected: a.Connected, From: a.From, Channel: d.legs[a.ID], Pulled: a.Pulled,
			})
		}
	}
	slices.SortFunc(r.Attempts, func(a, b queueapp.RestoreAttempt) int {
		if c := a.Offered.Compare(b.Offered); c != 0 {
			return c
		}
		return int(len(a.Attempt.Call)-len(b.Attempt.Call)) + a.Attempt.N - b.Attempt.N
	})
	d.loadOutbox(&r)
	d.rows = projection.New(inside...)
	return r
}

// loadLeaving reads which visits ended last whose callers were to be sent on.
func (d *tables) loadLeaving(r *Remembered) {
	for _, l := range d.leaves {
		if all := d.visits[l.Call]; len(all) > 0 && l.at.After(d.lastAt.Add(-30*time.Second)) {
			r.Leaving = append(r.Leaving, Leaving{Leave: l.Leave, Switch: "main", Channel: all[0].Channel})
		}
	}
}

func (d *tables) loadAgents(r *Remembered) {
	known := map[queueapp.AgentID]bool{}
	for _, m := range []map[queueapp.AgentID]bool{in(d.sessions), in(d.pauses), in(d.wraps), in(d.misses)} {
		maps.Copy(known, m)
	}
	for _, a := range keysOf(known) {
		reason, paused := d.pauses[a]
		r.Agents = append(r.Agents, queueapp.RestoreAgent{
			Agent: a, Extension: d.sessions[a], Paused: paused, Reason: reason, LastCall: d.wraps[a].Last,
			WrapUntil: d.wraps[a].Until, NoAnswers: d.misses[a],
		})
	}
}

func in[K comparable, V any](m map[K]V) map[K]bool {
	out := map[K]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

func (d *tables) loadOutbox(r *Remembered) {
	keys := slices.Collect(maps.Keys(d.outbox))
	slices.SortFunc(keys, func(a, b RecordKey) int {
		if c := d.outbox[a].At.Compare(d.outbox[b].At); c != 0 {
			return c
		}
		return int(a.Seq - b.Seq)
	})
	for _, k := range keys {
		r.Seqs[k.Call] = max(r.Seqs[k.Call], k.Seq)
		if d.unsent[k] {
			out := *d.outbox[k]
			r.Unsent = append(r.Unsent, out)
		}
	}
}

// stateOf is the view attempt_report.
func stateOf(a *projection.Attempt) queueapp.AttemptState {
	switch {
	case !a.Closed.IsZero():
		return queueapp.AttemptEnding
	case !a.Connected.IsZero():
		return queueapp.AttemptConnected
	case a.From != 0:
		return queueapp.AttemptHanded
	case !a.Answered.IsZero():
		return queueapp.AttemptUp
	case !a.Rang.IsZero():
		return queueapp.AttemptRinging
	}
	return queueapp.AttemptCommitted
}
