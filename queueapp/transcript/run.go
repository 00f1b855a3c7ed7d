package transcript

import (
	"fmt"
	"time"

	"ringside/queueapp"
)

// Floor is what a transcript is run on: [queueapp.Floor] is one.
type Floor interface {
	Handle(now time.Time, e queueapp.Event) []queueapp.Effect
	Next() time.Time
}

// Run tells a new floor what a transcript says and returns the transcript with what the floor did. Printed, it equals what
// was given where the floor did what the transcript says.
//
// The floor gets its ticks when it asks for them, unless the transcript has ticks of its own. A caller without an entry
// number gets the next one. An offer's queue and expiry are left out where the transcript does not give them: they follow
// from the plan. An error means that the floor asks for ticks without end.
func Run(t Transcript, f Floor) (Transcript, error) {
	r := run{floor: f, want: t, got: t, asked: map[queueapp.AttemptID]queueapp.Offer{}}
	r.got.Steps = nil
	r.prepare()
	r.begin()
	for _, s := range t.Steps {
		if err := r.ticks(s.At); err != nil {
			return r.got, err
		}
		switch {
		case s.Event != nil:
			r.keep(s.At, s.Event, f.Handle(s.At, r.numbered(s.Event)))
		case len(s.Effects) == 0:
			r.keep(s.At, nil, nil)
		}
	}
	if n := len(t.Steps); n > 0 {
		if err := r.ticks(t.Steps[n-1].At); err != nil {
			return r.got, err
		}
	}
	return r.got, nil
}

type run struct {
	floor     Floor
	want, got Transcript
	manual    bool // the transcript has ticks of its own
	entry     int64
	asked     map[queueapp.AttemptID]queueapp.Offer
}

func (r *run) prepare() {
	for _, s := range r.want.Steps {
		if _, ok := s.Event.(queueapp.Tick); ok {
			r.manual = true
		}
		for _, e := range s.Effects {
			if o, ok := e.(queueapp.Offer); ok {
				r.asked[o.Attempt] = o
			}
		}
	}
}

// begin puts the plan in force and the agents in their places. What follows from that alone is shown as a tick's.
func (r *run) begin() {
	effects := r.floor.Handle(r.want.Origin, queueapp.Apply{Plan: r.want.Plan})
	for _, a := range r.want.Agents {
		effects = append(effects, r.floor.Handle(r.want.Origin, a)...)
	}
	if len(effects) > 0 {
		r.keep(r.want.Origin, nil, effects)
	}
}

// A floor that wants more ticks than this at one time would never stop.
const mostTicks = 1000

func (r *run) ticks(until time.Time) error {
	if r.manual {
		return nil
	}
	n := 0
	var last time.Time
	for next := r.floor.Next(); !next.IsZero() && !next.After(until); next = r.floor.Next() {
		if n++; next.After(last) {
			n, last = 0, next
		}
		if n > mostTicks {
			return fmt.Errorf("after %d ticks at %s the floor wants another", n, next.Sub(r.want.Origin))
		}
		if effects := r.floor.Handle(last, queueapp.Tick{}); len(effects) > 0 {
			r.keep(last, nil, effects)
		}
	}
	return nil
}

func (r *run) numbered(e queueapp.Event) queueapp.Event {
	switch e := e.(type) {
	case queueapp.Enter:
		e.Entry = r.number(e.Entry)
		return e
	case queueapp.RestoreVisit:
		e.Entry = r.number(e.Entry)
		return e
	}
	return e
}

func (r *run) number(entry int64) int64 {
	if entry == 0 {
		entry = r.entry + 1
	}
	r.entry = max(r.entry, entry)
	return entry
}

func (r *run) keep(at time.Time, e queueapp.Event, effects []queueapp.Effect) {
	s := queueapp.Step{N: int64(len(r.got.Steps)) + 1, At: at, Event: e}
	for _, e := range effects {
		if o, ok := e.(queueapp.Offer); ok {
			if r.asked[o.Attempt].Queue == "" {
				o.Queue = ""
			}
			if r.asked[o.Attempt].Expires.IsZero() {
				o.Expires = time.Time{}
			}
			e = o
		}
		s.Effects = append(s.Effects, e)
	}
	r.got.Steps = append(r.got.Steps, s)
}
