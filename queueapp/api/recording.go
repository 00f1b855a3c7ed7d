package api

import (
	"errors"
	"net/http"
	"slices"

	"ringside/queueapp"
)

// What a [Floor] says no with to what is asked of a recording.
var (
	ErrNotTalking      = errors.New("the caller talks to nobody")
	ErrRecordedAlready = errors.New("the recording stands so already")
	ErrNotRecorded     = errors.New("the conversation is not being recorded")
	// ErrSwitch says that Asterisk did not do it.
	ErrSwitch = errors.New("the switch did not do it")
)

// Recording is how the recording of a conversation stands.
type Recording struct {
	Name  string `json:"name"`  // the file below Asterisk's directory of recordings, without its ending
	State string `json:"state"` // "starting", "recording", "paused", "off" or "failed"
}

// recordingVerbs are what can be asked of a recording.
func recordingVerbs() []string { return []string{"start", "pause", "resume", "stop"} }

func (s *Server) record(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Do string `json:"do"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if !slices.Contains(recordingVerbs(), body.Do) {
		return problem(http.StatusUnprocessableEntity, "do", "That cannot be done with a recording", `Send {"do": "pause"}; or start, resume, stop.`)
	}
	if err := s.floor.Record(r.Context(), queueapp.CallID(r.PathValue("call")), body.Do); err != nil {
		return recordingProblem(err)
	}
	return s.oneCall(w, r)
}

// recordingProblem is the floor's no to what was asked of a recording.
func recordingProblem(err error) error {
	switch {
	case errors.Is(err, ErrNotTalking):
		return problem(http.StatusConflict, "not-talking", "The caller talks to nobody", "What is recorded is a conversation, from the answer on.")
	case errors.Is(err, ErrRecordedAlready):
		return problem(http.StatusConflict, string(queueapp.RefusedAlready), "It is so already", "Nothing was changed.")
	case errors.Is(err, ErrNotRecorded):
		return problem(http.StatusConflict, "not-recorded", "The conversation is not being recorded", `Send {"do": "start"} first.`)
	case errors.Is(err, ErrSwitch):
		return problem(http.StatusBadGateway, "switch", "Asterisk did not do it", err.Error())
	}
	return err
}

// withRecordings adds how recordings stand to calls.
func (s *Server) withRecordings(r *http.Request, calls ...*Call) error {
	recordings, err := s.floor.Recordings(r.Context())
	if err != nil {
		return err
	}
	for _, c := range calls {
		if now, ok := recordings[c.Call]; ok {
			c.Recording = &now
		}
	}
	return nil
}
