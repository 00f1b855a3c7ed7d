package soak

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/outside"
)

// The checks beside those of package outside.
const (
	// Left: no channel, bridge, call at a phone, open row, unsent record or open pop-up is left.
	Left outside.Check = "nothing is left over"
	// Tables: the tables do not contradict the invariants.
	Tables outside.Check = "no contradiction in the tables"
	// Alive: no server ended but by a fault, queueapp did not panic and was well again soon, and no phone was left waiting.
	Alive outside.Check = "nobody died or hung by himself"
	// Memory: what queueapp uses does not grow.
	Memory outside.Check = "memory and goroutines flat"
)

// Duration is a time that JSON shows in seconds.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).Seconds()) }

// Finding is one case in which something does not hold, with what the journal has of its call.
type Finding struct {
	outside.Finding
	Journal string `json:"journal,omitempty"`
	// Evidence is what else happened then: faults, and what the CRMs were shown.
	Evidence string `json:"evidence,omitempty"`
}

// Line is one check of the report.
type Line struct {
	Check  outside.Check `json:"check"`
	Cases  int           `json:"cases,omitempty"`
	Broken int           `json:"broken"`
	// Excused is how often something did not hold while a server was away that may not hold then.
	Excused int    `json:"excused,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Tally is how often a fault was inflicted, and how long until all was well again.
type Tally struct {
	Name   string   `json:"name"`
	Times  int      `json:"times"`
	Median Duration `json:"well_again_median_s"`
	Worst  Duration `json:"well_again_worst_s"`
}

// Report is what came of a soak.
type Report struct {
	Seed uint64   `json:"seed"`
	Took Duration `json:"took_s"`
	Rate float64  `json:"rate"`
	// Load is how many processes waited for one of the machine's processors when the run ended, over the last minute.
	Load       float64                  `json:"load"`
	Processors int                      `json:"processors"`
	Agents     int                      `json:"agents"`
	Calls      int                      `json:"calls"`
	Visits     int                      `json:"visits"`
	Attempts   int                      `json:"attempts"`
	Rings      int                      `json:"rings"`
	Outcomes   map[queueapp.Outcome]int `json:"outcomes"`
	Samples    int                      `json:"samples"`
	Faults     []Tally                  `json:"faults,omitempty"`
	Lines      []Line                   `json:"checks"`
	// Rest is what queueapp used before the first call and after the last.
	Rest     struct{ Before, After Sample } `json:"rest"`
	Spreads  []string                       `json:"spreads"`
	Findings []Finding                      `json:"findings"`
}

// OK reports whether everything holds.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// take puts a verdict from outside into the report.
func (r *Report) take(v *outside.Verdict) {
	r.Visits, r.Attempts, r.Rings, r.Outcomes = v.Visits, v.Attempts, v.Rings, v.Outcomes
	for _, c := range append(outside.Checks(), Left, Tables, Alive) {
		r.Lines = append(r.Lines, Line{Check: c, Cases: v.Cases[c], Broken: r.broken(c), Excused: v.Excused[c]})
	}
	for _, s := range append(v.Spreads, v.Lead) {
		r.Spreads = append(r.Spreads, s.String())
	}
	if v.Late > 0 {
		r.Spreads = append(r.Spreads, fmt.Sprintf("%d records came after the INVITE", v.Late))
	}
}

func (r *Report) broken(c outside.Check) int {
	n := 0
	for _, f := range r.Findings {
		if f.Check == c {
			n++
		}
	}
	return n
}

const (
	flat      = 0.05 // how much more of anything there may be in the last quarter than in the first
	enough    = 150  // samples that tell, five minutes of them: a new process fills up first
	neglected = 3    // goroutines that come and go
)

func grows(before, after, slack float64) bool { return after > before*(1+flat)+slack }

// judgeMemory compares the first quarter of the samples with the last, and the process at rest before and after. A
// short run tells nothing of memory.
func (r *Report) judgeMemory(samples []Sample) {
	line := Line{Check: Memory, Cases: len(samples)}
	grew := func(what string, before, after, slack float64) {
		if grows(before, after, slack) {
			line.Broken++
			r.Findings = append(r.Findings, Finding{Finding: outside.Finding{Check: Memory, What: fmt.Sprintf("%s: %.4g, then %.4g", what, before, after)}})
		}
	}
	grew("goroutines at rest", r.Rest.Before.Goroutines, r.Rest.After.Goroutines, neglected)
	if q := len(samples) / 4; q*4 >= enough {
		of := func(get func(Sample) float64) (first, last float64) {
			return median(samples[:q], get), median(samples[len(samples)-q:], get)
		}
		rss0, rss1 := of(func(s Sample) float64 { return s.RSS })
		live0, live1 := of(func(s Sample) float64 { return s.Live })
		go0, go1 := of(func(s Sample) float64 { return s.Goroutines })
		grew("resident memory, bytes", rss0, rss1, 0)
		grew("goroutines", go0, go1, neglected)
		line.Note = fmt.Sprintf("RSS %.1f → %.1f MB (%+.1f %%), live heap %.1f → %.1f MB, goroutines %.0f → %.0f", rss0/1e6, rss1/1e6,
			(rss1/rss0-1)*100, live0/1e6, live1/1e6, go0, go1)
	} else {
		line.Note = "too short a run to tell of memory"
	}
	r.Lines = append(r.Lines, line)
}

func median(samples []Sample, get func(Sample) float64) float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, get(s))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// tally sums the faults up, by name.
func (w *world) tally() (tallies []Tally) {
	by := map[string][]time.Duration{}
	for _, f := range w.faults() {
		by[f.name] = append(by[f.name], f.back)
	}
	for name, times := range by {
		slices.Sort(times)
		tallies = append(tallies, Tally{name, len(times), Duration(times[len(times)/2]), Duration(times[len(times)-1])})
	}
	slices.SortFunc(tallies, func(a, b Tally) int { return cmp.Compare(a.Name, b.Name) })
	return tallies
}

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%d callers in %v, %.3g each second, %d agents; seed %d; load %.1f on %d processors\n", r.Calls, time.Duration(r.Took).Round(time.Second), r.Rate, r.Agents, r.Seed, r.Load, r.Processors)
	fmt.Fprintf(out, "%d visits (%s), %d attempts, %d rings\n\n", r.Visits, r.outcomes(), r.Attempts, r.Rings)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Faults) > 0 {
		fmt.Fprintln(t, "fault\ttimes\twell again, median\tworst\t")
		for _, f := range r.Faults {
			fmt.Fprintf(t, "%s\t%d\t%.2f s\t%.2f s\t\n", f.Name, f.Times, time.Duration(f.Median).Seconds(), time.Duration(f.Worst).Seconds())
		}
		fmt.Fprintln(t, "\t\t\t\t")
	}
	fmt.Fprintln(t, "check\tcases\tbroken\tin outages\t")
	for _, l := range r.Lines {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", l.Check, count(l.Cases), l.Broken, count(l.Excused), l.Note)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	fmt.Fprintf(out, "\n%s\n", strings.Join(r.Spreads, "\n"))
	return r.printFindings(out)
}

// maxFindings of a check are printed; JSON has all.
const maxFindings = 10

func (r *Report) printFindings(out io.Writer) error {
	printed := map[outside.Check]int{}
	for _, f := range r.Findings {
		if printed[f.Check]++; printed[f.Check] > maxFindings {
			continue
		}
		fmt.Fprintf(out, "\n%s: %s\n", f.Check, f.What)
		if f.Call != "" {
			fmt.Fprintf(out, "  call %s\n", f.Call)
		}
		if f.Journal != "" {
			fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(strings.TrimSpace(f.Evidence+f.Journal), "\n", "\n  "))
		}
	}
	verdict := "everything holds"
	if n := len(r.Findings); n > 0 {
		verdict = fmt.Sprintf("%d cases do not hold", n)
	}
	_, err := fmt.Fprintf(out, "\n%s\n", verdict)
	return err
}

func (r *Report) outcomes() string {
	var all []string
	for o, n := range r.Outcomes {
		all = append(all, fmt.Sprintf("%s %d", o, n))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func count(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}
