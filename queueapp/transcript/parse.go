package transcript

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ringside/queueapp"
)

// Parse reads a file. name is for messages. The file's 0s is a fixed day, so equal files are equal transcripts.
func Parse(name string, data []byte) (Transcript, error) {
	p := parser{t: Transcript{Origin: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if err := p.line(strings.TrimRight(line, " \r\n")); err != nil {
			return Transcript{}, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if p.part != partEvents {
		return Transcript{}, fmt.Errorf("%s: the line %q is missing", name, eventsHeader)
	}
	p.floor.expand()
	p.t.Plan = p.floor.plan
	p.t.Agents = p.floor.begin(p.t.Origin)
	p.t.Prose = strings.TrimRight(p.prose.String(), "\n")
	return p.t, nil
}

type part int

const (
	partProse part = iota
	partFloor
	partEvents
)

type parser struct {
	t      Transcript
	part   part
	prose  strings.Builder
	floor  floor
	column int // of the effects, counted in characters; 0: there is none
	last   time.Time
}

func (p *parser) line(line string) error {
	switch {
	case p.part == partProse && line == floorHeader:
		p.part = partFloor
	case p.part != partEvents && strings.HasPrefix(line, eventsHeader):
		return p.header(line)
	case p.part == partProse:
		p.prose.WriteString(line + "\n")
	case line == "":
	case strings.Contains(line, "\t"):
		return errors.New("a tab: columns are aligned with spaces")
	case p.part == partFloor:
		r := newReader(line, p.t.Origin)
		r.item(&p.floor, true)
		return r.end()
	default:
		return p.columns(line)
	}
	return nil
}

func (p *parser) header(line string) error {
	p.part, p.last = partEvents, p.t.Origin
	rest := strings.TrimPrefix(line, eventsHeader)
	if rest == "" {
		return nil
	}
	if strings.TrimLeft(rest, " ") != effectsHeader {
		return fmt.Errorf("%q: want %q and, further right, %q", line, eventsHeader, effectsHeader)
	}
	p.column = len(line) - len(effectsHeader)
	return nil
}

// columns takes a line apart where the effects' column begins.
func (p *parser) columns(line string) error {
	left, right := line, ""
	if l, ok := strings.CutSuffix(line, " "+continued); ok {
		left = l
	} else if chars := []rune(line); p.column > 0 && len(chars) > p.column {
		left, right = string(chars[:p.column]), string(chars[p.column:])
		if strings.TrimSpace(left) != "" && !strings.HasSuffix(left, " ") {
			return fmt.Errorf(`the event runs into the effects' column: move %q further right, or end the line with " %s"`,
				effectsHeader, continued)
		}
	}
	if strings.TrimSpace(left) != "" {
		if err := p.event(left); err != nil {
			return err
		}
	}
	if strings.TrimSpace(right) != "" {
		return p.effect(right)
	}
	return nil
}

// at reads the time with which each column begins.
func (p *parser) at(r *reader) time.Time {
	at := p.t.Origin.Add(r.duration("the time"))
	if r.err == nil && at.Before(p.last) {
		r.fail("%s is before the line above", at.Sub(p.t.Origin))
	}
	p.last = at
	return at
}

func (p *parser) event(text string) error {
	r := newReader(text, p.t.Origin)
	s := queueapp.Step{N: int64(len(p.t.Steps)) + 1, At: p.at(r)}
	if verb := r.key(); verb != endOfWatch {
		s.Event = r.event(verb)
	}
	p.t.Steps = append(p.t.Steps, s)
	return r.end()
}

// effect gives an effect to the step above, or to a tick that nobody wrote down where its time is another.
func (p *parser) effect(text string) error {
	r := newReader(text, p.t.Origin)
	at := p.at(r)
	verb := r.key()
	e := r.effect(verb)
	n := len(p.t.Steps)
	if n == 0 || !p.t.Steps[n-1].At.Equal(at) || p.t.Steps[n-1].Event == nil && len(p.t.Steps[n-1].Effects) == 0 {
		p.t.Steps = append(p.t.Steps, queueapp.Step{N: int64(n) + 1, At: at})
		n++
	}
	p.t.Steps[n-1].Effects = append(p.t.Steps[n-1].Effects, e)
	return r.end()
}

// begin says how the agents of a floor's lines begin: logged on at their extensions unless a line says otherwise.
func (f *floor) begin(origin time.Time) []queueapp.RestoreAgent {
	var out []queueapp.RestoreAgent
	for i := range f.plan.Agents {
		a, s := &f.plan.Agents[i], f.states[i]
		e := queueapp.RestoreAgent{Agent: a.ID, Extension: s.at, Paused: s.paused, Reason: s.reason, NoAnswers: s.missed, Calls: s.calls, Talked: s.talked}
		if e.Extension == "" && !s.off && !f.nowhere[i] {
			e.Extension = seatOf(a)
		}
		if s.hasIdle {
			e.LastCall = origin.Add(-s.idle)
		}
		if s.hasWrap {
			e.WrapUntil = origin.Add(s.wrapup)
		}
		if e != (queueapp.RestoreAgent{Agent: a.ID}) {
			out = append(out, e)
		}
	}
	return out
}
