package aritest

import (
	"sync"
	"time"
)

// Call is a call that comes in: what the dialplan knows when it comes to Stasis(). Zero fields have defaults.
type Call struct {
	ID        string   // the channel's; Asterisk's own choice where empty
	App       string   // "queueapp"
	Args      []string // of the application, "queue", "support"
	Endpoint  string   // "PJSIP/trunk"; of an agent that calls his own
	Name      string   // the caller's
	Number    string
	Withheld  bool  // the number is not to be shown
	Place     Place // "ringside-trunk", "7000", 2
	Up        bool  // it was answered before Stasis()
	Variables map[string]string
}

// Whereabouts say where a caller is.
type Whereabouts string

// Where a caller can be.
const (
	Inside  Whereabouts = "inside"  // in the application
	Onwards Whereabouts = "onwards" // in the dialplan behind it, where it was sent or because nobody listened
	Ended   Whereabouts = "ended"   // hung up, by either side
)

// Caller is who calls. Its methods may be called concurrently.
type Caller struct {
	ch *channel

	mu    sync.Mutex
	where Whereabouts
	moved chan struct{} // closed and replaced when that changes
}

// Call has somebody call. Where nobody listens for the application the caller goes on in the dialplan at once, as
// STASISSTATUS=FAILED does.
func (a *Asterisk) Call(c Call) *Caller {
	caller := &Caller{where: Inside, moved: make(chan struct{})}
	a.do(func(x *exchange) {
		if a.life == nil {
			caller.ch = &channel{x: x, gone: true}
			caller.went(Ended)
			return
		}
		endpoint := orDefault(c.Endpoint, "PJSIP/trunk")
		ch := x.open(c.ID, endpoint)
		caller.ch, ch.caller = ch, caller
		ch.state = stateRing
		if c.Up {
			ch.state = stateUp
		}
		if c.Withheld {
			ch.presentation = "prohib_not_screened"
		}
		ch.callerName, ch.callerNumber, ch.place = c.Name, c.Number, c.Place
		if ch.place == (Place{}) {
			ch.place = Place{"ringside-trunk", "7000", 2}
		}
		if ch.phone != nil {
			ch.phone.changed()
		}
		for name, value := range c.Variables {
			ch.set(name, value)
		}
		app := x.apps[orDefault(c.App, "queueapp")]
		if !app.active() {
			ch.goOn(Place{Exten: ch.place.Exten, Priority: ch.place.Priority + 1})
			return
		}
		ch.enter(app, c.Args)
	})
	return caller
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ID is the id of the caller's channel.
func (c *Caller) ID() string { return c.ch.id }

// Press presses keys, one after the other. Nobody is told of those that are pressed in a talk, as the sound passes Asterisk
// by (a native bridge); the real one tells some of the first moment's.
func (c *Caller) Press(keys string) {
	c.ch.x.a.do(func(*exchange) {
		for i := range len(keys) {
			if c.ch.gone || c.ch.bridge != nil && len(c.ch.bridge.channels) > 1 {
				return
			}
			c.ch.tell("ChannelDtmfReceived", func(b []byte) []byte {
				return number(pair(b, "digit", keys[i:i+1]), "duration_ms", 100)
			})
		}
	})
}

// HangUp hangs up: a BYE, or a CANCEL where nobody has answered.
func (c *Caller) HangUp() {
	c.ch.x.a.do(func(*exchange) {
		switch {
		case c.ch.gone:
		case c.ch.state == stateUp:
			c.ch.hungUp(0)
		default:
			c.ch.hungUp(127)
		}
	})
}

// Where says where the caller is.
func (c *Caller) Where() Whereabouts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.where
}

// Left waits until the caller is no longer in the application, or d is over, and says where he is.
func (c *Caller) Left(d time.Duration) Whereabouts {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		c.mu.Lock()
		where, moved := c.where, c.moved
		c.mu.Unlock()
		if where != Inside {
			return where
		}
		select {
		case <-moved:
		case <-late.C:
			return where
		}
	}
}

// Hears says what the caller hears: "" nothing, "music", "prompt", or "agent".
func (c *Caller) Hears() (heard string) {
	c.ch.x.a.do(func(*exchange) {
		switch {
		case c.ch.gone || c.ch.state != stateUp:
		case c.ch.bridge != nil && len(c.ch.bridge.channels) > 1:
			heard = "agent"
		case len(c.ch.queue) > 0:
			heard = "prompt"
		case c.ch.music:
			heard = "music"
		}
	})
	return heard
}

// Variable is the value of a variable of the caller's channel, "" where it was not set.
func (c *Caller) Variable(name string) (value string) {
	c.ch.x.a.do(func(*exchange) { value = c.ch.variable[name] })
	return value
}

// At is where in the dialplan the caller is.
func (c *Caller) At() (at Place) {
	c.ch.x.a.do(func(*exchange) { at = c.ch.place })
	return at
}

func (c *Caller) went(to Whereabouts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.where = to
	close(c.moved)
	c.moved = make(chan struct{})
}
