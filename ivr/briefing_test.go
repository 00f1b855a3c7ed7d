package ivr

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
)

func TestWhatAnAgentHears(t *testing.T) {
	own := DefaultWords()
	own.ToAccept, own.ReportHold = nil, []string{"waited"}
	for name, x := range map[string]struct {
		words  Words
		is     queueapp.Briefing
		waited time.Duration
		want   []string
	}{
		"nothing":                     {DefaultWords(), queueapp.Briefing{Delay: time.Second}, time.Minute, nil},
		"what the queue has for him":  {DefaultWords(), queueapp.Briefing{Announce: []string{"a", "b"}}, time.Minute, []string{"a", "b"}},
		"an answer without any wait":  {DefaultWords(), queueapp.Briefing{HoldTime: true}, 400 * time.Millisecond, nil},
		"the wait, in his own sounds": {own, queueapp.Briefing{HoldTime: true, Accept: "1"}, 125 * time.Second, []string{"waited", "number:2", PromptMinutes, "number:5", PromptSeconds}},
		"all of it": {
			DefaultWords(), queueapp.Briefing{Announce: []string{"a"}, HoldTime: true, Accept: "#"}, 59600 * time.Millisecond,
			[]string{"a", PromptReportHold, "number:1", PromptMinute, PromptToAccept, "characters:#"},
		},
	} {
		if diff := cmp.Diff(x.want, x.words.Brief(x.is, x.waited)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
