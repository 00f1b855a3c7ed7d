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

func TestMetricsHaveTheNamesThatUsersExpect(t *testing.T) {
	f := newSmallFloor()
	m := NewMetrics("1.2.3", "abcdef0")
	s := New(Config{Floor: f, Metrics: m, Token: token, Log: slog.New(slog.DiscardHandler)})
	f.caller("c1")
	f.handle(queueapp.LogOn{Agent: "1000"})

	m.VisitEnded("support", queueapp.OutcomeAnswered)
	m.VisitEnded("5551234", queueapp.OutcomeUnknownQueue)
	m.Waited("support", 4*time.Second)
	m.OfferAnswered("support", 7*time.Second)
	m.OfferRevoked("support", queueapp.RevokeBusy)
	m.CodeLookedUp(true, nil)
	m.CodeLookedUp(false, nil)
	m.CodeLookedUp(false, errors.New("away"))
	m.Committed(180*time.Microsecond, nil)
	m.Committed(time.Hour, errors.New("away"))
	m.Published(700*time.Microsecond, queueapp.PublishOK)
	m.Lagged(time.Millisecond)
	m.OutboxPending(3)
	m.DeliveryFailed("chat", "stale")
	m.SwitchUp("asterisk", true)
	m.XMPPUp(false)
	m.UnknownARIEvent("ChannelTeleported")

	wantLines(t, scrape(t, s),
		`queueapp_calls_total{outcome="answered",queue="support"} 1`,
		`queueapp_calls_total{outcome="unknown-queue",queue=""} 1`,
		`queueapp_calls_waiting{queue="support"} 1`,
		`queueapp_calls_talking{queue="support"} 0`,
		`queueapp_members{queue="support",state="offered"} 1`,
		`queueapp_members{queue="support",state="logged-off"} 1`,
		`queueapp_wait_seconds_bucket{queue="support",le="3"} 0`,
		`queueapp_wait_seconds_bucket{queue="support",le="5"} 1`,
		`queueapp_ring_seconds_count{queue="support"} 1`,
		`queueapp_offers_total{queue="support",result="answered"} 1`,
		`queueapp_offers_total{queue="support",result="busy"} 1`,
		`queueapp_codes_total{result="found"} 1`,
		`queueapp_codes_total{result="unknown"} 1`,
		`queueapp_codes_total{result="failed"} 1`,
		`queueapp_commit_seconds_bucket{le="0.00015"} 0`,
		`queueapp_commit_seconds_bucket{le="0.0002"} 1`,
		`queueapp_commit_seconds_count 1`,
		`queueapp_commit_failures_total 1`,
		`queueapp_publish_seconds_bucket{result="ok",le="0.0007"} 1`,
		`queueapp_lag_seconds_count 1`,
		`queueapp_outbox_pending 3`,
		`queueapp_deliveries_failed_total{channel="chat",reason="stale"} 1`,
		`queueapp_ari_up{switch="asterisk"} 1`,
		`queueapp_xmpp_up 0`,
		`queueapp_ari_events_unknown_total{type="ChannelTeleported"} 1`,
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
	f := newSmallFloor()
	m := NewMetrics("", "")
	s := New(Config{Floor: f, Metrics: m, Token: token, Log: slog.New(slog.DiscardHandler)})
	for i := range 1000 {
		m.UnknownARIEvent(fmt.Sprintf("Type%d\xff", i))
		m.VisitEnded(queueapp.QueueName(fmt.Sprint(i)), queueapp.OutcomeUnknownQueue)
	}
	m.UnknownARIEvent(strings.Repeat("x", 1000))
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
