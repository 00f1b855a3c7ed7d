package ivr

import (
	"time"

	"ringside/queueapp"
)

// Dialogue is one conversation with a caller or an agent over keys and prompts. It belongs to one call and is not safe for
// concurrent use. After an action of [Queue], [Goto] or [HangUp] it is over and answers nothing more.
type Dialogue interface {
	// Handle takes one input and returns what follows, in order. now must not decrease.
	Handle(now time.Time, in Input) []Action
	// Next is when the dialogue wants a Tick at the latest; zero when nothing is awaited but its inputs.
	Next() time.Time
	// Over reports whether the dialogue has ended.
	Over() bool
}

// Input is something that happened to a dialogue. The set is sealed.
//
//sumtype:decl
type Input interface{ input() }

// Start begins a dialogue. Other inputs before it are ignored.
type Start struct{}

// Key says that the caller pressed a key: one of 0-9, A-D, * and #; anything else is ignored.
type Key struct{ Key byte }

// Played says that the [Play] numbered N has ended, played out, stopped or failed.
type Played struct {
	N      int
	Failed bool
}

// Found answers the [LookUp] numbered N: the code is known, for at least one customer.
type Found struct {
	N         int
	Customers []queueapp.Customer
}

// NotFound answers the [LookUp] numbered N: no customer has the code.
type NotFound struct{ N int }

// LookupFailed answers the [LookUp] numbered N: it is not known whether the code is a customer's.
type LookupFailed struct{ N int }

// Barred answers the [LookUp] or [Do] numbered N: it was not made, since too many wrong codes came from where this one came
// from, or too many wrong PINs of this agent.
type Barred struct{ N int }

// Granted answers the [Do] numbered N: it is done and durable.
type Granted struct{ N int }

// Refused answers the [Do] numbered N: the floor said no.
type Refused struct {
	N      int
	Reason queueapp.RefusalReason
}

// WrongPIN answers the [Do] numbered N: the PIN is not the agent's, or there is no such agent.
type WrongPIN struct{ N int }

// DoFailed answers the [Do] numbered N: it could not be decided.
type DoFailed struct{ N int }

// Tick wakes the dialogue for its time-outs: see [Dialogue.Next].
type Tick struct{}

// Action is something that a dialogue wants done. The set is sealed.
//
//sumtype:decl
type Action interface{ action() }

// Play plays prompts one after the other; its end is told by [Played] with the same N. A dialogue has at most one playing.
type Play struct {
	N       int
	Prompts []string
}

// StopPlay stops the playing of N. A Played for it may come all the same.
type StopPlay struct{ N int }

// LookUp asks whose code this is: at most [MaxDigits] digits.
type LookUp struct {
	N    int
	Code string
}

// Bar says that the call has keyed in as many wrong codes as it may; what follows, follows. It is for whoever keeps watch.
type Bar struct{ Wrong int }

// Do asks the floor for what an agent wants.
type Do struct {
	N       int
	Command Command
}

// Queue ends the dialogue: the caller enters a queue.
type Queue struct {
	Queue     queueapp.QueueName
	Priority  int
	Needs     []queueapp.Need     // skills that the call asks for
	Code      string              // what the caller keyed in last, also where it could not be looked up; may be empty
	Customers []queueapp.Customer // whom it belongs to
	Data      []queueapp.Datum    // gathered on the way, keys with "ivr." before them
}

// Goto ends the dialogue: the caller goes on in the dialplan.
type Goto struct {
	Place
	Code      string
	Customers []queueapp.Customer
}

// HangUp ends the dialogue: the caller is hung up.
type HangUp struct{}

func (Start) input()        {}
func (Key) input()          {}
func (Played) input()       {}
func (Found) input()        {}
func (NotFound) input()     {}
func (LookupFailed) input() {}
func (Barred) input()       {}
func (Granted) input()      {}
func (Refused) input()      {}
func (WrongPIN) input()     {}
func (DoFailed) input()     {}
func (Tick) input()         {}

func (Play) action()     {}
func (StopPlay) action() {}
func (LookUp) action()   {}
func (Bar) action()      {}
func (Do) action()       {}
func (Queue) action()    {}
func (Goto) action()     {}
func (HangUp) action()   {}

// AgentVerb says what an agent wants by a code.
type AgentVerb string

// What an agent can want.
const (
	AgentLogOn  AgentVerb = "logon"
	AgentLogOff AgentVerb = "logoff"
	AgentPause  AgentVerb = "pause"
	AgentReady  AgentVerb = "ready"
)

// Command is an agent's wish. Who the agent is, the channel's endpoint says, unless Agent does: keyed in at a phone at which
// anybody may sit.
type Command struct {
	Agent  queueapp.AgentID
	PIN    string
	Verb   AgentVerb
	Queue  queueapp.QueueName // empty: every queue
	Reason string             // of a pause
}
