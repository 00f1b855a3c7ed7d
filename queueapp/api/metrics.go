package api

import (
	"runtime"
	"strconv"
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
	turnedAway *prometheus.CounterVec
	codes      *prometheus.CounterVec
	barred     *prometheus.CounterVec
	wait       *prometheus.HistogramVec
	ring       *prometheus.HistogramVec
	publish    *prometheus.HistogramVec
	commit     prometheus.Histogram
	commitFail prometheus.Counter
	steps      prometheus.Counter
	recordings *prometheus.CounterVec
	lag        prometheus.Histogram
	estimate   *prometheus.HistogramVec
	outbox     prometheus.Gauge
	undeliver  *prometheus.CounterVec
	requests   *prometheus.HistogramVec
	refusals   *prometheus.CounterVec
	ariEvents  *prometheus.CounterVec
	unknown    *prometheus.CounterVec
	malformed  *prometheus.CounterVec
	types      firstWords
	tally      tally
}

// maxEventTypes bounds the label of unknown ARI events: Asterisk 22 has some 50 types in all.
const maxEventTypes = 64

// NewMetrics makes metrics with a registry of their own, and says which build this is.
func NewMetrics(version, commit string) *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		calls:      counters("calls_total", "Visits ended, by queue and outcome.", "queue", "outcome"),
		offers:     counters("offers_total", "Offers ended, by queue and result: answered, or why it was revoked.", "queue", "result"),
		turnedAway: counters("calls_turned_away_total", "New calls given back to the dialplan at once, by reason: outage or overload.", "reason"),
		codes:      counters("codes_total", "Customers looked up, by result: found, none, failed, or barred where a code was not looked up.", "result"),
		barred:     counters("codes_barred_total", "Calls and numbers barred for too many wrong codes: call, number, or withheld for all without one.", "by"),
		recordings: counters("recordings_total", "Recordings of conversations, by queue and result: started, or failed at the start or on the way.", "queue", "result"),
		wait:       timings("wait_seconds", "Time from entering the queue to the conversation.", waitBuckets(), "queue"),
		ring:       timings("ring_seconds", "Time that answered phones rang.", waitBuckets(), "queue"),
		publish:    timings("publish_seconds", "Time from an attempt's commit to the XMPP server's answer, by result: ok, refused or late.", fineBuckets(), "result"),
		commit:     prometheus.NewHistogram(histogram("commit_seconds", "Time a batch took to be durable.", fineBuckets())),
		commitFail: prometheus.NewCounter(counter("commit_failures_total", "Batches that could not be made durable.")),
		estimate:   timings("wait_estimate_error_seconds", "By how much callers waited longer than was expected on entering; below 0: less.", errorBuckets(), "queue"),
		lag:        prometheus.NewHistogram(histogram("lag_seconds", "Time an event waited before the floor handled it.", fineBuckets())),
		outbox:     prometheus.NewGauge(gauge("outbox_pending", "Records that must still reach the XMPP server.")),
		undeliver:  counters("deliveries_failed_total", "Deliveries given up, by channel and reason.", "channel", "reason"),
		steps:      prometheus.NewCounter(counter("steps_total", "Turns of the floor that are journalled.")),
		requests:   timings("ari_request_seconds", "Time that ARI took to answer, by what was asked.", fineBuckets(), "operation"),
		refusals:   counters("ari_requests_failed_total", "ARI requests that failed, by what was asked and HTTP status; 0: no answer.", "operation", "status"),
		ariEvents:  counters("ari_events_total", "ARI events, by type.", "type"),
		unknown:    counters("ari_events_unknown_total", "ARI events of a type that is not known.", "type"),
		malformed:  counters("ari_events_malformed_total", "ARI events of a known type that could not be read.", "type"),
		types:      firstWords{most: maxEventTypes},
	}
	m.tally.forget()
	build := prometheus.NewGaugeVec(gauge("build_info", "1, labelled with what was built."), []string{"version", "commit", "go"})
	build.WithLabelValues(version, commit, runtime.Version()).Set(1)
	m.registry.MustRegister(build, m.calls, m.offers, m.turnedAway, m.codes, m.barred, m.recordings, m.wait, m.ring, m.publish, m.commit, m.commitFail, m.steps, m.lag, m.estimate,
		m.outbox, m.undeliver, m.requests, m.refusals, m.ariEvents, m.unknown, m.malformed,
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

// errorBuckets are how wrong an estimate of a wait can be, on either side.
func errorBuckets() []float64 {
	return []float64{-1200, -600, -300, -180, -120, -60, -30, -15, -5, 5, 15, 30, 60, 120, 180, 300, 600, 1200}
}

// Estimated times by how much the caller of a queue who has just met an agent waited longer than was expected.
func (m *Metrics) Estimated(queue queueapp.QueueName, expected, waited time.Duration) {
	m.estimate.WithLabelValues(string(queue)).Observe((waited - expected).Seconds())
}

// LookedUp counts a customer code's look-up by its result, a word of the caller's: one that failed found not nobody.
func (m *Metrics) LookedUp(result string) { m.codes.WithLabelValues(result).Inc() }

// Barred counts who was barred for too many wrong codes, by a word of the caller's: what it was that was barred.
func (m *Metrics) Barred(what string) { m.barred.WithLabelValues(what).Inc() }

// Recorded counts a conversation's recording by its result, a word of the caller's.
func (m *Metrics) Recorded(queue queueapp.QueueName, result string) {
	m.recordings.WithLabelValues(string(queue), result).Inc()
}

// Committed times a batch on its way to disk.
func (m *Metrics) Committed(took time.Duration, steps int) {
	m.commit.Observe(took.Seconds())
	m.steps.Add(float64(steps))
}

// TurnedAway counts a new call that was given back to the dialplan at once. Why is a word of the engine's.
func (m *Metrics) TurnedAway(why string) { m.turnedAway.WithLabelValues(why).Inc() }

// CommitFailed counts a batch that could not be made durable.
func (m *Metrics) CommitFailed() { m.commitFail.Inc() }

// Published times a record from its attempt's commit to the server's answer, or to the end of the budget where it is late.
func (m *Metrics) Published(result queueapp.PublishResult, took time.Duration) {
	m.publish.WithLabelValues(string(result)).Observe(took.Seconds())
}

// Lagged times how long an event waited for the floor.
func (m *Metrics) Lagged(d time.Duration) { m.lag.Observe(d.Seconds()) }

// OutboxPending says how many records must still be published.
func (m *Metrics) OutboxPending(n int) { m.outbox.Set(float64(n)) }

// DeliveryFailed counts what was given up. Channel ("chat", "pubsub") and reason are words of the caller's, never data.
func (m *Metrics) DeliveryFailed(channel, reason string) {
	m.undeliver.WithLabelValues(channel, reason).Inc()
}

// ARI is what the metrics are told about ARI, by every switch.
func (m *Metrics) ARI() ARIMetrics { return ARIMetrics{m} }

// ARIMetrics counts and times ARI's events and requests. Its methods may be called concurrently.
type ARIMetrics struct{ m *Metrics }

// Event counts an event by its type.
func (a ARIMetrics) Event(kind string) { a.m.ariEvents.WithLabelValues(a.m.types.keep(kind)).Inc() }

// EventUnknown counts an event of a type that this build does not know. After 64 types the rest are "other".
func (a ARIMetrics) EventUnknown(kind string) {
	a.m.unknown.WithLabelValues(a.m.types.keep(kind)).Inc()
}

// EventMalformed counts an event of a known type that could not be read.
func (a ARIMetrics) EventMalformed(kind string) {
	a.m.malformed.WithLabelValues(a.m.types.keep(kind)).Inc()
}

// Request times a request by what it was for, a word of the caller's, and counts it where it failed. Status is HTTP's, 0
// where no answer came.
func (a ARIMetrics) Request(op string, took time.Duration, status int) {
	a.m.requests.WithLabelValues(op).Observe(took.Seconds())
	if status < 200 || status > 299 {
		a.m.refusals.WithLabelValues(op, strconv.Itoa(status)).Inc()
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
