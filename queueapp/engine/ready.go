package engine

import (
	"fmt"
	"time"
)

// Readiness is what an engine is doing, and whether each of its parts works.
type Readiness struct {
	State State
	Why   string
	Parts []Part
}

// Part is one link of an engine's.
type Part struct {
	Name string
	OK   bool
	Why  string
}

// health is what the loop last said of itself.
type health struct {
	at    time.Time
	parts []Part
}

// loopSilence is how long the loop may say nothing of itself: it wakes twice a second.
const loopSilence = 3 * time.Second

// feel says how the tenure's links are.
func (t *tenure) feel() {
	h := &health{at: t.Now()}
	for _, sw := range t.inOrder {
		p := Part{Name: "switch " + string(sw.Name())}
		if _, p.OK = t.upSwitches[sw.Name()]; !p.OK {
			p.Why = "event stream is not up"
		}
		h.parts = append(h.parts, p)
	}
	database := Part{Name: "database", OK: !t.unsure}
	if t.unsure {
		database.Why = fmt.Sprintf("away since %s: nobody is offered a call, new calls go on in the dialplan, %d events wait to be written",
			t.confirmed.UTC().Format(time.RFC3339), len(t.batch.Steps))
		if t.gaveUp {
			database.Why += "; waiting callers were given back"
		}
	}
	h.parts = append(h.parts, database)
	t.health.Store(h)
}

// Ready tells whether calls can be taken. It never blocks.
func (e *Engine) Ready() Readiness {
	e.mu.Lock()
	r, t := Readiness{State: e.state, Why: e.why}, e.tenure
	e.mu.Unlock()
	r.Parts = append(r.Parts, Part{Name: "lock", OK: r.State == Active, Why: r.Why})
	if t != nil {
		h := t.health.Load()
		r.Parts = append(r.Parts, h.parts...)
		loop := Part{Name: "loop", OK: e.opt.Now().Sub(h.at) < loopSilence}
		if !loop.OK {
			loop.Why = "has not been heard of since " + h.at.UTC().Format(time.RFC3339)
		}
		r.Parts = append(r.Parts, loop)
	}
	ok, why := e.opt.CRM.Ready()
	r.Parts = append(r.Parts, Part{Name: "xmpp", OK: ok, Why: why})
	return r
}
