package hour

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what came out of an hour.
type Report struct {
	Seed   uint64  `json:"seed"`
	Calls  int     `json:"calls"`
	Rate   float64 `json:"rate"`
	Agents int     `json:"agents"`
	Took   float64 `json:"took"` // seconds
	// Ends are the calls by how they ended, as the queue_log has it, and InVain the rings in vain.
	Ends   map[string]int `json:"ends"`
	InVain map[string]int `json:"in_vain"`
	// Holds is how often callers were on hold, and OnHold how many calls ended so.
	Holds  int `json:"holds"`
	OnHold int `json:"ended_on_hold"`
	// Crossed are rings that crossed the caller's leaving, so that the phones alone cannot say how they ended.
	Crossed int `json:"crossed"`
	// Widest is the greatest deviation of all times, in seconds, and WidestOf says of which.
	Widest   float64 `json:"widest"`
	WidestOf string  `json:"widest_of"`
	// Differences say what the queue_log and the phones tell otherwise, in words.
	Differences []string `json:"differences"`
}

func report(o Options, took time.Duration, log []*told, phones []*seen, wrong []string) *Report {
	c := compare(log, phones)
	r := &Report{Seed: o.Seed, Calls: len(phones), Rate: o.Rate, Agents: o.Agents, Took: took.Seconds(), Ends: map[string]int{},
		InVain: map[string]int{}, Crossed: c.crossed, Widest: c.widest.Seconds(), WidestOf: c.widestOf,
		Differences: append(wrong, c.differences...)}
	for _, t := range log {
		r.Ends[t.end]++
		r.Holds += len(t.holds)
		if n := len(t.holds); n > 0 && t.holds[n-1].to.Equal(t.ended) {
			r.OnHold++
		}
		for _, v := range t.vain {
			r.InVain[v.event]++
		}
	}
	return r
}

// OK reports whether the queue_log tells what the phones saw.
func (r *Report) OK() bool { return len(r.Differences) == 0 }

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%d calls in %.0f s, %.3g each second, %d agents; seed %d\n", r.Calls, r.Took, r.Rate, r.Agents, r.Seed)
	fmt.Fprintf(out, "by the queue_log: %s\n", counts(r.Ends))
	fmt.Fprintf(out, "rings in vain: %s; %d crossed the caller's leaving\n", counts(r.InVain), r.Crossed)
	fmt.Fprintf(out, "holds: %d, of which %d lasted to the end\n", r.Holds, r.OnHold)
	fmt.Fprintf(out, "farthest apart: %.3f s (%s)\n", r.Widest, r.WidestOf)
	for _, d := range r.Differences {
		fmt.Fprintf(out, "  %s\n", d)
	}
	_, err := fmt.Fprintf(out, "%d differences between the queue_log and the phones\n", len(r.Differences))
	if err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

func counts(of map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", what, of[what]))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
