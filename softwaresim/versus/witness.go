package versus

import (
	"context"

	"ringside/softwaresim/phone"
)

// witness writes down what all phones and callers see, each into its queue's log.
type witness struct {
	arenas []*arena
	places map[string]place // by extension
	open   map[*phone.Call]*Ring
}

type place struct {
	arena *arena
	agent int
}

// watch takes events until ctx is done, and what has happened by then.
func (w *witness) watch(ctx context.Context, events *phone.Watch) {
	for {
		e, err := events.Next(ctx)
		if err != nil {
			return
		}
		if e.Call == nil {
			continue
		}
		if p, ok := w.places[e.Phone]; ok && e.Call.Inbound() {
			w.ring(p, e)
			continue
		}
		for _, a := range w.arenas {
			if i := a.caller(e.Phone); i >= 0 {
				a.stay(i, e)
			}
		}
	}
}

// stay notes a caller's coming and going.
func (a *arena) stay(i int, e phone.Event) {
	switch e.Kind {
	case phone.InviteSent:
		a.log.Callers[i].In, a.log.Callers[i].Out = e.At.Sub(a.begun), forever
	case phone.Ended:
		a.log.Callers[i].Out = e.At.Sub(a.begun)
	default:
	}
}

// ring notes what an agent's phone sees.
func (w *witness) ring(p place, e phone.Event) {
	at := e.At.Sub(p.arena.begun)
	if e.Kind == phone.InviteReceived {
		w.open[e.Call] = &Ring{Agent: p.agent, Caller: p.arena.caller(e.From.Number), At: at}
		return
	}
	r := w.open[e.Call]
	if r == nil {
		return
	}
	switch e.Kind {
	case phone.Answered:
		r.Up = at
	case phone.AckReceived:
		if r.Caller >= 0 {
			p.arena.hear(r.Caller)
		}
	case phone.Refused:
		r.Refused = e.Code
	case phone.Ended:
		r.Down = at
		delete(w.open, e.Call)
		if r.Caller >= 0 {
			p.arena.log.Rings = append(p.arena.log.Rings, *r)
		}
	default:
	}
}

// hear tells a caller that an agent has answered.
func (a *arena) hear(caller int) {
	select {
	case <-a.heard[caller]: // a second one, after a conversation that came to nothing
	default:
		close(a.heard[caller])
	}
}
