package trial

import (
	"bytes"
	"strings"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/softwaresim/phone"
)

// A call's journal can be put among the transcripts as it is printed: on a floor of its own it happens once more.
func TestAJournalIsATranscript(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	call := s.call("7000")
	var id string
	s.until("a conversation", func() bool {
		calls := s.calls()
		if len(calls) == 1 {
			id = string(calls[0].Call)
		}
		return len(calls) == 1 && calls[0].State == string(queueapp.StatusTalking)
	})
	s.must(call.Hangup(s.ctx))
	s.settled()
	text, err := s.queueapp("journal", id)
	s.must(err)
	for _, want := range []string{"queue support ", "agent 1000 ", "enter c1 support", "leave c1 support answered"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	story, err := transcript.Parse("journal", []byte(text))
	s.must(err)
	again, err := transcript.Run(story, queueapp.NewFloor())
	s.must(err)
	if printed := transcript.Print(again); !bytes.Equal(printed, transcript.Print(story)) || strings.Contains(text, "This is no test") {
		t.Errorf("the journal says\n%s\nand the floor does\n%s", text, printed)
	}
}
