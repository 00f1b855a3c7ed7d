// Package outside judges a floor by what was seen of it from outside: phones, callers and CRMs on the one side, the
// tables on the other (DESIGN §6). Where servers were taken away meanwhile, times may be off and reasons lost; nothing
// else may.
package outside

import (
	"context"
	"strings"
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// Witness has seen what phones, callers and CRMs see. Callers are told apart by their numbers: each number may call
// once. One goroutine at a time may use it.
type Witness struct {
	// Since is when it began to watch.
	Since time.Time

	events  *phone.Watch
	crms    map[string]*crm.CRM // by extension
	open    map[*phone.Call]*seen
	rings   []*seen
	direct  map[string][]*seen // calls at phones that are not the floor's, by the caller's number
	callers map[string]*seen
}

// Ours and Everybodys are what the phone's display begins with when it rings for a caller of one of the queues, and not for a
// call of another kind.
const (
	Ours       = "support: "
	Everybodys = "everybody: "
)

// Watch begins to watch all phones and callers of a user agent, and the CRMs of extensions. Close it when done with it.
func Watch(ua *phone.UA, crms map[string]*crm.CRM) *Witness {
	return &Witness{Since: time.Now(), events: ua.Watch(), crms: crms,
		open: map[*phone.Call]*seen{}, direct: map[string][]*seen{}, callers: map[string]*seen{}}
}

// Close ends the watch. What was seen stays.
func (w *Witness) Close() { w.events.Close() }

// CRMs are those that are watched, by extension.
func (w *Witness) CRMs() map[string]*crm.CRM { return w.crms }

// Callers is how many callers it has seen so far.
func (w *Witness) Callers() int { return len(w.callers) }

// Rings is how many INVITEs of the floor's it has seen at phones.
func (w *Witness) Rings() int { return len(w.rings) }

// seen is one call as a phone or a caller saw it. Times are zero for what did not happen.
type seen struct {
	phone                 string // the phone's number, or the caller's
	from                  phone.Party
	dialled               string
	begun, rang, up, down time.Time
	out                   phone.Outcome
	refused               int
}

// Look takes what has happened since the last look. Whoever watches for long looks from time to time, as what was not
// looked at fills the memory.
func (w *Witness) Look() {
	now, cancel := context.WithCancel(context.Background())
	cancel() // what is there already, and no more
	for {
		e, err := w.events.Next(now)
		if err != nil {
			return
		}
		if e.Call != nil {
			w.note(e)
		}
	}
}

func (w *Witness) note(e phone.Event) {
	switch e.Kind {
	case phone.InviteReceived:
		c := w.begin(e)
		if strings.HasPrefix(c.from.Name, Ours) || strings.HasPrefix(c.from.Name, Everybodys) {
			w.rings = append(w.rings, c)
		} else {
			w.direct[c.from.Number] = append(w.direct[c.from.Number], c)
		}
	case phone.InviteSent:
		if _, agent := w.crms[e.Phone]; !agent { // who dials a code
			w.callers[e.Phone] = w.begin(e)
		}
	default:
		if c := w.open[e.Call]; c != nil {
			c.note(e)
		}
		if e.Kind == phone.Ended {
			delete(w.open, e.Call)
		}
	}
}

func (w *Witness) begin(e phone.Event) *seen {
	c := &seen{phone: e.Phone, from: *e.From, dialled: e.To, begun: e.At}
	w.open[e.Call] = c
	return c
}

func (c *seen) note(e phone.Event) {
	switch e.Kind {
	case phone.Ringing:
		c.rang = e.At
	case phone.Answered:
		c.up = e.At
	case phone.Refused:
		c.refused = e.Code
	case phone.Ended:
		c.down, c.out = e.At, *e.Outcome
	default: // nothing that the tables tell
	}
}
