package soak

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/stack"
)

// around is how long before the first and after the last sign of a call what else happened may have to do with it.
const around = 2 * time.Second

// sign is something that happened while a call went on.
type sign struct {
	at   time.Time
	what string
}

// evidence is what was done to the servers during a call, what the CRMs were shown of it, and what else its agents did,
// in order.
func (w *world) evidence(ctx context.Context, id queueapp.CallID) (string, error) {
	var signs []sign
	var from, to time.Time
	nodes := map[string]bool{}
	for x, c := range w.crms {
		for _, e := range c.Events() {
			if e.Call == nil || e.Call.ID != string(id) {
				continue
			}
			nodes[x] = true
			if from.IsZero() || e.Call.Times.Entered.Before(from) {
				from = e.Call.Times.Entered
			}
			if e.At.After(to) {
				to = e.At
			}
			signs = append(signs, sign{e.At, fmt.Sprintf("screen %s: %s %s: %s seq %d", x, e.Kind, e.Why, e.Call.Event, e.Call.Seq)})
		}
	}
	if from.IsZero() {
		return "", nil
	}
	from, to = from.Add(-around), to.Add(around)
	within := func(at time.Time) bool { return at.After(from) && at.Before(to) }
	for x := range nodes {
		for _, e := range w.crms[x].Events() {
			if e.Call == nil && e.Text == "" && within(e.At) {
				signs = append(signs, sign{e.At, fmt.Sprintf("screen %s: %s %s %s", x, e.Kind, e.Node, e.Reason)})
			}
		}
	}
	for _, o := range w.outages {
		if within(o.From) || within(o.To) {
			signs = append(signs, sign{o.From, o.What + " begins"}, sign{o.To, o.What + " is over, and all well"})
		}
	}
	steps, err := w.steps(ctx, id, nodes)
	if err != nil {
		return "", err
	}
	signs = append(signs, slices.DeleteFunc(steps, func(s sign) bool { return !within(s.at) })...)
	slices.SortFunc(signs, func(a, b sign) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.what, b.what)) })
	var out strings.Builder
	for _, s := range signs {
		fmt.Fprintf(&out, "%s  %s\n", outside.Clock(s.at), s.what)
	}
	return out.String() + w.logged(string(id)), nil
}

// more is how many steps of the floor behind a call's last are looked at.
const more = 150

// steps are the floor's that are about the extensions at which a call was offered, and about other calls.
func (w *world) steps(ctx context.Context, id queueapp.CallID, extensions map[string]bool) (signs []sign, err error) {
	own, err := w.tables.Journal(ctx, id)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	all, err := w.tables.Steps(ctx, own[0].Floor, own[0].N, own[len(own)-1].N+more)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		text := transcript.FormatStep(e.Step)
		if strings.Contains(text, string(id)) {
			continue // it is in the journal
		}
		parts := strings.Split(text, " => ")
		parts = slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "announce ") })
		text = strings.Join(parts, " => ")
		if slices.ContainsFunc(slices.Collect(maps.Keys(extensions)), func(x string) bool { return strings.Contains(text, " "+x) }) {
			signs = append(signs, sign{e.At, text})
		}
	}
	return signs, nil
}

// logged are the lines of queueapp's log that name a call.
func (w *world) logged(id string) string {
	log, err := os.ReadFile(w.stack.Log(stack.Queueapp))
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, id) {
			out.WriteString(line)
		}
	}
	return out.String()
}
