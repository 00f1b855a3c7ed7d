package api

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"ringside/queueapp"
)

func TestARecordingIsPausedAndShown(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.caller("c1")
	f.recordings = map[queueapp.CallID]Recording{"c1": {Name: "day/c1", State: "recording"}, "c2": {Name: "day/c2", State: "off"}}
	do := func(what string) *Recording {
		t.Helper()
		return read[Call](t, ask(t, s, "POST", "/v1/calls/c1/record", `{"do":"`+what+`"}`), http.StatusOK).Recording
	}
	for what, state := range map[string]string{"pause": "paused", "resume": "recording", "stop": "off", "start": "recording"} {
		if got := do(what); got == nil || *got != (Recording{Name: "day/c1", State: state}) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if got := read[Calls](t, ask(t, s, "GET", "/v1/calls", ""), http.StatusOK).Calls; len(got) != 1 || got[0].Recording == nil || got[0].Recording.Name != "day/c1" {
		t.Errorf("listed %+v", got)
	}
	f.recordings = nil
	if got := read[Call](t, ask(t, s, "GET", "/v1/calls/c1", ""), http.StatusOK); got.Recording != nil {
		t.Errorf("not recorded: %+v", got.Recording)
	}
}

func TestWhatCannotBeDoneWithARecording(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.caller("c1")
	for _, body := range []string{"", "{}", `{"do":"find"}`, `{"do":""}`} {
		wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/record", body), http.StatusUnprocessableEntity, "do")
	}
	for _, c := range []struct {
		err    error
		status int
		word   string
	}{
		{ErrNotTalking, http.StatusConflict, "not-talking"}, {ErrRecordedAlready, http.StatusConflict, "already"},
		{ErrNotRecorded, http.StatusConflict, "not-recorded"}, {ErrSwitch, http.StatusBadGateway, "switch"},
		{ErrUnknownCall, http.StatusNotFound, "unknown-call"}, {errors.New("bang"), http.StatusInternalServerError, "fault"},
	} {
		f.refuses = fmt.Errorf("record: %w", c.err)
		wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/record", `{"do":"pause"}`), c.status, c.word)
	}
}
