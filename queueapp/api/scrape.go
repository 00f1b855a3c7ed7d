package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringside/queueapp"
)

// handler answers a scrape with what was counted and with what the floor is at that moment.
func (m *Metrics) handler(f Floor) http.Handler {
	now := prometheus.NewRegistry()
	now.MustRegister(newSnapshot(f))
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, now}, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError, // half a scrape beats none where the floor does not answer
		MaxRequestsInFlight: 4,
	})
}

// snapshot is a collector that asks the floor at each scrape, so that nobody has to keep gauges in step with it.
type snapshot struct {
	floor                           Floor
	state, waiting, talking, member *prometheus.Desc
	ari, xmpp, expected             *prometheus.Desc
}

func newSnapshot(f Floor) snapshot {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	return snapshot{
		floor:    f,
		state:    desc("state", "1 for the state that the process is in.", "state"),
		waiting:  desc("calls_waiting", "Callers without a conversation yet.", "queue"),
		talking:  desc("calls_talking", "Conversations.", "queue"),
		member:   desc("members", "Members of a queue, by what they are doing.", "queue", "state"),
		ari:      desc("ari_up", "1 where the switch's websocket is up.", "switch"),
		expected: desc("expected_wait_seconds", "How long whoever comes now is expected to wait; 0: an agent is free, or that is not known.", "queue"),
		xmpp:     desc("xmpp_up", "1 where records can be published."),
	}
}

// Describe implements prometheus.Collector.
func (s snapshot) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.state, s.waiting, s.talking, s.member, s.ari, s.xmpp, s.expected} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A process that does not own the floor shows its state and its
// links, and nothing of the floor.
func (s snapshot) Collect(out chan<- prometheus.Metric) {
	ready := s.floor.Ready()
	for _, st := range states() {
		out <- prometheus.MustNewConstMetric(s.state, prometheus.GaugeValue, number(st == ready.State), string(st))
	}
	for _, p := range ready.Parts {
		if name, ok := strings.CutPrefix(p.Name, PartSwitch); ok {
			out <- prometheus.MustNewConstMetric(s.ari, prometheus.GaugeValue, number(p.OK), name)
		} else if p.Name == PartXMPP {
			out <- prometheus.MustNewConstMetric(s.xmpp, prometheus.GaugeValue, number(p.OK))
		}
	}
	if notOwner(ready) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // Prometheus gives a scrape 10 s
	defer cancel()
	s.collectQueues(ctx, out)
	s.collectMembers(ctx, out)
}

func (s snapshot) collectQueues(ctx context.Context, out chan<- prometheus.Metric) {
	queues, err := s.floor.Queues(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(s.waiting, err)
		return
	}
	for _, q := range queues {
		out <- prometheus.MustNewConstMetric(s.waiting, prometheus.GaugeValue, float64(q.Waiting), string(q.Queue))
		out <- prometheus.MustNewConstMetric(s.talking, prometheus.GaugeValue, float64(q.Talking), string(q.Queue))
		out <- prometheus.MustNewConstMetric(s.expected, prometheus.GaugeValue, q.Wait, string(q.Queue))
	}
}

func (s snapshot) collectMembers(ctx context.Context, out chan<- prometheus.Metric) {
	agents, err := s.floor.Agents(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(s.member, err)
		return
	}
	type place struct {
		queue  queueapp.QueueName
		status queueapp.AgentStatus
	}
	count := map[place]int{}
	for _, a := range agents {
		for _, q := range a.Queues {
			count[place{q, a.Status}]++
		}
	}
	for p, n := range count {
		out <- prometheus.MustNewConstMetric(s.member, prometheus.GaugeValue, float64(n), string(p.queue), string(p.status))
	}
}

// firstWords keeps the first few different words that it sees and calls the others "other".
type firstWords struct {
	most int

	mu   sync.Mutex
	seen map[string]bool
}

func (f *firstWords) keep(word string) string {
	word = strings.ToValidUTF8(word, "?") // a label must be
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen[word] {
		return word
	}
	if len(f.seen) >= f.most || len(word) > 64 {
		return "other"
	}
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	f.seen[word] = true
	return word
}
