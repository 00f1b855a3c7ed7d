package bench

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Summary is what a number of samples come to. Times are in milliseconds.
type Summary struct {
	Samples int     `json:"samples"`
	Lost    int     `json:"lost"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
}

// Row is one measured line: both ways, and the ratio of their medians.
type Row struct {
	Key      string  `json:"key"`
	What     string  `json:"what"`
	Ringside Summary `json:"ringside"`
	Queue    Summary `json:"queue"`
	// Ratio is Ringside's median over Queue()'s; smaller is better.
	Ratio float64 `json:"ratio"`
	// Goal is what the ratio should be at most.
	Goal float64 `json:"goal"`
}

// Met reports whether the row reached its goal without losing a sample.
func (r Row) Met() bool {
	return r.Ratio > 0 && r.Ratio <= r.Goal && r.Ringside.Lost == 0
}

// Report is what a run measured.
type Report struct {
	Agents int   `json:"agents"`
	Rows   []Row `json:"rows"`
	// Processors of this machine, and how many processes waited for one when the run
	// began, over the last minute: where more wait than there are, all times are those
	// of a busy machine.
	Processors int     `json:"processors"`
	Load       float64 `json:"load"`
	// Commit and Publish are part of all of Ringside's rows: what
	// queueapp itself says that making an attempt durable, and its record's way to
	// the XMPP server, took during the run.
	Commit  Histogram `json:"commit"`
	Publish Histogram `json:"publish"`
}

func summarise(times []time.Duration, tried int) Summary {
	slices.Sort(times)
	return Summary{Samples: len(times), Lost: tried - len(times),
		P50: milliseconds(percentile(times, 0.50)), P99: milliseconds(percentile(times, 0.99))}
}

// percentile is the nearest rank in sorted times: with p = 0.99 of fewer than 100
// samples it is the greatest.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Print writes the report as a table for people.
func (r *Report) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tRingside p50\tp99\tQueue() p50\tp99\tratio\tgoal\t")
	for _, row := range r.Rows {
		verdict := "reached"
		if !row.Met() {
			verdict = "missed"
		}
		fmt.Fprintf(t, "%s\t%.2f ms\t%.2f ms\t%.2f ms\t%.2f ms\t%s\t≤ %s %s\t\n", row.What,
			row.Ringside.P50, row.Ringside.P99, row.Queue.P50, row.Queue.P99, ratio(row.Ratio), ratio(row.Goal), verdict)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	fmt.Fprintf(out, "\nOf Ringside's times, by its own metrics:\n")
	fmt.Fprintf(out, "  commit, until the attempt is durable             %s\n", r.Commit)
	fmt.Fprintf(out, "  publish, until the XMPP server has the record    %s\n", r.Publish)
	for _, row := range r.Rows {
		if row.Ringside.Lost+row.Queue.Lost > 0 {
			fmt.Fprintf(out, "  lost samples in %q: %d through Ringside, %d through Queue()\n", row.Key, row.Ringside.Lost, row.Queue.Lost)
		}
	}
	_, err := fmt.Fprintf(out, "%d agents; samples each way:%s; load %.1f on %d processors%s\n",
		r.Agents, r.samples(), r.Load, r.Processors, r.warning())
	return err
}

func (r *Report) warning() string {
	if r.Load > float64(r.Processors) {
		return ": the machine was busy, the times are not its best"
	}
	return ""
}

// load is the machine's load average of the last minute, 0 where it is not known.
func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return v
}

func (r *Report) samples() string {
	s := ""
	for _, row := range r.Rows {
		s += fmt.Sprintf(" %s %d", row.Key, row.Ringside.Samples)
	}
	return s
}

// ratio shows small ratios as people say them: 1/120.
func ratio(r float64) string {
	if r > 0 && r < 0.5 {
		return fmt.Sprintf("1/%.0f", 1/r)
	}
	return fmt.Sprintf("%.2f", r)
}
