package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/softwaresim/stack"
)

// maxMetrics bounds what is read of a metrics page.
const maxMetrics = 8 << 20

// Histogram is what a Prometheus histogram gained during a run. Times are in
// milliseconds; the quantiles are interpolated within their bucket.
type Histogram struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
}

// String is the histogram in a few words.
func (h Histogram) String() string {
	if h.Count == 0 {
		return "none counted"
	}
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, mean %.2f ms of %d", h.P50, h.P99, h.Mean, h.Count)
}

// page is a metrics page: the value of each series by its name, labels included.
type page map[string]float64

// scrape reads queueapp's metrics.
func scrape(ctx context.Context, info stack.Info) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, info.API+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("read queueapp's metrics: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+info.Token)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read queueapp's metrics: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read queueapp's metrics: %s", res.Status)
	}
	return parsePage(io.LimitReader(res.Body, maxMetrics))
}

// parsePage reads Prometheus' text format: lines of "name{labels} value".
func parsePage(r io.Reader) (page, error) {
	p := page{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		end := strings.LastIndexByte(line, ' ')
		if end < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(line[end+1:], 64); err == nil {
			p[line[:end]] = v
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read queueapp's metrics: %w", err)
	}
	return p, nil
}

// bucket counts what was at most its bound, in seconds.
type bucket struct{ bound, count float64 }

// gain is what a histogram gained between two pages, over all its other labels.
type gain struct {
	buckets    []bucket
	sum, count float64
}

func (p page) since(before page, name string) gain {
	var g gain
	at := map[float64]float64{}
	for series, v := range p {
		d := v - before[series]
		switch base, labels, _ := strings.Cut(series, "{"); base {
		case name + "_sum":
			g.sum += d
		case name + "_count":
			g.count += d
		case name + "_bucket":
			_, le, found := strings.Cut(labels, `le="`)
			le, _, closed := strings.Cut(le, `"`)
			if bound, err := strconv.ParseFloat(le, 64); found && closed && err == nil {
				at[bound] += d
			}
		}
	}
	for bound, count := range at {
		g.buckets = append(g.buckets, bucket{bound, count})
	}
	slices.SortFunc(g.buckets, func(a, b bucket) int {
		switch {
		case a.bound < b.bound:
			return -1
		case a.bound > b.bound:
			return 1
		}
		return 0
	})
	return g
}

func (g gain) summary() Histogram {
	if g.count <= 0 {
		return Histogram{}
	}
	return Histogram{Count: int(g.count), Mean: g.sum / g.count * 1000,
		P50: g.quantile(0.50) * 1000, P99: g.quantile(0.99) * 1000}
}

// quantile interpolates within the bucket that holds it; beyond the last finite bound
// it is that bound.
func (g gain) quantile(q float64) float64 {
	rank := q * g.count
	var low, below float64
	for _, b := range g.buckets {
		if b.count >= rank && b.count > below {
			if math.IsInf(b.bound, 1) {
				return low
			}
			return low + (b.bound-low)*(rank-below)/(b.count-below)
		}
		low, below = b.bound, b.count
	}
	return low
}
