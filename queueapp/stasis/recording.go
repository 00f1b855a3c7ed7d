package stasis

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp/engine"
)

// Record implements [engine.Switch].
func (s *Switch) Record(o engine.RecordingOrder) {
	told := engine.Recorded{Bridge: o.Bridge, Asked: o.Do, Name: o.Name}
	tell := func() { s.inbox.put(func(l *live) { l.sink(told) }) }
	s.order(o.Caller, job{
		command: "record", channel: o.Caller,
		do: func(ctx context.Context, _ *lane) (err error) {
			if told.Name, told.State, err = s.record(ctx, o); err == nil {
				tell()
			}
			return err
		},
		failed: func(err error) {
			told.State, told.Err = engine.RecordingFailed, err
			tell()
		},
	})
}

func (s *Switch) record(ctx context.Context, o engine.RecordingOrder) (name string, state engine.RecordingState, err error) {
	here := path("recordings", "live", o.Name)
	switch o.Do {
	case engine.RecordingStart:
		state, err = s.startRecording(ctx, o)
	case engine.RecordingPause:
		state, err = engine.RecordingPaused, s.rest.again(ctx, "pause-recording", http.MethodPost, here+"/pause", nil, nil)
	case engine.RecordingResume:
		state, err = engine.RecordingOn, s.rest.again(ctx, "resume-recording", http.MethodDelete, here+"/pause", nil, nil)
	case engine.RecordingStop:
		state, err = engine.RecordingOff, s.rest.again(ctx, "stop-recording", http.MethodPost, here+"/stop", nil, nil)
		if statusOf(err) == http.StatusNotFound {
			err = nil
		}
	case engine.RecordingFind:
		return s.findRecording(ctx, o)
	}
	return o.Name, state, err
}

// startRecording records what is heard in a bridge, behind what its file holds already. Asterisk says 409 where it does so
// under that name: somebody before us has asked for it, or we have, and the answer got lost.
func (s *Switch) startRecording(ctx context.Context, o engine.RecordingOrder) (engine.RecordingState, error) {
	body := struct {
		Name     string `json:"name"`
		Format   string `json:"format"`
		IfExists string `json:"ifExists"`
	}{o.Name, o.Format, "append"}
	err := s.rest.again(ctx, "record", http.MethodPost, path("bridges", string(o.Bridge), "record"), body, nil)
	state := engine.RecordingOn
	if statusOf(err) == http.StatusConflict {
		var live engine.RecordingState
		if live, _ = s.liveRecording(ctx, o.Name); live == engine.RecordingOn || live == engine.RecordingPaused {
			state, err = live, nil
		}
	}
	if err != nil {
		return state, err
	}
	kept := s.setVariables(ctx, o.Caller, []engine.Variable{{Name: engine.RecordingVariable, Value: o.Name}})
	if kept != nil && statusOf(kept) != http.StatusNotFound {
		s.tellFailed(engine.Failed{Command: "variables", Channel: o.Caller}, kept)
	}
	return state, nil
}

// findRecording looks how the recording stands that the caller's channel names.
func (s *Switch) findRecording(ctx context.Context, o engine.RecordingOrder) (name string, state engine.RecordingState, err error) {
	if name = o.Name; name == "" {
		if name, err = s.Variable(ctx, o.Caller, engine.RecordingVariable); name == "" || err != nil {
			return "", engine.RecordingOff, err
		}
	}
	state, err = s.liveRecording(ctx, name)
	return name, state, err
}

// liveRecording asks how a recording stands. Of one that has ended Asterisk knows nothing.
func (s *Switch) liveRecording(ctx context.Context, name string) (engine.RecordingState, error) {
	var found ari.LiveRecordingData
	err := s.rest.again(ctx, "recording", http.MethodGet, path("recordings", "live", name), nil, &found)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return engine.RecordingOff, nil
	case err != nil:
		return "", err
	case found.State == "paused":
		return engine.RecordingPaused, nil
	case found.State == "queued", found.State == "recording":
		return engine.RecordingOn, nil
	}
	return engine.RecordingOff, nil
}

var errBrokeOff = errors.New("the recording broke off")

// recordingEnded takes the end of a recording of ours that Asterisk tells.
func (l *live) recordingEnded(of ari.LiveRecordingData, broke bool) {
	bridge, ok := strings.CutPrefix(of.TargetURI, "bridge:")
	if !ok || !strings.HasPrefix(bridge, prefix) {
		return
	}
	told := engine.Recorded{Bridge: engine.BridgeID(bridge), Name: of.Name, State: engine.RecordingOff}
	if broke {
		told.State, told.Err = engine.RecordingFailed, errBrokeOff
		if cause := clean(of.Cause, maxMessage); cause != "" {
			told.Err = fmt.Errorf("%w: %s", errBrokeOff, cause)
		}
	}
	l.sink(told)
}
