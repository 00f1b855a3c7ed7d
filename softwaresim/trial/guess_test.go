package trial

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"ringside/queueapp/record"
)

// Who tries codes one after the other, call by call, soon tries in vain; nobody else notices.
func TestWhoGuessesCodesIsBarred(t *testing.T) {
	s := newSite(t)
	s.plan("[menu.main]", "[codes]\nslow = \"0s\"\nnumber = 2\n\n[menu.main]", "tries = 3", "tries = 1")
	s.agent("1000", briefly)
	crm := s.screen("1000").subscribed()
	before := map[string]float64{}
	for _, name := range []string{`queueapp_codes_barred_total{by="number"}`, `queueapp_codes_total{result="barred"}`} {
		before[name] = s.metric(name)
	}
	thief := newCaller()
	for _, code := range []string{"735192846", "735192847", "1111"} {
		call := s.callAs(thief, "0000")
		s.must(call.AwaitAnswer(s.ctx))
		s.must(call.Press(s.ctx, "1"+code+"#", quick))
		_, err := call.AwaitEnd(s.ctx)
		s.must(err)
	}
	if calls := s.calls(); len(calls) != 0 {
		t.Errorf("the thief came into the queue: %+v", calls)
	}
	call := s.callAs(newCaller(), "0000")
	s.must(call.AwaitAnswer(s.ctx))
	s.must(call.Press(s.ctx, "11111#", quick))
	if r := crm.saw(record.Offered); len(r.Customers) != 1 || r.Customers[0].Code != "1111" {
		t.Errorf("the CRM shows %+v", r)
	}
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)
	for name, was := range before {
		if now := s.metric(name); now != was+1 {
			t.Errorf("%s was %g and is %g", name, was, now)
		}
	}
	log := s.log(200)
	if !strings.Contains(log, "too many wrong codes") || strings.Contains(log, "73519284") {
		t.Errorf("the log:\n%s", log)
	}
}

// metric is a figure of queueapp's, 0 where it has none yet.
func (s *site) metric(name string) float64 {
	s.t.Helper()
	for line := range strings.Lines(s.metrics()) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			s.must(err)
			return v
		}
	}
	return 0
}

// metrics is what Prometheus would get.
func (s *site) metrics() string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.stack.Info().API+"/metrics", nil)
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+s.stack.Info().Token)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	s.must(err)
	return string(b)
}
