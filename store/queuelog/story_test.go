package queuelog_test

import (
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/store/queuelog"
)

// beginning is when the stories begin: at a full second, and not far from Asterisk's own first one.
func beginning() time.Time { return time.Unix(1_000_000, 0).UTC() }

// play runs a transcript's floor and events, with the ticks that the floor asks for, and gives the steps. Calls without a
// channel get one: that of c1 is 17.c1.
func play(t testing.TB, text string) []queueapp.Step {
	t.Helper()
	s, err := transcript.Parse(t.Name(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &player{floor: queueapp.NewFloor(), shift: beginning().Sub(s.Origin)}
	p.tell(s.Origin, queueapp.Apply{Plan: s.Plan})
	for _, a := range s.Agents {
		p.tell(s.Origin, a)
	}
	for _, step := range s.Steps {
		p.until(step.At)
		if step.Event != nil {
			p.tell(step.At, p.whole(step.Event))
		}
	}
	return p.steps
}

// player tells a floor what happens, and writes down the steps.
type player struct {
	floor *queueapp.Floor
	steps []queueapp.Step
	entry int64
	shift time.Duration
}

func (p *player) tell(at time.Time, ev queueapp.Event) []queueapp.Effect {
	effects := p.floor.Handle(at, ev)
	p.steps = append(p.steps, queueapp.Step{N: int64(len(p.steps) + 1), At: at.Add(p.shift), Event: ev, Effects: effects})
	return effects
}

func (p *player) until(at time.Time) {
	for next := p.floor.Next(); !next.IsZero() && !next.After(at); next = p.floor.Next() {
		p.tell(next, queueapp.Tick{})
	}
}

// whole gives a caller what a transcript may leave out.
func (p *player) whole(ev queueapp.Event) queueapp.Event {
	complete := func(e *queueapp.Enter) {
		if p.entry++; e.Entry == 0 {
			e.Entry = p.entry
		}
		if e.Channel == "" {
			e.Channel = queueapp.ChannelID("17." + e.Call)
		}
	}
	switch ev := ev.(type) {
	case queueapp.Enter:
		complete(&ev)
		return ev
	case queueapp.RestoreVisit:
		complete(&ev.Enter)
		ev.Entered = ev.Entered.Add(p.shift)
		return ev
	}
	return ev
}

// lines are the entries of steps, with seconds from the beginning in the place of the epoch.
func lines(entries []queuelog.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		e.Time = e.Time.Add(-beginning().Sub(time.Unix(0, 0)))
		b.WriteString(e.Line() + "\n")
	}
	return b.String()
}
