package main

import (
	"context"
	"fmt"
	"regexp"
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
	s, _, err := a.store(ctx)
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
	story, err := tell(id, entries)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(story)
	return err
}

// anyID is a call's id as it stands in a transcript's lines.
const anyID = `[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`

// tell is a call's story. Calls have short names in it, which the prose explains: the call that was asked for is c1.
func tell(id queueapp.CallID, entries []store.Entry) ([]byte, error) {
	names, order := map[string]string{}, []string{}
	short := func(id string) string {
		if names[id] == "" {
			order = append(order, id)
			names[id] = fmt.Sprintf("c%d", len(order))
		}
		return names[id]
	}
	short(string(id))
	ids, steps := regexp.MustCompile(anyID), make([]queueapp.Step, len(entries))
	for i, e := range entries {
		line := ids.ReplaceAllStringFunc(transcript.FormatStep(e.Step), short)
		var err error
		if steps[i], err = transcript.ParseStep(line); err != nil {
			return nil, fmt.Errorf("step %d of the journal: %w", e.N, err)
		}
	}
	prose := fmt.Sprintf("Floor %s, from %s.", entries[0].Floor, steps[0].At.Local().Format(time.RFC3339))
	for _, id := range order {
		prose += fmt.Sprintf("\n%s is call %s.", names[id], id)
	}
	return transcript.Print(transcript.FromSteps(prose, steps)), nil
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
