package api

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ringside/queueapp"
)

// Metrics counts and times what the floor and its adapters report. All methods may be called concurrently and never
// block. No caller, customer or agent is ever a label, and every label has few values.
type Metrics struct {
	registry *prometheus.Registry

	calls      *prometheus.CounterVec
	offers     *prometheus.CounterVec
	codes      *prometheus.CounterVec
	wait       *prometheus.HistogramVec
	ring       *prometheus.HistogramVec
	publish    *prometheus.HistogramVec
	commit     prometheus.Histogram
	commitFail prometheus.Counter
	lag        prometheus.Histogram
	outbox     prometheus.Gauge
	undeliver  *prometheus.CounterVec
	ariUp      *prometheus.GaugeVec
	xmppUp     prometheus.Gauge
	unknown    *prometheus.CounterVec
	types      firstWords
}

// maxEventTypes bounds the label of unknown ARI events: Asterisk 22 has some 50 types in all.
const maxEventTypes = 64

// NewMetrics makes metrics with a registry of their own, and says which build this is.
func NewMetrics(version, commit string) *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		calls:      counters("calls_total", "Visits ended, by queue and outcome.", "queue", "outcome"),
		offers:     counters("offers_total", "Offers ended, by queue and result: answered, or why it was revoked.", "queue", "result"),
		codes:      counters("codes_total", "Customer codes looked up, by result: found, unknown or failed.", "result"),
		wait:       timings("wait_seconds", "Time from entering the queue to the conversation.", waitBuckets(), "queue"),
		ring:       timings("ring_seconds", "Time that answered phones rang.", waitBuckets(), "queue"),
		publish:    timings("publish_seconds", "Time from an attempt's commit to the XMPP server's answer, by result: ok, refused or late.", fineBuckets(), "result"),
		commit:     prometheus.NewHistogram(histogram("commit_seconds", "Time a batch took to be durable.", fineBuckets())),
		commitFail: prometheus.NewCounter(counter("commit_failures_total", "Batches that could not be made durable.")),
		lag:        prometheus.NewHistogram(histogram("lag_seconds", "Time an event waited before the floor handled it.", fineBuckets())),
		outbox:     prometheus.NewGauge(gauge("outbox_pending", "Records that must still reach the XMPP server.")),
		undeliver:  counters("deliveries_failed_total", "Deliveries given up, by channel and reason.", "channel", "reason"),
		ariUp:      prometheus.NewGaugeVec(gauge("ari_up", "1 where the switch's websocket is up."), []string{"switch"}),
		xmppUp:     prometheus.NewGauge(gauge("xmpp_up", "1 where the XMPP session is up.")),
		unknown:    counters("ari_events_unknown_total", "ARI events of a type that is not known.", "type"),
		types:      firstWords{most: maxEventTypes},
	}
	build := prometheus.NewGaugeVec(gauge("build_info", "1, labelled with what was built."), []string{"version", "commit", "go"})
	build.WithLabelValues(version, commit, runtime.Version()).Set(1)
	m.registry.MustRegister(build, m.calls, m.offers, m.codes, m.wait, m.ring, m.publish, m.commit, m.commitFail, m.lag, m.outbox,
		m.undeliver, m.ariUp, m.xmppUp, m.unknown,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const namespace = "queueapp"

func counter(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}
}

func gauge(name, help string) prometheus.GaugeOpts {
	return prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}
}

func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(counter(name, help), labels)
}

func timings(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(histogram(name, help, buckets), labels)
}

// fineBuckets run from 100 µs to 10 s in steps of about a half, so that a median read off them is right to a fifth.
func fineBuckets() []float64 {
	var buckets []float64
	for _, decade := range []float64{10, 100, 1e3, 1e4, 1e5} {
		for _, step := range []float64{10, 15, 20, 30, 50, 70} {
			buckets = append(buckets, decade*step/1e6) // whole microseconds first, so that the bounds print short
		}
	}
	return append(buckets, 10)
}

// waitBuckets are what service levels are stated in.
func waitBuckets() []float64 {
	return []float64{1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600}
}

// VisitEnded counts a visit's outcome. The name of a queue that does not exist came from a dialplan, so it is no label.
func (m *Metrics) VisitEnded(q queueapp.QueueName, o queueapp.Outcome) {
	if o == queueapp.OutcomeUnknownQueue {
		q = ""
	}
	m.calls.WithLabelValues(string(q), string(o)).Inc()
}

// Waited times a caller's wait from entering the queue to the conversation.
func (m *Metrics) Waited(q queueapp.QueueName, d time.Duration) {
	m.wait.WithLabelValues(string(q)).Observe(d.Seconds())
}

// OfferAnswered counts an offer that was answered, and times its ring.
func (m *Metrics) OfferAnswered(q queueapp.QueueName, ring time.Duration) {
	m.offers.WithLabelValues(string(q), "answered").Inc()
	m.ring.WithLabelValues(string(q)).Observe(ring.Seconds())
}

// OfferRevoked counts an offer that was taken back.
func (m *Metrics) OfferRevoked(q queueapp.QueueName, why queueapp.RevokeReason) {
	m.offers.WithLabelValues(string(q), string(why)).Inc()
}

// CodeLookedUp counts a customer code's look-up: one that failed is not one that found nobody.
func (m *Metrics) CodeLookedUp(found bool, err error) {
	result := "unknown"
	switch {
	case err != nil:
		result = "failed"
	case found:
		result = "found"
	}
	m.codes.WithLabelValues(result).Inc()
}

// Committed times a batch on its way to disk, or counts its failure.
func (m *Metrics) Committed(d time.Duration, err error) {
	if err != nil {
		m.commitFail.Inc()
		return
	}
	m.commit.Observe(d.Seconds())
}

// Published times a record from its attempt's commit to the server's answer, or to the end of the budget where it is late.
func (m *Metrics) Published(d time.Duration, result queueapp.PublishResult) {
	m.publish.WithLabelValues(string(result)).Observe(d.Seconds())
}

// Lagged times how long an event waited for the floor.
func (m *Metrics) Lagged(d time.Duration) { m.lag.Observe(d.Seconds()) }

// OutboxPending says how many records must still be published.
func (m *Metrics) OutboxPending(n int) { m.outbox.Set(float64(n)) }

// DeliveryFailed counts what was given up. Channel ("chat", "pubsub") and reason are words of the caller's, never data.
func (m *Metrics) DeliveryFailed(channel, reason string) {
	m.undeliver.WithLabelValues(channel, reason).Inc()
}

// SwitchUp says whether a switch's websocket is up.
func (m *Metrics) SwitchUp(name queueapp.SwitchName, up bool) {
	m.ariUp.WithLabelValues(string(name)).Set(number(up))
}

// XMPPUp says whether the XMPP session is up.
func (m *Metrics) XMPPUp(up bool) { m.xmppUp.Set(number(up)) }

// UnknownARIEvent counts an event of a type that this build does not know. After 64 types the rest are "other".
func (m *Metrics) UnknownARIEvent(eventType string) {
	m.unknown.WithLabelValues(m.types.keep(strings.ToValidUTF8(eventType, "?"))).Inc()
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
