package versus

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Verdict is what came out for one queue.
type Verdict struct {
	// Offers is how many rings there were, Choices how many of them while more than one agent was free for certain.
	Offers  int `json:"offers"`
	Choices int `json:"choices"`
	// Right are those that the documentation asks for, Either those where it depends on what happened just before, and
	// Wrong those that it does not allow.
	Right  int `json:"right"`
	Either int `json:"either"`
	Wrong  int `json:"wrong"`
	// Deviations are those, by what they are; also callers who hung up although agents were free.
	Deviations []Deviation `json:"deviations"`

	found []finding
	late  []time.Duration
}

// finding is one deviation.
type finding struct {
	ring           int // noRing: of a caller who hung up
	caller         int
	what, why, how string
}

// Deviation is one kind of what the documentation does not ask for.
type Deviation struct {
	What string `json:"what"`
	// Why explains it, where something does.
	Why     string `json:"why,omitempty"`
	Count   int    `json:"count"`
	Example string `json:"example"`
	// Journal is what Ringside's journal has of the example's call, where nothing explains it.
	Journal string `json:"journal,omitempty"`

	caller int // of the example
}

// tally makes the deviations of what was found.
func (v *Verdict) tally() {
	v.Deviations = nil
	for _, f := range v.found {
		i := slices.IndexFunc(v.Deviations, func(d Deviation) bool { return d.What == f.what && d.Why == f.why })
		if i < 0 {
			i = len(v.Deviations)
			v.Deviations = append(v.Deviations, Deviation{What: f.what, Why: f.why, Example: f.how, caller: f.caller})
		}
		v.Deviations[i].Count++
	}
	slices.SortStableFunc(v.Deviations, func(a, b Deviation) int { return cmp.Compare(b.Count, a.Count) })
}

// unexplained counts what nothing explains.
func (v *Verdict) unexplained() (n int) {
	for _, d := range v.Deviations {
		if d.Why == "" {
			n += d.Count
		}
	}
	return n
}

// Row is one queue of one system.
type Row struct {
	Strategy Strategy `json:"strategy"`
	System   string   `json:"system"`
	Callers  int      `json:"callers"`
	Answered int      `json:"answered"`
	Verdict
	// LateP50 and LateMax are for how long, in milliseconds, caller and agent had been waiting side by side at the INVITE.
	LateP50 float64 `json:"late_p50_ms"`
	LateMax float64 `json:"late_max_ms"`
	// Log is what was seen, kept only where it is asked for.
	Log *Log `json:"log,omitempty"`
}

// Report is what a comparison found.
type Report struct {
	Seed   uint64        `json:"seed"`
	Calls  int           `json:"calls"`
	Agents int           `json:"agents"`
	Took   time.Duration `json:"-"`
	// Processors of this machine, and how many processes waited for one at the end: a busy machine decides later.
	Processors int     `json:"processors"`
	Load       float64 `json:"load"`
	Rows       []Row   `json:"rows"`
}

// OK reports whether Ringside did nothing that its documentation does not explain.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.System == Ringside && row.unexplained() > 0 })
}

// row makes a queue's row of what was seen of it.
func row(s Strategy, system string, l *Log, rules Rules, fuzz time.Duration) Row {
	out := Row{Strategy: s, System: system, Verdict: judge(l, s, rules, fuzz), Log: l}
	for _, c := range l.Callers {
		if c.In > 0 {
			out.Callers++
		}
	}
	for _, r := range l.Rings {
		if r.talked() {
			out.Answered++
		}
	}
	if n := len(out.late); n > 0 {
		out.LateP50, out.LateMax = milliseconds(out.late[n/2]), milliseconds(out.late[n-1])
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "strategy\tsystem\tcallers\tanswered\toffers\twith a choice\tright\teither\tdeviating\tlate p50\tmax\t")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f ms\t%.0f ms\t\n", row.Strategy, row.System, row.Callers, row.Answered,
			row.Offers, row.Choices, row.Right, row.Either, row.Wrong, row.LateP50, row.LateMax)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	for _, row := range r.Rows {
		for _, d := range row.Deviations {
			reason := "not explained"
			if d.Why != "" {
				reason = "explained: " + d.Why
			}
			fmt.Fprintf(out, "\n%s, %s: %s, %d times (%s)\n  %s\n", row.System, row.Strategy, d.What, d.Count, reason, d.Example)
			for line := range strings.Lines(d.Journal) {
				fmt.Fprint(out, "    ", line)
			}
		}
	}
	verdict := "Ringside did what its documentation says"
	if !r.OK() {
		verdict = "Ringside deviates from its documentation"
	}
	_, err := fmt.Fprintf(out, "\n%s. Seed %d, %d calls to each queue, %d agents each, %s; load %.1f on %d processors\n", verdict, r.Seed, r.Calls,
		r.Agents, r.Took.Round(time.Second), r.Load, r.Processors)
	return err
}

// MarshalJSON adds what is computed.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return json.Marshal(struct {
		*plain
		OK      bool    `json:"ok"`
		Seconds float64 `json:"seconds"`
	}{(*plain)(r), r.OK(), r.Took.Seconds()})
}
