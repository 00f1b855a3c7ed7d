package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/engine"
	"ringside/queueapp/transcript"
)

// apiFloor lets the API ask the engine.
type apiFloor struct{ *engine.Engine }

var _ api.Floor = apiFloor{}

// inAPIWords says the engine's errors as the API knows them.
func inAPIWords(err error) error {
	switch {
	case errors.Is(err, engine.ErrUnknownQueue):
		return fmt.Errorf("%w: %w", api.ErrUnknownQueue, err)
	case errors.Is(err, engine.ErrUnknownCall):
		return fmt.Errorf("%w: %w", api.ErrUnknownCall, err)
	case errors.Is(err, engine.ErrNotOwner), errors.Is(err, engine.ErrAway):
		return fmt.Errorf("%w: %w", api.ErrUnavailable, err)
	}
	return err
}

// ofRecordings says the engine's errors about recordings as the API knows them: whatever it does not know the switch said.
func ofRecordings(err error) error {
	switch {
	case err == nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, engine.ErrNotTalking):
		return fmt.Errorf("%w: %w", api.ErrNotTalking, err)
	case errors.Is(err, engine.ErrRecordedAlready):
		return fmt.Errorf("%w: %w", api.ErrRecordedAlready, err)
	case errors.Is(err, engine.ErrNotRecorded):
		return fmt.Errorf("%w: %w", api.ErrNotRecorded, err)
	case errors.Is(err, engine.ErrUnknownCall), errors.Is(err, engine.ErrNotOwner):
		return inAPIWords(err)
	}
	return fmt.Errorf("%w: %w", api.ErrSwitch, err)
}

func (f apiFloor) Recordings(ctx context.Context) (map[queueapp.CallID]api.Recording, error) {
	recordings, err := f.Engine.Recordings(ctx)
	out := make(map[queueapp.CallID]api.Recording, len(recordings))
	for id, r := range recordings {
		out[id] = api.Recording{Name: r.Name, State: string(r.State)}
	}
	return out, inAPIWords(err)
}

func (f apiFloor) Record(ctx context.Context, call queueapp.CallID, do string) error {
	return ofRecordings(f.Engine.Record(ctx, call, engine.RecordingVerb(do)))
}

func (f apiFloor) Agents(ctx context.Context) ([]queueapp.AgentView, error) {
	views, err := f.Engine.Agents(ctx)
	return views, inAPIWords(err)
}

func (f apiFloor) Queues(ctx context.Context) ([]queueapp.QueueView, error) {
	views, err := f.Engine.Queues(ctx)
	return views, inAPIWords(err)
}

func (f apiFloor) Calls(ctx context.Context) ([]queueapp.CallView, error) {
	views, err := f.Engine.Calls(ctx)
	return views, inAPIWords(err)
}

func (f apiFloor) Explain(ctx context.Context, q queueapp.QueueName) ([]queueapp.Candidate, error) {
	candidates, err := f.Engine.Explain(ctx, q)
	return candidates, inAPIWords(err)
}

func (f apiFloor) Command(ctx context.Context, ev queueapp.Event) ([]queueapp.Effect, error) {
	effects, err := f.Engine.Command(ctx, ev)
	return effects, inAPIWords(err)
}

func (f apiFloor) HangUp(ctx context.Context, call queueapp.CallID) error {
	return inAPIWords(f.Engine.HangUp(ctx, call))
}

func (f apiFloor) Release(ctx context.Context) (int, error) {
	n, err := f.Engine.Release(ctx)
	return n, inAPIWords(err)
}

// Ready is active only when calls can be placed: every part works, of several switches at least one.
func (f apiFloor) Ready() api.Readiness {
	r := f.Engine.Ready()
	out := api.Readiness{State: api.StateStarting}
	switch r.State {
	case engine.Starting:
	case engine.Standby:
		out.State = api.StateStandby
	case engine.Active:
		out.State = api.StateActive
	case engine.Stopping:
		out.State = api.StateStopping
	}
	works, switches, heard := true, 0, 0
	for _, p := range r.Parts {
		out.Parts = append(out.Parts, api.Part{Name: p.Name, OK: p.OK, Why: p.Why})
		switch {
		case !strings.HasPrefix(p.Name, api.PartSwitch):
			works = works && p.OK
		case p.OK:
			switches, heard = switches+1, heard+1
		default:
			switches++
		}
	}
	if out.State == api.StateActive && (!works || switches > 0 && heard == 0) {
		out.State = api.StateHold
	}
	return out
}

// Watch delivers the floor's turns as transcript lines. What happened before is in the journal.
func (f apiFloor) Watch(ctx context.Context) (<-chan api.Notice, error) {
	in, err := f.Engine.Watch(ctx)
	if err != nil {
		return nil, inAPIWords(err)
	}
	out := make(chan api.Notice)
	go func() { // ends when the engine closes in, which it does when ctx ends
		defer close(out)
		for n := range in {
			notice, err := inAPINotice(n)
			if err != nil {
				continue // a step that cannot be written is none of the watcher's
			}
			select {
			case out <- notice:
			case <-ctx.Done():
			}
		}
	}()
	return out, nil
}

func inAPINotice(n engine.Notice) (api.Notice, error) {
	if r := n.Recording; r != nil {
		payload, err := json.Marshal(api.RecordingChange{Call: r.Call, Recording: api.Recording{Name: r.Name, State: string(r.State)}, Why: r.Why})
		return api.Notice{N: n.N, At: n.At, Event: "recording", Payload: payload}, err
	}
	if n.Step.Event == nil {
		return api.Notice{N: n.N, At: n.At, Event: "begin", Payload: json.RawMessage("{}")}, nil
	}
	shown := api.Step{Event: string(transcript.AppendEvent(nil, n.Step.Event)), Effects: []string{}}
	for _, e := range n.Step.Effects {
		shown.Effects = append(shown.Effects, string(transcript.AppendEffect(nil, e)))
	}
	payload, err := json.Marshal(shown)
	return api.Notice{N: n.N, At: n.At, Event: "step", Payload: payload}, err
}
