// Package record is what a CRM is shown about a call: one Call, as XML on a pubsub node and as JSON everywhere else,
// and the rules by which a screen follows a stream of them.
//
// The package is pure: it reads no clock, starts no goroutine and does no I/O. It neither decides when a record is
// published nor carries it; the engine does the one and the xmpp package the other.
package record

import (
	"errors"
	"fmt"
	"time"
)

// Namespace is the XML namespace of a record. A change that an older reader could not ignore gets a new one.
const Namespace = "ringside:call:1"

// Event says what just happened to the call. The set is open: a reader that meets an event it does not know applies
// the record by its State.
type Event string

// The events that Ringside sends.
const (
	Offered     Event = "offered"     // a phone is about to ring
	Revoked     Event = "revoked"     // this phone does not get the call after all; Reason says why
	Answered    Event = "answered"    // caller and agent talk
	Held        Event = "held"        // the agent put the caller on hold
	Resumed     Event = "resumed"     // and took the caller back
	Updated     Event = "updated"     // only the data changed
	Transferred Event = "transferred" // the call left for somebody else; closes it here
	Ended       Event = "ended"       // the call is over; Outcome says how
)

// State is where the call stands at the extension. The set is closed: a record with any other state is refused.
type State string

// The states of a record.
const (
	Ringing State = "ringing"
	Talking State = "talking"
	OnHold  State = "held"
	Closed  State = "closed"
)

// Valid says whether s is one of the four states.
func (s State) Valid() bool {
	switch s {
	case Ringing, Talking, OnHold, Closed:
		return true
	}
	return false
}

// Reason says why a record was revoked or closed without a talk. Readers show an unknown one as it is.
type Reason string

// The reasons that Ringside sends.
const (
	NoAnswer          Reason = "no-answer"
	Busy              Reason = "busy"
	Refused           Reason = "refused"
	Unreachable       Reason = "unreachable"
	CallerGone        Reason = "caller-gone"
	AnsweredElsewhere Reason = "answered-elsewhere"
	LoggedOff         Reason = "logged-off"
	Withdrawn         Reason = "withdrawn"
	Lost              Reason = "lost"
	MovedOn           Reason = "transferred"
)

// Match says how a customer was found.
type Match string

// The ways in which a customer is found.
const (
	ByCode   Match = "code"    // by the code that the caller keyed in
	ByNumber Match = "number"  // by the caller's number
	NoMatch  Match = "none"    // looked for, and there is none
	Unknown  Match = "unknown" // could not be looked for
)

// Direction says who called whom.
type Direction string

// The directions of a call.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Call is the record: everything that a CRM is shown about one call at one extension. Its zero fields are unknown and
// never sent. ID, Event, State, Seq, At and Expires are always there.
type Call struct {
	ID        string    // the call's UUIDv7; the same over all its attempts and transfers
	Event     Event     // what just happened
	State     State     // where the call stands now
	Seq       int64     // rises over the call's life and over all nodes; gaps are normal
	At        time.Time // when this record was made, by Ringside's clock
	Expires   time.Time // the record is over at the latest Expires − At after it was received
	Direction Direction
	Queue     string
	Extension string // the phone's number
	Agent     string // the agent's number
	Attempt   int    // counts from 1 within the call; 0 is unknown
	Channel   string // the caller's channel in Asterisk
	Reason    Reason
	From      string // the extension that transferred the call here
	Caller    Caller
	Customers []Customer // in order of relevance
	Times     Times
	Seconds   Seconds
	Outcome   Outcome
	Data      Data // what belongs to the call and to no customer, e.g. ivr.topic
}

// Caller is the other end of the call.
type Caller struct {
	Number   string // as the switch shows it
	E164     string // the same in E.164, where that can be told
	Name     string // as the network says; never to be trusted as an identity
	Dialled  string // the number that the caller dialled
	Withheld bool   // there is no number: the caller asked that it be not shown, or the network does not tell it
}

// Customer is one who may be calling. Name, URL and Code come from the site's own customers.
type Customer struct {
	ID    string
	Code  string
	Match Match
	URL   string // what the CRM opens
	Name  string
	Data  Data // the other columns of the look-up
}

// Times are the moments of the visit, by Ringside's clock.
type Times struct {
	Entered, Offered, Connected, Ended time.Time
}

// Seconds are the lengths of the visit's parts, sent with milliseconds. Nil is unknown, which zero is not.
type Seconds struct {
	Wait, Ring, Talk, Hold *time.Duration
}

// Outcome says how the call ended.
type Outcome struct {
	Value string // answered, abandoned, timeout, …
	By    string // caller, agent or system: who ended it
	Cause int    // the hang-up cause, Q.850; 0 is unknown
}

// Datum is one key with its value.
type Datum struct {
	Key, Value string
}

// Data are keys with their values in the order in which they are shown. Keys are unique; of a repeated one the last
// value counts, at the first place.
type Data []Datum

// Get returns the value of key, and whether there is one.
func (d Data) Get(key string) (string, bool) {
	for _, e := range d {
		if e.Key == key {
			return e.Value, true
		}
	}
	return "", false
}

// Life is how long the record is good for after it was received: Expires − At, so that the clocks of the two sides
// need not agree.
func (c Call) Life() time.Duration { return c.Expires.Sub(c.At) }

// Anonymous returns the record without what says who the caller is: without Caller, Customers and Data. It is what may
// stay stored once a call is over.
func (c Call) Anonymous() Call {
	c.Caller, c.Customers, c.Data = Caller{}, nil, nil
	return c
}

// Validate says in one error everything that a record must have and this one has not.
func (c Call) Validate() error {
	var errs []error
	if !isWord(c.ID, 64) {
		errs = append(errs, fmt.Errorf("id %.80q is not a word of 1 to 64 visible ASCII characters", c.ID))
	}
	if !isWord(string(c.Event), 32) {
		errs = append(errs, fmt.Errorf("event %.80q is not a word of 1 to 32 visible ASCII characters", string(c.Event)))
	}
	if !c.State.Valid() {
		errs = append(errs, fmt.Errorf("state %.80q is none of ringing, talking, held, closed", string(c.State)))
	}
	if c.Seq <= 0 {
		errs = append(errs, fmt.Errorf("seq %d is not above zero", c.Seq))
	}
	if !validTime(c.At) {
		errs = append(errs, errors.New("at is missing or not in the years 1 to 9999"))
	}
	if !validTime(c.Expires) {
		errs = append(errs, errors.New("expires is missing or not in the years 1 to 9999"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// isWord says whether s has 1 to most visible ASCII characters, none of which a shell, a log or XML minds.
func isWord(s string, most int) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' || b == '"' || b == '\'' || b == '<' || b == '>' || b == '&' || b == '\\' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// validTime says whether t is known and can be written as RFC 3339.
func validTime(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1 && year <= 9999
}
