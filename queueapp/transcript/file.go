package transcript

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ringside/queueapp"
)

// Transcript is a whole file: prose, the floor as it is at Origin, and what happened then.
type Transcript struct {
	Prose  string
	Origin time.Time // the time that the file writes as 0s
	Plan   queueapp.Plan
	Agents []queueapp.RestoreAgent // how the agents begin
	// Steps are in the order of their times. A step without an event is a tick that nobody wrote down, or, without effects
	// too, a line "end": until then the floor is watched.
	Steps []queueapp.Step
}

// FromSteps makes a transcript of what a journal holds. The steps by which a floor begins, a plan and its agents, become
// the transcript's floor.
func FromSteps(prose string, steps []queueapp.Step) Transcript {
	t := Transcript{Prose: prose}
	if len(steps) == 0 {
		return t
	}
	t.Origin = steps[0].At
	for len(steps) > 0 && len(steps[0].Effects) == 0 && steps[0].At.Equal(t.Origin) {
		switch e := steps[0].Event.(type) {
		case queueapp.Apply:
			t.Plan = e.Plan
		case queueapp.RestoreAgent:
			t.Agents = append(t.Agents, e)
		default:
			t.Steps = slices.Clone(steps)
			return t
		}
		steps = steps[1:]
	}
	t.Steps = slices.Clone(steps)
	return t
}

// The headers of a file's parts.
const (
	floorHeader   = "-- floor --"
	eventsHeader  = "-- events --"
	effectsHeader = "-- effects --"
	endOfWatch    = "end"
	widest        = 100 // an event that is longer does not push the effects' column further out
)

// Print writes a transcript as a file.
func Print(t Transcript) []byte {
	var b bytes.Buffer
	if t.Prose != "" {
		b.WriteString(t.Prose)
		b.WriteByte('\n')
	}
	b.WriteString(floorHeader + "\n")
	states := printFloor(&b, t)
	printSteps(&b, t, states)
	return b.Bytes()
}

// printFloor returns the agents' states that a floor's lines cannot tell.
func printFloor(b *bytes.Buffer, t Transcript) []queueapp.RestoreAgent {
	w := writer{origin: t.Origin}
	line := func(kind string) {
		b.WriteString(kind)
		b.Write(w.b)
		b.WriteByte('\n')
		w.b = w.b[:0]
	}
	for i := range t.Plan.Queues {
		w.queue(&t.Plan.Queues[i], short, t.Plan.Agents)
		line("queue")
	}
	have := extensionIDs(t.Plan)
	rest := slices.Clone(t.Agents)
	for i := range t.Plan.Agents {
		a := t.Plan.Agents[i]
		jids := a.JIDs
		a.JIDs = nil // they end the line
		w.agent(&a, have)
		n := slices.IndexFunc(rest, func(s queueapp.RestoreAgent) bool { return s.Agent == a.ID })
		switch {
		case n < 0:
			w.key("off")
		case w.state(rest[n], &a, t.Origin, have):
			rest = slices.Delete(rest, n, n+1)
		}
		w.jids(jids)
		line("agent")
	}
	for _, x := range shown(t.Plan) {
		w.extension(&x, short)
		line("extension")
	}
	return rest
}

// state writes how an agent begins, where a floor's line can tell it.
func (w *writer) state(
	s queueapp.RestoreAgent, a *queueapp.Agent, origin time.Time, have map[queueapp.ExtensionID]bool,
) bool {
	if !s.Paused && s.Reason != "" || !s.Delayed.IsZero() || s.Why != "" || !near(s.LastCall, origin) || !near(s.WrapUntil, origin) {
		w.key("off")
		return false
	}
	switch {
	case s.Extension == "":
		w.key("off")
	case s.Extension != seatOf(a) || !have[s.Extension]:
		w.key("at")
		w.word(string(s.Extension))
	}
	if s.Paused {
		w.key("paused")
		w.reason(s.Reason)
	}
	if !s.LastCall.IsZero() {
		w.key("idle")
		w.duration(origin.Sub(s.LastCall))
	}
	if !s.WrapUntil.IsZero() {
		w.key("wrapup")
		w.duration(s.WrapUntil.Sub(origin))
	}
	w.optInt("missed", int64(s.NoAnswers))
	w.optInt("calls", int64(s.Calls))
	w.optDuration("talked", s.Talked)
	return true
}

func near(t, origin time.Time) bool {
	d := t.Sub(origin)
	return t.IsZero() || -farthest < d && d < farthest
}

// A row is a line of the two columns.
type row struct {
	at, event        string
	effectAt, effect string
	width            int  // of the event's column, in characters
	over             bool // the event runs over the effects' column
}

func printSteps(b *bytes.Buffer, t Transcript, states []queueapp.RestoreAgent) {
	rows := rowsOf(t, states)
	at := 0
	for _, r := range rows {
		at = max(at, len(r.at), len(r.effectAt))
	}
	at += 2
	column := len(eventsHeader)
	for i := range rows {
		r := &rows[i]
		if r.event != "" {
			r.event = fmt.Sprintf("%-*s%s", at, r.at, r.event)
		}
		r.width = utf8.RuneCountInString(r.event)
		if r.over = r.width > widest; !r.over {
			column = max(column, r.width)
		}
	}
	fmt.Fprintf(b, "%-*s %s\n", column, eventsHeader, effectsHeader)
	for _, r := range rows {
		if r.over {
			b.WriteString(r.event + " " + continued + "\n")
			r.event, r.width = "", 0
		}
		if r.effect != "" {
			b.WriteString(r.event + strings.Repeat(" ", column-r.width+1))
			fmt.Fprintf(b, "%-*s%s\n", at, r.effectAt, r.effect)
		} else if r.event != "" {
			b.WriteString(r.event + "\n")
		}
	}
}

func rowsOf(t Transcript, states []queueapp.RestoreAgent) []row {
	c := Clock{Origin: t.Origin}
	var rows []row
	for _, s := range states {
		rows = append(rows, row{at: "0s", event: string(c.AppendEvent(nil, s))})
	}
	for _, s := range t.Steps {
		at := string(appendDuration(nil, s.At.Sub(t.Origin)))
		switch {
		case s.Event != nil:
			rows = append(rows, row{at: at, event: string(c.AppendEvent(nil, s.Event))})
		case len(s.Effects) == 0:
			rows = append(rows, row{at: at, event: endOfWatch})
		}
		for _, e := range s.Effects {
			n := len(rows)
			if n == 0 || rows[n-1].effect != "" || rows[n-1].event == endOfWatch || rows[n-1].at != at {
				rows = append(rows, row{})
				n++
			}
			rows[n-1].effectAt, rows[n-1].effect = at, string(c.AppendEffect(nil, e))
		}
	}
	return rows
}
