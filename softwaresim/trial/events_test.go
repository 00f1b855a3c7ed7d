package trial

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"ringside/queueapp/api"
	"ringside/queueapp/transcript"
	"ringside/softwaresim/phone"
)

// Who reads the event stream is told each turn of the floor as the journal has it, and none is left out.
func TestTheEventStreamIsTheJournal(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.stack.Info().API+"/v1/events", nil)
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+s.stack.Info().Token)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() (h api.Happening) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				s.must(json.Unmarshal([]byte(data), &h))
				return h
			}
		}
		t.Fatal("the stream ended", lines.Err())
		return h
	}
	begin := next()
	if begin.Event != "begin" {
		t.Errorf("the first event is %+v", begin)
	}
	call := s.call("7000")
	s.must(call.AwaitAnswer(s.ctx))
	told := map[int64]api.Step{}
	last := begin.N
	for leave := false; !leave; {
		h := next()
		var step api.Step
		s.must(json.Unmarshal(h.Data, &step))
		if last++; h.N != last || h.Event != "step" {
			t.Fatalf("after %d comes %+v", last-1, h)
		}
		told[h.N] = step
		if strings.HasPrefix(step.Event, "connected ") {
			s.must(call.Hangup(s.ctx))
		}
		for _, e := range step.Effects {
			leave = leave || strings.HasPrefix(e, "leave ")
		}
	}
	s.until("the journal", func() bool {
		steps, err := world.memory.Steps(s.ctx, s.stack.Info().Floor, begin.N+1, last)
		s.must(err)
		return len(steps) == len(told)
	})
	steps, err := world.memory.Steps(s.ctx, s.stack.Info().Floor, begin.N+1, last)
	s.must(err)
	for _, e := range steps {
		effects := make([]string, len(e.Effects))
		for i, f := range e.Effects {
			effects[i] = string(transcript.AppendEffect(nil, f))
		}
		if got := told[e.N]; got.Event != string(transcript.AppendEvent(nil, e.Event)) || strings.Join(got.Effects, "\n") != strings.Join(effects, "\n") {
			t.Errorf("step %d: told %+v, the journal has %s", e.N, got, transcript.FormatStep(e.Step))
		}
	}
}
