package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
)

func scrape(t *testing.T, s *Server) string {
	t.Helper()
	w := ask(t, s, "GET", "/metrics", "")
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, "\n"+l+"\n") {
			t.Errorf("the scrape has no line %q", l)
		}
	}
}

// step tells the metrics what the core made of an event, as the engine does.
func step(m *Metrics, f *smallFloor, e queueapp.Event) {
	effects := f.handle(e)
	m.Stepped(queueapp.Step{At: f.now, Event: e, Effects: effects})
}

func enter(id queueapp.CallID, q queueapp.QueueName) queueapp.Enter {
	return queueapp.Enter{Call: id, Queue: q, Timeout: time.Minute, Switch: "asterisk", Channel: queueapp.ChannelID(id)}
}

func newMetered() (*smallFloor, *Metrics, *Server) {
	f, m := newSmallFloor(), NewMetrics("1.2.3", "abcdef0")
	return f, m, New(Config{Floor: f, Metrics: m, Token: token, Log: slog.New(slog.DiscardHandler)})
}

func TestTheStoryOfACallInFigures(t *testing.T) {
	f, m, s := newMetered()
	first, second := queueapp.AttemptID{Call: "c1", N: 1}, queueapp.AttemptID{Call: "c1", N: 2}
	for _, e := range []queueapp.Event{
		queueapp.LogOn{Agent: "1000"},
		queueapp.LogOn{Agent: "1001"},
		enter("c1", "support"), // 3 s
		queueapp.Offered{Attempt: first, Publish: queueapp.PublishOK},
		queueapp.Ended{Attempt: first, Cause: queueapp.EndBusy, Q850: 17},
		queueapp.Offered{Attempt: second, Publish: queueapp.PublishLate}, // 6 s: it rings
		queueapp.Ringing{Attempt: second},
		queueapp.Up{Attempt: second},        // 8 s
		queueapp.Connected{Attempt: second}, // 9 s
		queueapp.Connected{Attempt: second}, // told twice
		enter("c2", "5551234"),
		enter("c3", "support"),
		queueapp.Hangup{Call: "c3"},
	} {
		step(m, f, e)
	}
	wantLines(t, scrape(t, s),
		`queueapp_calls_waiting{queue="support"} 0`,
		`queueapp_calls_talking{queue="support"} 1`,
		`queueapp_members{queue="support",state="talking"} 1`,
	)
	step(m, f, queueapp.Ended{Attempt: second, Cause: queueapp.EndHangup})
	wantLines(t, scrape(t, s),
		`queueapp_calls_total{outcome="answered",queue="support"} 1`,
		`queueapp_calls_total{outcome="abandoned",queue="support"} 1`,
		`queueapp_calls_total{outcome="unknown-queue",queue=""} 1`,
		`queueapp_offers_total{queue="support",result="answered"} 1`,
		`queueapp_offers_total{queue="support",result="busy"} 1`,
		`queueapp_wait_seconds_sum{queue="support"} 6`,
		`queueapp_wait_seconds_bucket{queue="support",le="5"} 0`,
		`queueapp_wait_seconds_bucket{queue="support",le="10"} 1`,
		`queueapp_ring_seconds_sum{queue="support"} 2`,
		`queueapp_ring_seconds_count{queue="support"} 1`,
	)
	if len(m.tally.visits)+len(m.tally.attempts) != 0 {
		t.Errorf("what is over is still counted on: %v %v", m.tally.visits, m.tally.attempts)
	}
}

func TestARecoveredCallIsCountedFromItsBegin(t *testing.T) {
	f, m, s := newMetered()
	step(m, f, enter("gone", "support"))
	entered := f.now
	a := queueapp.AttemptID{Call: "c1", N: 1}
	for _, e := range []queueapp.Event{
		queueapp.RestoreAgent{Agent: "1000", Extension: "1000"},
		queueapp.RestoreVisit{Enter: enter("c1", "support"), Entered: entered, Deadline: entered.Add(time.Minute)},
		queueapp.RestoreAttempt{
			Attempt: a, Agent: "1000", Extension: "1000", State: queueapp.AttemptRinging, Offered: entered, Rang: entered.Add(time.Second),
		},
		queueapp.Up{Attempt: a},        // 4 s
		queueapp.Connected{Attempt: a}, // 5 s
	} {
		step(m, f, e)
	}
	wantLines(t, scrape(t, s),
		`queueapp_wait_seconds_sum{queue="support"} 5`,
		`queueapp_ring_seconds_sum{queue="support"} 3`,
	)
	if len(m.tally.visits) != 1 {
		t.Errorf("the last tenure's calls are still counted on: %v", m.tally.visits)
	}
}

