package floorplan

import (
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// Plan is a checked floor plan with its defaults filled in. Queues, agents, extensions, menus and hours are in the order of
// their names, so that equal plans are equal values.
type Plan struct {
	Floor      queueapp.Plan
	Lines      []Line      // in the order of their queues
	Recordings []Recording // in the order of their queues
	PINs       []PIN       // of agents who have one, in the order of their numbers
	Menus      []ivr.Menu
	Hours      []Hours
	Codes      ivr.Limits // how often customers' codes may be guessed
	Customers  Customers
	Settings   Settings
}

// PIN is what an agent keys in to log on. It is no part of the floor, whose plan stands in the journal.
type PIN struct {
	Agent queueapp.AgentID
	PIN   string
}

// PIN finds an agent's PIN; ok is false where he has none.
func (p Plan) PIN(agent queueapp.AgentID) (pin string, ok bool) {
	for _, x := range p.PINs {
		if x.Agent == agent {
			return x.PIN, true
		}
	}
	return "", false
}

// Menu finds a menu by its name.
func (p Plan) Menu(name string) (ivr.Menu, bool) {
	for _, m := range p.Menus {
		if m.Name == name {
			return m, true
		}
	}
	return ivr.Menu{}, false
}

// Settings is what holds for the whole floor: the table [floor].
type Settings struct {
	Node    string        // template of the name of an extension's pubsub node
	Chat    string        // template of the chat message that announces a caller
	Display string        // template of the name that the agent's phone displays
	MaxCall time.Duration // no call lasts longer
	Outage  time.Duration // how long waiting callers are kept while the database is away
	Budget  time.Duration // how long the look-up and the publish may hold the ring, from the commit
	Lead    time.Duration // how long the record is to be there before the ring; 0: the ring follows the publish at once

	// Transfers is the context of the dialplan in which the numbers are looked up that agents transfer calls to; empty:
	// that of the agent's phone.
	Transfers string
	Lamps     bool // whether keys on desk phones are told what queues and agents do
}

// Customers says where customers are looked up. Empty queries mean Ringside's own table.
type Customers struct {
	DSN      string        // the site's own database, without a password; empty: Ringside's
	DSNFile  string        // a file that holds the DSN, password and all; excludes DSN
	ByCode   string        // SQL with $1 for the code
	ByNumber string        // SQL with $1 for the caller's number
	Timeout  time.Duration // of one look-up
}
