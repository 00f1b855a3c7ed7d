package bench

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/softwaresim/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A small run on the whole stack: every sample is taken, and what it says is sane.
func TestRunOnTheStack(t *testing.T) {
	queueapp := filepath.Join(t.TempDir(), "queueapp")
	if out, err := exec.Command("go", "build", "-o", queueapp, "ringside/cmd/queueapp").CombinedOutput(); err != nil {
		t.Fatalf("build queueapp: %v\n%s", err, out)
	}
	s, err := stack.Start(t.Context(), stack.Options{Queueapp: queueapp, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := Run(ctx, s.Info(), Options{Calls: 4, Hangups: 2, Report: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range report.Rows {
		for name, got := range map[string]Summary{"Ringside": row.Ringside, "Queue()": row.Queue} {
			if got.Lost != 0 || got.P50 <= 0 || got.P50 > got.P99 || got.P99 > 2000 {
				t.Errorf("%s through %s: %+v", row.Key, name, got)
			}
		}
	}
	if next := report.Rows[1]; next.Ratio >= 1 {
		t.Errorf("Queue() polls, yet its next call was as soon: %+v", next)
	}
	if report.Commit.Count == 0 || report.Publish.Count < 4+2 {
		t.Errorf("commits %+v, publishes %+v", report.Commit, report.Publish)
	}
	var out bytes.Buffer
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out.String())
}

func TestPercentiles(t *testing.T) {
	var times []time.Duration
	for i := 200; i > 0; i-- {
		times = append(times, time.Duration(i)*time.Millisecond)
	}
	if got, want := summarise(times, 203), (Summary{Samples: 200, Lost: 3, P50: 100, P99: 198}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := summarise(times[:1], 1), (Summary{Samples: 1, P50: 1, P99: 1}); got != want {
		t.Errorf("one sample: got %+v, want %+v", got, want)
	}
	if got, want := summarise(nil, 2), (Summary{Lost: 2}); got != want {
		t.Errorf("none: got %+v, want %+v", got, want)
	}
}

const metricsBefore = `# HELP h A histogram.
# TYPE h histogram
h_bucket{result="ok",le="0.001"} 10
h_bucket{result="ok",le="0.002"} 10
h_bucket{result="ok",le="+Inf"} 10
h_sum{result="ok"} 0.005
h_count{result="ok"} 10
`

const metricsAfter = `h_bucket{result="ok",le="0.001"} 60
h_bucket{result="ok",le="0.002"} 109
h_bucket{result="ok",le="+Inf"} 109
h_sum{result="ok"} 0.105
h_count{result="ok"} 109
h_bucket{result="late",le="0.001"} 0
h_bucket{result="late",le="0.002"} 0
h_bucket{result="late",le="+Inf"} 1
h_sum{result="late"} 0.5
h_count{result="late"} 1
other_bucket{le="0.001"} 7
`

func TestHistogramGains(t *testing.T) {
	before, err := parsePage(strings.NewReader(metricsBefore))
	if err != nil {
		t.Fatal(err)
	}
	after, err := parsePage(strings.NewReader(metricsAfter))
	if err != nil {
		t.Fatal(err)
	}
	got := after.since(before, "h").summary()
	if got.Count != 100 || math.Abs(got.Mean-6) > 1e-9 || got.P50 != 1 || math.Abs(got.P99-2) > 1e-9 {
		t.Errorf("got %+v, want 100 of mean 6 ms, p50 1 ms, p99 2 ms", got)
	}
	if none := after.since(after, "h").summary(); none != (Histogram{}) {
		t.Errorf("nothing gained: %+v", none)
	}
}

func FuzzParsePage(f *testing.F) {
	f.Add(metricsAfter)
	f.Add("h_bucket{le=\"x} 1\nh_count NaN\nh_bucket{le=\"NaN\"} 3\n")
	f.Fuzz(func(_ *testing.T, text string) {
		p, err := parsePage(strings.NewReader(text))
		if err != nil {
			return
		}
		_ = p.since(page{}, "h").summary().String()
	})
}

func TestReportForPeople(t *testing.T) {
	r := Report{Agents: 3, Rows: []Row{
		{Key: "enter", What: "a caller", Goal: 2.5, Ratio: 1.5, Ringside: Summary{Samples: 9, P50: 3}, Queue: Summary{Samples: 10, P50: 2}},
		{Key: "next", What: "a hang-up", Goal: 0.02, Ratio: 0.1, Ringside: Summary{Samples: 7, Lost: 3}, Queue: Summary{Samples: 10, P50: 500}},
	}}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"≤ 2.50 reached", "1/10", "≤ 1/50 missed", "lost samples in \"next\": 3", "none counted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
