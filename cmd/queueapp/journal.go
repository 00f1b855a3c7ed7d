package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/transcript"
	"ringside/store"
)

// journalCommand is `journal CALL`.
type journalCommand struct {
	Call string `arg:"" help:"The call's id; of a call that is on the floor, the begin of it."`
}

// Run prints what the floor was told about a call and what followed, as a transcript: times count from its begin.
func (c *journalCommand) Run(ctx context.Context, a *app) error {
	id, err := a.anyCall(ctx, c.Call)
	if err != nil {
		return err
	}
	s, _, err := a.store()
	if err != nil {
		return err
	}
	defer s.Close()
	entries, err := s.Journal(ctx, id)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("call %s: the journal has nothing of it: a caller who entered no queue leaves no trace there", id)
	}
	_, err = a.stdout.Write(tell(id, entries))
	return err
}

// tell is a call's story.
func tell(id queueapp.CallID, entries []store.Entry) []byte {
	steps := make([]queueapp.Step, len(entries))
	for i, e := range entries {
		steps[i] = e.Step
	}
	prose := fmt.Sprintf("Call %s on floor %s, from %s.", id, entries[0].Floor, steps[0].At.Local().Format(time.RFC3339))
	return transcript.Print(transcript.FromSteps(prose, steps))
}

// anyCall is the call that is meant: a whole id as it is, the begin of one among the calls on the floor.
func (a *app) anyCall(ctx context.Context, given string) (queueapp.CallID, error) {
	if id, err := uuid.Parse(given); err == nil {
		return queueapp.CallID(id.String()), nil
	}
	o, err := a.owner()
	if err != nil {
		return "", err
	}
	defer o.close()
	var list api.Calls
	if _, err := o.get(ctx, "/v1/calls", &list); err != nil {
		return "", fmt.Errorf("call %s: which calls begin so is not known: %w", given, err)
	}
	id, err := whichCall(given, callIDs(list))
	if err != nil {
		return "", err
	}
	if _, err := uuid.Parse(id); err != nil {
		return "", fmt.Errorf("call %s: no call on the floor begins so: write the whole id of one that is over", given)
	}
	return queueapp.CallID(id), nil
}