func TestMetricsHaveTheNamesThatUsersExpect(t *testing.T) {
	f, m, s := newMetered()
	f.state.Parts = []Part{{Name: PartSwitch + "asterisk", OK: true}, {Name: PartXMPP}, {Name: "lock", OK: true}}
	m.LookedUp("found")
	m.Committed(180*time.Microsecond, 3)
	m.CommitFailed()
	m.Published(queueapp.PublishOK, 700*time.Microsecond)
	m.Lagged(time.Millisecond)
	m.Estimated("support", time.Minute, 40*time.Second)
	m.OutboxPending(3)
	m.DeliveryFailed("chat", "stale")
	m.ARI().Event("StasisStart")
	m.ARI().EventUnknown("ChannelTeleported")
	m.ARI().EventMalformed("StasisEnd")
	m.ARI().Request("originate", 2*time.Millisecond, 200)
	m.ARI().Request("originate", 5*time.Second, 0)
	wantLines(t, scrape(t, s),
		`queueapp_wait_estimate_error_seconds_bucket{queue="support",le="-30"} 0`,
		`queueapp_wait_estimate_error_seconds_bucket{queue="support",le="-15"} 1`,
		`queueapp_codes_total{result="found"} 1`,
		`queueapp_commit_seconds_bucket{le="0.00015"} 0`,
		`queueapp_commit_seconds_bucket{le="0.0002"} 1`,
		`queueapp_commit_seconds_count 1`,
		`queueapp_commit_failures_total 1`,
		`queueapp_steps_total 3`,
		`queueapp_publish_seconds_bucket{result="ok",le="0.0007"} 1`,
		`queueapp_lag_seconds_count 1`,
		`queueapp_outbox_pending 3`,
		`queueapp_deliveries_failed_total{channel="chat",reason="stale"} 1`,
		`queueapp_ari_up{switch="asterisk"} 1`,
		`queueapp_xmpp_up 0`,
		`queueapp_ari_events_total{type="StasisStart"} 1`,
		`queueapp_ari_events_unknown_total{type="ChannelTeleported"} 1`,
		`queueapp_ari_events_malformed_total{type="StasisEnd"} 1`,
		`queueapp_ari_request_seconds_count{operation="originate"} 2`,
		`queueapp_ari_requests_failed_total{operation="originate",status="0"} 1`,
		`queueapp_state{state="active"} 1`,
		`queueapp_state{state="standby"} 0`,
	)
	for _, name := range []string{`queueapp_build_info{commit="abcdef0",go="go1.`, "\ngo_goroutines ", "\nprocess_cpu_seconds_total "} {
		if !strings.Contains(scrape(t, s), name) {
			t.Errorf("the scrape has no %q", name)
		}
	}
}

func TestAStandbyShowsItsStateAlone(t *testing.T) {
	f := newSmallFloor()
	f.state.State = StateStandby
	text := scrape(t, newServer(f))
	wantLines(t, text, `queueapp_state{state="standby"} 1`)
	if strings.Contains(text, "queueapp_members") || strings.Contains(text, "queueapp_calls_waiting") {
		t.Error("a standby shows a floor that is not its own")
	}
}

func TestAFloorThatFailsCostsOnlyItsOwnFigures(t *testing.T) {
	f := newSmallFloor()
	f.fail = errors.New("busy")
	wantLines(t, scrape(t, newServer(f)), "queueapp_outbox_pending 0")
}

func TestLabelsAreBounded(t *testing.T) {
	f, m, s := newMetered()
	for i := range 1000 {
		m.ARI().EventUnknown(fmt.Sprintf("Type%d\xff", i))
		step(m, f, enter(queueapp.CallID(fmt.Sprint(i)), queueapp.QueueName(fmt.Sprint(i))))
	}
	m.ARI().EventUnknown(strings.Repeat("x", 1000))
	text := scrape(t, s)
	if n := strings.Count(text, "queueapp_ari_events_unknown_total{"); n != maxEventTypes+1 {
		t.Errorf("%d types", n)
	}
	if n := strings.Count(text, "queueapp_calls_total{"); n != 1 {
		t.Errorf("%d queues", n)
	}
	wantLines(t, text, `queueapp_ari_events_unknown_total{type="other"} 937`)
}

func TestBucketsRise(t *testing.T) {
	for _, buckets := range [][]float64{fineBuckets(), waitBuckets()} {
		for i := 1; i < len(buckets); i++ {
			if buckets[i] <= buckets[i-1] {
				t.Errorf("%v after %v", buckets[i], buckets[i-1])
			}
		}
	}
	if fineBuckets()[0] != 1e-4 {
		t.Errorf("the finest bucket is %v", fineBuckets()[0])
	}
}
