package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/store"
)

// journalCommand is `journal CALL`.
type journalCommand struct {
	Call string `arg:"" help:"The call's id, or the begin of it."`
}

// Run prints what the floor was told about a call and what followed, as a transcript: times count from its begin.
func (c *journalCommand) Run(ctx context.Context, a *app) error {
	s, _, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := anyCall(ctx, s, c.Call)
	if err != nil {
		return err
	}
	entries, err := s.Journal(ctx, id)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("call %s: the journal has nothing of it: a caller who entered no queue leaves no trace there", id)
	}
	before, err := s.Before(ctx, entries[0], mostBefore)
	if err != nil {
		return err
	}
	story, err := tell(id, entries, before)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(story)
	return err
}

// mostBefore is how many steps are run through again, at most, to know how the floor was: some seconds' work.
const mostBefore = 500_000

// anyID is a call's id as it stands in a transcript's lines.
const anyID = `[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`

// tell is a call's story, on the floor as it was. Calls have short names in it, which the prose explains: the call that was
// asked for is c1.
func tell(id queueapp.CallID, entries, before []store.Entry) ([]byte, error) {
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
	t := stage(entries[0].At, before, entries)
	t.Steps = append(t.Steps, steps...)
	t.Prose = fmt.Sprintf("Floor %s, from %s.", entries[0].Floor, steps[0].At.Local().Format(time.RFC3339))
	for _, id := range order {
		t.Prose += fmt.Sprintf("\n%s is call %s.", names[id], id)
	}
	return proved(t)
}

// anyCall is the call that is meant: a whole id as it is, or the only one that begins so.
func anyCall(ctx context.Context, s *store.Store, given string) (queueapp.CallID, error) {
	if id, err := uuid.Parse(given); err == nil {
		return queueapp.CallID(id.String()), nil
	}
	calls, err := s.CallsBeginning(ctx, given)
	if err != nil {
		return "", err
	}
	switch len(calls) {
	case 0:
		return "", fmt.Errorf("call %s: no call begins so", given)
	case 1:
		return calls[0], nil
	}
	var list strings.Builder
	for _, id := range calls {
		list.WriteString("\n  " + string(id))
	}
	return "", fmt.Errorf("call %s: several calls begin so; write more of the id:%s", given, list.String())
}
