package engine

import (
	"context"
	"errors"
	"fmt"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// What an operator is told who asks for what a call's recording cannot do.
var (
	// ErrNotTalking says that the caller talks to nobody, so that there is nothing to record.
	ErrNotTalking = errors.New("the caller talks to nobody")
	// ErrRecordedAlready says that the recording stands as it was asked to.
	ErrRecordedAlready = errors.New("the recording stands so already")
	// ErrNotRecorded says that the conversation is not being recorded.
	ErrNotRecorded = errors.New("the conversation is not being recorded")
)

// Recordings tells how the recordings of conversations stand, of those that have one.
func (e *Engine) Recordings(ctx context.Context) (map[queueapp.CallID]Recording, error) {
	out := map[queueapp.CallID]Recording{}
	err := e.ask(ctx, func(t *tenure) {
		for id, c := range t.calls {
			if r := c.recording; r != nil && r.name != "" {
				out[id] = Recording{Name: r.name, State: r.state}
			}
		}
	})
	return out, err
}

// Record starts, pauses, resumes or stops the recording of a conversation, and returns once the switch has done it.
func (e *Engine) Record(ctx context.Context, id queueapp.CallID, do RecordingVerb) error {
	var refused error
	done := make(chan error, 1)
	err := e.ask(ctx, func(t *tenure) { refused = t.wishRecording(id, do, done) })
	if err = errors.Join(err, refused); err != nil {
		return err
	}
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s the recording: %w", do, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s the recording: %w", do, ctx.Err())
	}
}

// wishRecording orders what an operator wishes of a recording, or says why not.
func (t *tenure) wishRecording(id queueapp.CallID, do RecordingVerb, done chan<- error) error {
	c := t.calls[id]
	if c == nil || c.gone {
		return fmt.Errorf("%w: %s", ErrUnknownCall, id)
	}
	a := c.talking()
	if a == nil {
		return ErrNotTalking
	}
	if c.recording == nil || c.recording.attempt != a.id.N {
		c.recording = &recording{attempt: a.id.N, state: RecordingOff}
	}
	r := c.recording
	if err := r.refuses(do); err != nil {
		return err
	}
	r.waiting = append(r.waiting, operator{do, done})
	if do != RecordingStart {
		t.orderRecording(c, do, "")
		return nil
	}
	how, ok := t.plan.Recording(c.queue)
	if !ok {
		how = floorplan.DefaultRecording(c.queue)
	}
	t.startRecording(c, a, how)
	return nil
}

// refuses says why a recording cannot do something as it stands.
func (r *recording) refuses(do RecordingVerb) error {
	running := r.state == RecordingOn || r.state == RecordingPaused || r.state == RecordingStarting
	switch {
	case do == RecordingStart && running, do == RecordingPause && r.state == RecordingPaused,
		do == RecordingResume && (r.state == RecordingOn || r.state == RecordingStarting):
		return ErrRecordedAlready
	case do != RecordingStart && !running:
		return ErrNotRecorded
	}
	return nil
}
