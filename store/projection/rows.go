// Package projection says which rows follow from the floor's steps. It is the one place where that is decided: the store
// writes the rows that it gives, and a test compares what is read back with the floor itself.
//
// The package is pure: it knows the tables' columns, but no database.
package projection

import (
	"strconv"
	"time"

	"ringside/queueapp"
)

// Rows is what a batch of steps changes. Each row appears once, in its final state: a database may write first what closes,
// then what opens, and the rules that hold at most one row open for an agent are never broken in between.
type Rows struct {
	Visits   []Visit
	Moves    []Move
	Callers  []queueapp.Identify // written before: who they are
	Channels []queueapp.Replaced // and which channels they have
	Leaves   []Leave
	Offers   []Attempt // new
	Attempts []Attempt // already written: set what is not zero
	Seats    []Seat    // of attempts that were written before
	Legs     []Leg
	Sessions []Session // new
	LogOffs  []LogOff
	Pauses   []Pause // new
	Unpauses []Unpause
	Holds    []Hold // new
	Unholds  []Unhold
	Absences []Absence // new
	Returns  []Return
	WrapUps  []WrapUp
	Misses   []Misses
}

// Visit is a new visit, and its caller: the call may be written already, then this is how it came back.
type Visit struct {
	queueapp.Enter
	At       time.Time
	Deadline time.Time
	Ended    time.Time // and the call with it
	Outcome  queueapp.Outcome
	By       queueapp.AgentID // who answered
}

// Move changes the priority of a call's open visit.
type Move struct {
	Call     queueapp.CallID
	Priority int
}

// Leave ends a call's open visit.
type Leave struct {
	Call    queueapp.CallID
	At      time.Time
	Outcome queueapp.Outcome
	Agent   queueapp.AgentID
}

// Attempt is an offer. In one that was written before, what is zero stays as it is.
type Attempt struct {
	ID        queueapp.AttemptID
	Queue     queueapp.QueueName
	Agent     queueapp.AgentID
	Extension queueapp.ExtensionID
	Offered   time.Time
	Expires   time.Time
	Published time.Time
	Publish   queueapp.PublishResult
	Rang      time.Time
	Alerted   time.Time
	Answered  time.Time
	Connected time.Time
	Closed    time.Time
	Reason    queueapp.RevokeReason
	By        queueapp.EndedBy
	Ended     time.Time
	Cause     queueapp.EndCause
	Q850      int
	From      int    // the attempt that was transferred, of which this one came; 0: none
	Number    string // that was dialled in that
	Pulled    bool   // an operator has chosen the extension
}

// Untouched reports whether nothing became of a new attempt yet.
func (a *Attempt) Untouched() bool {
	return *a == Attempt{
		ID: a.ID, Queue: a.Queue, Agent: a.Agent, Extension: a.Extension, Offered: a.Offered, Expires: a.Expires, Pulled: a.Pulled,
	}
}

// Seat says at which phone a transferred call turned out to be.
type Seat struct {
	Attempt   queueapp.AttemptID
	Agent     queueapp.AgentID
	Extension queueapp.ExtensionID
}

// Leg is a channel that is asked for, or that has taken the place of one.
type Leg struct {
	Attempt queueapp.AttemptID
	N       int
	Other   queueapp.ChannelID // one that we did not make; empty: one that we name
}

// Channel is the leg's name, which is the channel's unique id (DESIGN §4.3).
func (l Leg) Channel() queueapp.ChannelID {
	if l.Other != "" {
		return l.Other
	}
	return queueapp.ChannelID("rs1." + l.Attempt.String() + "." + strconv.Itoa(l.N))
}

// Session is a new session.
type Session struct {
	Agent     queueapp.AgentID
	Extension queueapp.ExtensionID
	Began     time.Time
	Ended     time.Time
}

// LogOff ends an agent's open session.
type LogOff struct {
	Agent queueapp.AgentID
	At    time.Time
}

// Pause is a new span of a pause.
type Pause struct {
	Agent  queueapp.AgentID
	Reason string
	Auto   bool
	Queue  queueapp.QueueName // for this one alone; empty: for all
	Began  time.Time
	Ended  time.Time
}

// Unpause ends an agent's open span, for all queues or for one.
type Unpause struct {
	Agent queueapp.AgentID
	Queue queueapp.QueueName
	At    time.Time
}

// Hold is a new span in which an agent has the caller on hold.
type Hold struct {
	Attempt queueapp.AttemptID
	Began   time.Time
	Ended   time.Time
}

// Unhold ends the open span.
type Unhold struct {
	Attempt queueapp.AttemptID
	At      time.Time
}

// Absence is a new span in which an agent is logged on, but not for a queue.
type Absence struct {
	Agent queueapp.AgentID
	Queue queueapp.QueueName
	Began time.Time
	Ended time.Time
}

// Return ends the open span.
type Return struct {
	Agent queueapp.AgentID
	Queue queueapp.QueueName
	At    time.Time
}

// WrapUp is when an agent's last call ended and until when wrap-up lasts.
type WrapUp struct {
	Agent  queueapp.AgentID
	Until  time.Time
	Last   time.Time
	Calls  int
	Talked time.Duration
}

// Misses is how many offers in a row an agent has left unanswered.
type Misses struct {
	Agent queueapp.AgentID
	Count int
}
